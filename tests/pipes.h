#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

namespace co2net::test {

// A named pipe whose reader is there from the start and takes 64 KiB without reading, so that
// neither end waits for the other.
class Fifo {
 public:
  explicit Fifo(const std::filesystem::path& path) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    reader_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(reader_, 0);
  }
  ~Fifo() { ::close(reader_); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  // What was written since the last call.
  std::string read() const {
    std::string bytes;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(reader_, buffer, sizeof buffer)) > 0;) {
      bytes.append(buffer, static_cast<std::size_t>(n));
    }
    return bytes;
  }

 private:
  int reader_;
};

// A pipe of one page, which holds up who writes more until it is drained.
class NarrowPipe {
 public:
  NarrowPipe() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    EXPECT_GE(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 4096);
  }
  ~NarrowPipe() { drain(); }
  NarrowPipe(const NarrowPipe&) = delete;
  NarrowPipe& operator=(const NarrowPipe&) = delete;

  int writer() const { return ends_[1]; }
  // Reads until all writers have ended.
  void drain() {
    if (ends_[0] < 0) return;
    ::close(ends_[1]);
    char buffer[4096];
    while (::read(ends_[0], buffer, sizeof buffer) > 0) continue;
    ::close(std::exchange(ends_[0], -1));
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace co2net::test
