// Preloaded into a program, fails one of its calls that concern a folder:
//   FAIL_CALL   open (for writing), write, sync, close, rename, exchange (of two names), lock, read
//   FAIL_NTH    which of these calls, from 1 on; 0 for each
//   FAIL_ERRNO  what it says
//   FAIL_BELOW  the folder, by its absolute path
//   FAIL_TOLD   a file outside of it that is made when it happens

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_below(const std::string& path) { return path.starts_with(variable("FAIL_BELOW") + "/"); }

std::string path_of(int descriptor) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size < 0 ? "" : std::string(path, static_cast<std::size_t>(size));
}

// Whether this call is the one that fails; then errno is set.
bool fails(const char* call, const std::string& path) {
  static std::atomic<int> calls = 0;
  if (variable("FAIL_CALL") != call || !is_below(path)) return false;
  const int wanted = std::stoi(variable("FAIL_NTH"));
  if (++calls != wanted && wanted != 0) return false;
  ::syscall(SYS_close, ::syscall(SYS_openat, AT_FDCWD, variable("FAIL_TOLD").c_str(),
                                 O_CREAT | O_WRONLY, 0600));
  errno = std::stoi(variable("FAIL_ERRNO"));
  return true;
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
  const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
  if (writes && fails("open", path)) return -1;
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

int rename_file(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  if (fails("rename", to) || (flags == RENAME_EXCHANGE && fails("exchange", to))) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

mode_t mode_behind(int flags, std::va_list arguments) {
  const bool makes_one = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes_one ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_behind(flags, arguments);
  va_end(arguments);
  return open_file(AT_FDCWD, path, flags, mode);
}

int open64(const char*, int, ...) __attribute__((alias("open")));

// What a checked open() becomes where its flags are computed.
int __open_2(const char* path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_file(AT_FDCWD, path, flags, 0); }

ssize_t write(int file, const void* bytes, std::size_t size) {
  return fails("write", path_of(file)) ? -1 : ::syscall(SYS_write, file, bytes, size);
}

ssize_t writev(int file, const iovec* parts, int count) {
  return fails("write", path_of(file)) ? -1 : ::syscall(SYS_writev, file, parts, count);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  return fails("write", path_of(file)) ? -1 : ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

ssize_t read(int file, void* bytes, std::size_t size) {
  return fails("read", path_of(file)) ? -1 : ::syscall(SYS_read, file, bytes, size);
}

ssize_t pread(int file, void* bytes, std::size_t size, off_t offset) {
  return fails("read", path_of(file)) ? -1 : ::syscall(SYS_pread64, file, bytes, size, offset);
}
ssize_t pread64(int, void*, std::size_t, off_t) __attribute__((alias("pread")));

int fsync(int file) {
  return fails("sync", path_of(file)) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}

// It is closed all the same.
int close(int file) {
  const std::string path = path_of(file);
  const int result = static_cast<int>(::syscall(SYS_close, file));
  return fails("close", path) ? -1 : result;
}

int flock(int file, int operation) noexcept {
  return fails("lock", path_of(file)) ? -1
                                      : static_cast<int>(::syscall(SYS_flock, file, operation));
}

int rename(const char* from, const char* to) noexcept {
  return rename_file(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to,
              unsigned flags) noexcept {
  return rename_file(from_folder, from, to_folder, to, flags);
}

}  // extern "C"
