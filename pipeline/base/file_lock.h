#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "pipeline/base/descriptor.h"
#include "pipeline/base/interrupt.h"

namespace co2net {

// Locks between processes, by flock(2): the kernel drops one when its holder dies. Two locks of one
// process stand against each other like those of two.

// A lock on a file or folder that is there, while the object lives.
class PathLock {
 public:
  enum class Kind { kShared, kExclusive };
  enum class Outcome {
    kHeld,
    kBusy,    // somebody else's lock stands against it, or it may not be opened
    kAbsent,  // nothing is there, or a symbolic link
    kNoLocks  // the file system has none, or as NFS none that is exclusive for a folder
  };

  // Waits for no one.
  static PathLock take(const std::filesystem::path& path, Kind kind);

  Outcome outcome() const { return outcome_; }

 private:
  PathLock(Descriptor descriptor, Outcome outcome)
      : descriptor_(std::move(descriptor)), outcome_(outcome) {}

  Descriptor descriptor_;
  Outcome outcome_;
};

// An exclusive lock, held while the object lives. Its file, which is made for it and removed with
// it, says whose it is. On a file system without locks nothing is held and the log says so once:
// what the lock guards may be done twice there.
class FileLock {
 public:
  // Waits for the holder, and says after a second who that is. Throws Error(kIo), and as `deadline`
  // does.
  explicit FileLock(std::filesystem::path path, const Deadline& deadline = {});
  // Null where another holds it. Throws Error(kIo).
  static std::optional<FileLock> try_take(std::filesystem::path path);

  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();
  bool is_held() const { return descriptor_.is_open(); }  // false without locks

 private:
  struct Untaken {};
  FileLock(Untaken, std::filesystem::path path) : path_(std::move(path)) {}
  bool take();

  std::filesystem::path path_;
  Descriptor descriptor_;
};

}  // namespace co2net
