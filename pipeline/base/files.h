#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

// What the system refused, with its reason in errno: kInput for a name that is too long, which is
// one input's fault, and kIo for what meets every file.
Error system_error(const std::string& doing, const std::filesystem::path& path);

// The whole file; throws Error(kIo) naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

// A text that somebody wrote, as as_text() takes it. Every text file is read by this, or handed to
// as_text(). Throws Error(kIo); Error(kind) for what is not UTF-8 but UTF-16 or UTF-32.
std::string read_text(const std::filesystem::path& path, ErrorKind kind = ErrorKind::kInput);

// Makes now the time of the file's last change, where that is allowed.
void touch(const std::filesystem::path& path);

// Makes the directory and those above it, durably. Throws Error(kIo).
void make_directories(const std::filesystem::path& directory);

// What is written below is complete or not at all, and on the disk when the call returns: it grows
// as a temporary file or folder, is synchronised, and takes its name. Temporaries are locked while
// their writer lives; what killed writers left is removed by the next that writes there.

// Puts `bytes` at `path`. Directories are made as needed. A target that exists and is not a regular
// file (a pipe, /dev/stdout) is written directly. The temporary lies in `temporaries`, a folder of
// the same file system; by default in the file's own. Throws Error(kIo).
void write_file(const std::filesystem::path& path, std::string_view bytes,
                const std::filesystem::path& temporaries = {});

// Throws Error(kIo) if write_file(path, ...) could not work, so that a long computation does not
// end in vain. Makes the directories.
void expect_writable(const std::filesystem::path& path);

// The same as write_file for writers that want a path: `write` fills the temporary file it is
// given, itself and no other of its name, which is renamed to `path` when it returns and removed
// when it throws. The temporary keeps the suffix. `write` gets `path` itself where that is written
// directly.
void write_file_with(const std::filesystem::path& path,
                     const std::function<void(const std::filesystem::path&)>& write,
                     const std::filesystem::path& temporaries = {});

// The same for a folder, which replaces one that is there: the old one is only deleted when the new
// one is in its place. Where the file system cannot swap two names, there is a moment with neither;
// a process that is killed in it leaves the old one to the next call, which puts it back.
void write_folder_with(const std::filesystem::path& path,
                       const std::function<void(const std::filesystem::path&)>& write);

// The names of what a folder holds, sorted. Throws Error(kIo).
std::vector<std::string> names_in(const std::filesystem::path& folder);

// Throws Error(kInput), naming the option that asks for it, if replacing the folder would delete a
// file that `is_ours` disowns, or if it is a file itself.
void expect_only_in(const std::filesystem::path& folder,
                    const std::function<bool(const std::string& name)>& is_ours,
                    const std::string& option = "-o");

// A directory under the system's temporary directory, removed with its contents at the end.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace co2net
