#include "pipeline/base/file_lock.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "pipeline/base/files.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Outcome = PathLock::Outcome;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenTries(100);

// Whether the path still names what was opened: a lock's holder may have removed it meanwhile.
bool is_named(const Descriptor& file, const fs::path& path) {
  struct stat opened, named;
  return ::fstat(file.get(), &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

Outcome try_lock(const Descriptor& file, int operation) {
  while (::flock(file.get(), operation | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    return errno == EWOULDBLOCK ? Outcome::kBusy : Outcome::kNoLocks;
  }
  return Outcome::kHeld;
}

// No link is followed, which somebody may have put there to have another file written to.
constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

// To write, if that is allowed, since NFS wants that of whoever locks exclusively.
Descriptor open_to_lock(const fs::path& path, int more_flags = 0) {
  Descriptor file(::open(path.c_str(), O_RDWR | kOpenFlags | more_flags, 0666));
  const int reason = errno;
  if (file.is_open() || (reason != EISDIR && reason != EACCES)) return file;
  file = Descriptor(::open(path.c_str(), O_RDONLY | kOpenFlags));
  errno = reason;
  return file;
}

Descriptor open_for(const fs::path& path, PathLock::Kind kind) {
  return kind == PathLock::Kind::kExclusive
             ? open_to_lock(path)
             : Descriptor(::open(path.c_str(), O_RDONLY | kOpenFlags));
}

std::string this_process() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return "process " + std::to_string(::getpid()) + " on " + host;
}

// For people alone, so that a full disk does not matter.
void write_holder(const Descriptor& file) {
  const std::string text = this_process();
  if (::ftruncate(file.get(), 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(file.get(), text.data(), text.size(), 0);
}

std::string holder_of(const fs::path& path) {
  try {
    const std::string holder = read_file(path);
    return holder.empty() ? "another process" : printable(shortened(holder, 300));
  } catch (const Error&) {
    return "another process";  // which has just let go of it
  }
}

void warn_of_no_locks(const fs::path& path, const char* reason) {
  static std::atomic<bool> warned = false;
  if (warned.exchange(true)) return;
  spdlog::warn(
      "lock {}: {}; work goes on without locks: results stay right, but processes may "
      "compute the same ones beside each other",
      path.string(), reason);
}

}  // namespace

PathLock PathLock::take(const fs::path& path, Kind kind) {
  Descriptor file = open_for(path, kind);
  if (!file.is_open()) {
    return {Descriptor(), errno == EACCES ? Outcome::kBusy : Outcome::kAbsent};
  }
  Outcome outcome = try_lock(file, kind == Kind::kShared ? LOCK_SH : LOCK_EX);
  if (outcome == Outcome::kHeld && !is_named(file, path)) outcome = Outcome::kAbsent;
  return {std::move(file), outcome};
}

FileLock::FileLock(fs::path path, const Deadline& deadline) : FileLock(Untaken(), std::move(path)) {
  const auto start = steady_clock::now();
  for (bool told = false; !take();) {
    deadline.check();
    if (!told && steady_clock::now() - start > std::chrono::seconds(1)) {
      spdlog::info("waiting for {}, which holds {}", holder_of(path_), path_.string());
      told = true;
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

std::optional<FileLock> FileLock::try_take(fs::path path) {
  FileLock lock(Untaken(), std::move(path));
  return lock.take() ? std::optional(std::move(lock)) : std::nullopt;
}

bool FileLock::take() {
  make_directories(path_.parent_path());
  for (;;) {
    Descriptor file = open_to_lock(path_, O_CREAT);
    if (!file.is_open()) throw system_error("lock", path_);
    const Outcome outcome = try_lock(file, LOCK_EX);
    if (outcome == Outcome::kHeld && is_named(file, path_)) {
      descriptor_ = std::move(file);
      write_holder(descriptor_);
      return true;
    }
    if (outcome == Outcome::kNoLocks) {
      warn_of_no_locks(path_, std::strerror(errno));
      ::unlink(path_.c_str());
    }
    if (outcome != Outcome::kHeld) return outcome == Outcome::kNoLocks;
  }
}

// It is unlocked after that.
FileLock::~FileLock() {
  if (is_held()) ::unlink(path_.c_str());
}

}  // namespace co2net
