#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

// The whole file; throws Error(kIo) naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

// A text that somebody wrote, as as_text() takes it. Every text file is read by this, or handed to
// as_text(). Throws Error(kIo); Error(kind) for what is not UTF-8 but UTF-16 or UTF-32.
std::string read_text(const std::filesystem::path& path, ErrorKind kind = ErrorKind::kInput);

// A file's content, mapped for reading where it is a regular file: it takes no memory that the
// system cannot have back. Nobody may shorten the file meanwhile. Throws Error(kIo).
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  std::string_view bytes() const { return bytes_; }
  // Gives a part's memory back to the system; it is read anew where it is used again.
  void release(std::string_view part) const;

 private:
  std::string read_;  // where the file cannot be mapped
  std::string_view bytes_;
  void* mapping_ = nullptr;
};

// Puts `bytes` at `path`, complete or not at all: a temporary file in the same directory, fsync,
// rename. Directories are made as needed. A target that exists and is not a regular file (a pipe,
// /dev/stdout) is written directly. Throws Error(kIo).
void write_file(const std::filesystem::path& path, std::string_view bytes);

// Throws Error(kIo) if write_file(path, ...) could not work, so that a long computation does not
// end in vain. Makes the directories.
void expect_writable(const std::filesystem::path& path);

// The same as write_file for writers that want a path: `write` fills the temporary file it is
// given, which is renamed to `path` when it returns and removed when it throws. The temporary keeps
// the suffix. It gets `path` itself where that is written directly.
void write_file_with(const std::filesystem::path& path,
                     const std::function<void(const std::filesystem::path&)>& write);

// The same for a folder, which replaces one that is there: the old one is only deleted when the new
// one is in its place.
void write_folder_with(const std::filesystem::path& path,
                       const std::function<void(const std::filesystem::path&)>& write);

// The names of what a folder holds, sorted. Throws Error(kIo).
std::vector<std::string> names_in(const std::filesystem::path& folder);

// Throws Error(kInput) if replacing the folder would delete a file that `is_ours` disowns, or if
// it is a file itself.
void expect_only_in(const std::filesystem::path& folder,
                    const std::function<bool(const std::string& name)>& is_ours);

// An exclusive lock between processes, held while the object lives; the kernel drops it when the
// process dies. The lock's file is removed with the lock.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path path);  // waits for the holder; throws Error(kIo)
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

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
