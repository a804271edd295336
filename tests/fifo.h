#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

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

}  // namespace co2net::test
