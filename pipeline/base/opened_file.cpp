#include "pipeline/base/opened_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/remedy.h"
#include "pipeline/base/temporary.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

[[noreturn]] void fail_to_read(const std::string& what) {
  const char* remedy = errno == EACCES ? "; allow reading it" : remedy_for_system(errno);
  throw Error(ErrorKind::kInput, what + ": " + std::strerror(errno) + remedy);
}

struct stat status_of(const fs::path& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) fail_to_read(path.string());
  return status;
}

struct stat status_of(const Descriptor& file, const fs::path& path) {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) fail_to_read(path.string());
  return status;
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a pipe";
  return S_ISBLK(mode) ? "a block device" : "a character device";
}

void expect_mode(const fs::path& path, mode_t mode, bool takes_pipes) {
  if (S_ISREG(mode) || (takes_pipes && S_ISFIFO(mode))) return;
  throw Error(ErrorKind::kInput, path.string() + ": is " + kind_of(mode) + "; give a file" +
                                     (takes_pipes ? " or a pipe" : ""));
}

// Of what expect_mode() let pass. A pipe that nobody writes into yet is opened all the same. One on
// standard input may belong to another user, as under sudo: it is open, and not to be opened anew.
Descriptor open_for_reading(const fs::path& path) {
  Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!file.is_open() && errno == EACCES && path == "/dev/stdin") {
    file = Descriptor(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    ::fcntl(file.get(), F_SETFL, O_NONBLOCK);
  }
  if (!file.is_open()) fail_to_read(path.string());
  return file;
}

Descriptor open_regular(const fs::path& path) {
  expect_mode(path, status_of(path).st_mode, false);
  return open_for_reading(path);
}

// Until what is written from now on gets a later time than the file has: file systems' clocks tick
// every few milliseconds.
void wait_for_a_tick_after(std::int64_t modified_ns) {
  using std::chrono::nanoseconds, std::chrono::system_clock;
  constexpr std::chrono::milliseconds kTick(20);
  const nanoseconds age = system_clock::now().time_since_epoch() - nanoseconds(modified_ns);
  if (age >= nanoseconds(0) && age < kTick) std::this_thread::sleep_for(kTick);
}

[[noreturn]] void fail_to_spool(const fs::path& folder) {
  throw Error(ErrorKind::kInput,
              "keep a pipe's content in " + folder.string() + ": " + std::strerror(errno) +
                  "; choose another folder with --cache, or where nothing is cached with TMPDIR");
}

// A file that no folder names, where the file system has such; else one that is unnamed at once.
Descriptor open_nameless(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  Descriptor nameless(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (nameless.is_open()) return nameless;
  try {
    const Temporary named(folder, "", Temporary::Kind::kFile);
    return open_file(named.path(), O_RDWR);
  } catch (const Error&) {
    fail_to_spool(folder);
  }
}

// A pipe's bytes as they come.
class PipeReader {
 public:
  PipeReader(const Descriptor& pipe, const fs::path& path, const Deadline& deadline)
      : pipe_(pipe), path_(path), deadline_(deadline) {
    struct statfs system;
    const bool is_nameless = ::fstatfs(pipe.get(), &system) == 0 && system.f_type == PIPEFS_MAGIC;
    if (!is_nameless) wait();  // for somebody to open its other end
  }

  // 0 at the end.
  std::size_t read(std::span<char> to) const {
    for (;;) {
      deadline_.check();
      const ssize_t count = ::read(pipe_.get(), to.data(), to.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EAGAIN) {
        wait();
      } else if (errno != EINTR) {
        fail_to_read(path_.string());
      }
    }
  }

 private:
  void wait() const {
    constexpr int kAWhile_ms = 200;
    pollfd awaited{pipe_.get(), POLLIN, 0};
    do {
      deadline_.check();
    } while (::poll(&awaited, 1, kAWhile_ms) <= 0);
  }

  const Descriptor& pipe_;
  const fs::path& path_;
  const Deadline& deadline_;
};

Descriptor spooled(const Descriptor& pipe, const fs::path& path, const Spool& spool,
                   const Deadline& deadline) {
  const PipeReader reader(pipe, path, deadline);
  Descriptor copy = open_nameless(spool.folder);
  std::vector<char> block(1 << 20);
  std::int64_t total = 0;
  while (const std::size_t count = reader.read(block)) {
    total += static_cast<std::int64_t>(count);
    if (total > spool.max_bytes) {
      throw Error(ErrorKind::kInput, path.string() + ": more than " +
                                         std::to_string(spool.max_bytes) +
                                         " bytes come out of the pipe; allow more with "
                                         "--max-spool, or give a file");
    }
    if (!write_all(copy, {block.data(), count})) fail_to_spool(spool.folder);
  }
  return copy;
}

}  // namespace

OpenedFile::OpenedFile(const fs::path& path) : OpenedFile(path, open_regular(path)) {}

OpenedFile::OpenedFile(fs::path path, Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {
  struct stat status = status_of(descriptor_, path_);
  expect_mode(path_, status.st_mode, false);
  wait_for_a_tick_after(state_of(status).modified_ns);
  status = status_of(descriptor_, path_);
  state_ = state_of(status);
  has_name_ = status.st_nlink > 0;
}

std::size_t OpenedFile::read(std::int64_t offset, std::span<char> to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t count = ::pread(descriptor_.get(), to.data() + done, to.size() - done,
                                  offset + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read("read " + path_.string());
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

void OpenedFile::expect_unchanged() const { co2net::expect_unchanged(descriptor_, state_, path_); }

std::shared_ptr<const OpenedFile> open_or_spool(const fs::path& path, const Spool& spool,
                                                const Deadline& deadline) {
  expect_mode(path, status_of(path).st_mode, true);
  Descriptor file = open_for_reading(path);
  if (S_ISFIFO(status_of(file, path).st_mode)) file = spooled(file, path, spool, deadline);
  return std::shared_ptr<const OpenedFile>(new OpenedFile(path, std::move(file)));
}

}  // namespace co2net
