#include "pipeline/base/descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"

namespace co2net {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool Descriptor::close() { return !is_open() || ::close(std::exchange(number_, -1)) == 0; }

Descriptor open_file(const std::filesystem::path& path, int flags) {
  for (;;) {
    Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
    if (file.is_open() || errno != EINTR) return file;
    throw_if_interrupted();
  }
}

bool write_all(const Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

FileState state_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

void expect_unchanged(const Descriptor& file, const FileState& state,
                      const std::filesystem::path& path) {
  struct stat status;
  if (::fstat(file.get(), &status) != 0) {
    throw Error(ErrorKind::kInput, path.string() + ": " + std::strerror(errno));
  }
  const FileState now = state_of(status);
  if (now.size == state.size && now.modified_ns == state.modified_ns) return;
  throw Error(ErrorKind::kInput,
              path.string() + ": was written to while it was read; run again once it is complete");
}

}  // namespace co2net
