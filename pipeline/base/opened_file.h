#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "pipeline/base/descriptor.h"
#include "pipeline/base/interrupt.h"

namespace co2net {

// A file's content that was opened once: what is hashed and what is read later are the same bytes,
// whatever takes the file's name meanwhile. Any thread may read.
class OpenedFile {
 public:
  // Throws Error(kInput), naming the path and what is there, unless that is a regular file that can
  // be read. Waits for no one.
  explicit OpenedFile(const std::filesystem::path& path);
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return state_.size; }  // bytes, when it was opened

  // The bytes from `offset` on: as many as there are room for, fewer only at the end. Throws
  // Error(kInput).
  std::size_t read(std::int64_t offset, std::span<char> to) const;

  const FileState& state() const { return state_; }  // when it was opened
  bool has_name() const { return has_name_; }        // a pipe's copy has none

  // Throws Error(kInput) if somebody wrote into the file after it was opened.
  void expect_unchanged() const;

 private:
  friend std::shared_ptr<const OpenedFile> open_or_spool(const std::filesystem::path&,
                                                         const struct Spool&, const Deadline&);
  OpenedFile(std::filesystem::path path, Descriptor descriptor);

  std::filesystem::path path_;
  Descriptor descriptor_;
  FileState state_;
  bool has_name_;
};

// Where the content of pipes is copied to, so that it can be read more than once: into files
// without a name, which are gone when they are closed.
struct Spool {
  static constexpr std::int64_t kDefaultMaxBytes = std::int64_t{16} << 30;
  std::filesystem::path folder;  // made as needed
  std::int64_t max_bytes = kDefaultMaxBytes;
};

// The same for what may be a pipe, named or not: it is read to its end. Throws Error(kInput), also
// if it holds more than the spool takes or there is no room, and as `deadline` does.
std::shared_ptr<const OpenedFile> open_or_spool(const std::filesystem::path& path,
                                                const Spool& spool, const Deadline& deadline);

}  // namespace co2net
