#include "pipeline/base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// A name that is too long is one input's fault; other failures meet every file.
[[noreturn]] void fail(const std::string& doing, const fs::path& path) {
  throw Error(errno == ENAMETOOLONG ? ErrorKind::kInput : ErrorKind::kIo,
              doing + " " + path.string() + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, mode_t mode = 0666)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(const Descriptor& file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void sync_directory(const fs::path& directory) {
  const Descriptor dir(directory, O_RDONLY | O_DIRECTORY);
  if (dir.get() >= 0) ::fsync(dir.get());
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void make_directories(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    throw Error(ErrorKind::kIo, "create " + directory.string() + ": " + error.message());
  }
}

// What `create` made in the directory, under a name that nothing had. (mkstemps and mkdtemp leave
// it to its owner alone; the umask, which results follow, cannot be asked for without changing it.)
// The name is short, so that the longest that a file may have can be written.
std::string temporary_in(const fs::path& directory, const std::string& suffix,
                         const std::function<bool(const char* path)>& create) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  for (;;) {
    std::string name = ".tmp.";
    for (int i = 0; i < 6; ++i) name += kLetters[random() % kLetters.size()];
    std::string path = (directory / (name + suffix)).string();
    if (create(path.c_str())) return path;
    if (errno != EEXIST) fail("write into", directory);
  }
}

bool create_file(const char* path) {
  return Descriptor(path, O_WRONLY | O_CREAT | O_EXCL).get() >= 0;
}

bool create_folder(const char* path) { return ::mkdir(path, 0777) == 0; }

bool is_special_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) fail("read", path);
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read", path);
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string read_text(const fs::path& path, ErrorKind kind) {
  return as_text(read_file(path), path.string(), kind);
}

MappedFile::MappedFile(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  struct stat status;
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail("read", path);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    read_ = read_file(path);
    bytes_ = read_;
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping == MAP_FAILED) fail("map", path);
  mapping_ = mapping;
  bytes_ = {static_cast<const char*>(mapping), size};
}

void MappedFile::release(std::string_view part) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes_.data());
  const auto first = reinterpret_cast<std::uintptr_t>(part.data());
  if (mapping_ == nullptr || first < begin || first + part.size() > begin + bytes_.size()) return;
  const std::uintptr_t from = first - first % page;  // the mapping starts at a page, too
  ::madvise(reinterpret_cast<void*>(from), first + part.size() - from, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_.size());
}

void write_file_with(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  if (is_special_file(path)) {
    write(path);
    return;
  }
  const fs::path directory = directory_of(path);
  make_directories(directory);
  const std::string temporary = temporary_in(directory, path.extension(), create_file);
  try {
    write(temporary);
    const Descriptor written(temporary, O_RDONLY);
    if (written.get() < 0 || ::fsync(written.get()) != 0) fail("write", path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail("write", path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(directory);
}

void write_folder_with(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  if (!path.has_filename() && path.has_relative_path()) {  // "folder/"
    return write_folder_with(path.parent_path(), write);
  }
  const fs::path directory = directory_of(path);
  make_directories(directory);
  const std::string temporary = temporary_in(directory, "", create_folder);
  std::error_code ignored;
  try {
    write(temporary);
    // Swapped where there is an old one, so that no moment has neither.
    const unsigned flags = fs::exists(path) ? RENAME_EXCHANGE : 0;
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
      fail("write", path);
    }
    if (flags != 0) fs::remove_all(temporary, ignored);
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
  }
  sync_directory(directory);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename().string());
    }
  } catch (const fs::filesystem_error& e) {
    throw Error(ErrorKind::kIo, "read " + folder.string() + ": " + e.code().message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expect_only_in(const fs::path& folder,
                    const std::function<bool(const std::string&)>& is_ours) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::kInput,
                folder.string() + " is a file, want a folder; choose another place with -o");
  }
  for (const std::string& name : names_in(folder)) {
    if (!is_ours(name)) {
      throw Error(ErrorKind::kInput, "the folder " + folder.string() +
                                         " holds other files, such as " + name +
                                         "; choose another place with -o");
    }
  }
}

void expect_writable(const fs::path& path) {
  if (is_special_file(path)) {
    if (::access(path.c_str(), W_OK) != 0) fail("write", path);
    return;
  }
  const fs::path directory = directory_of(path);
  make_directories(directory);
  if (::access(directory.c_str(), W_OK) != 0) fail("write into", directory);
}

void write_file(const fs::path& path, std::string_view bytes) {
  write_file_with(path, [&](const fs::path& target) {
    const Descriptor file(target, O_WRONLY | O_TRUNC);
    if (file.get() < 0) fail("write", path);
    write_all(file, bytes, path);
  });
}

FileLock::FileLock(fs::path path) : path_(std::move(path)) {
  make_directories(directory_of(path_));
  for (;;) {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) fail("lock", path_);
    if (::flock(fd, LOCK_EX) != 0) {
      const int reason = errno;
      ::close(fd);
      throw_if_interrupted();
      errno = reason;
      fail("lock", path_);
    }
    // The holder before us may have removed the file that we waited for.
    struct stat locked, named;
    if (::fstat(fd, &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
        locked.st_ino == named.st_ino && locked.st_dev == named.st_dev) {
      fd_ = fd;
      return;
    }
    ::close(fd);
  }
}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(fd_);
}

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "co2net-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("create", name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace co2net
