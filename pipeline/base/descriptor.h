#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

struct stat;

namespace co2net {

// An open file by the system's number, closed at the end; below 0 there is none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  bool is_open() const { return number_ >= 0; }
  int get() const { return number_; }
  // Whether all went well, else errno says why not: network file systems say only then that there
  // is no room. True where nothing is open.
  bool close();

 private:
  int number_;
};

// As open(2), with O_CLOEXEC; -1, with the reason in errno, is none. Throws Error(kInterrupted)
// when a signal ends the wait for a pipe's other end.
Descriptor open_file(const std::filesystem::path& path, int flags);

// Writes all of it, in as many pieces as the system wants. False, with the reason in errno, if that
// cannot be done.
bool write_all(const Descriptor& file, std::string_view bytes);

// What tells one content from another that a path had or will have.
struct FileState {
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;  // since 1970: mtime and ctime
};
FileState state_of(const struct stat& status);

// Throws Error(kInput) if somebody wrote into the open file after its state was taken.
void expect_unchanged(const Descriptor& file, const FileState& state,
                      const std::filesystem::path& path);

}  // namespace co2net
