#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pipeline/base/file_lock.h"

namespace co2net {

// Something new to write to that is to be renamed when it is complete; else it is removed at the
// end. Its lock tells sweepers that its writer lives. Permissions follow the umask.
class Temporary {
 public:
  enum class Kind { kFile, kFolder };

  // In `folder`, under a short name of its own with that suffix. Throws Error(kIo).
  Temporary(const std::filesystem::path& folder, const std::string& suffix, Kind kind);
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<PathLock> lock_;
};

// Removes from the folder the temporaries whose writers were killed: those that nobody holds a lock
// on. One of another machine, whose locks may not be seen from here, has to be a day old, too, and
// so does every one where the file system has no locks.
void sweep_temporaries(const std::filesystem::path& folder);

// Whether a file's name is that of a temporary, whoever writes or wrote to it.
bool is_temporary_name(const std::string& name);

// Whether a file or folder was last written to more than a day ago; false for what is not there.
bool is_a_day_old(const std::filesystem::path& path);

}  // namespace co2net
