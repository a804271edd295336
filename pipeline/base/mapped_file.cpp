#include "pipeline/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <vector>

#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

std::uintptr_t page_size() { return static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)); }

// What is mapped now.
class Mappings {
 public:
  void add(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    mapped_.push_back(bytes);
  }
  void remove(std::string_view bytes) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(mapped_, [&](std::string_view other) { return other.data() == bytes.data(); });
  }
  bool contain(const void* address) {
    const std::scoped_lock lock(mutex_);
    return std::ranges::any_of(mapped_, [&](std::string_view bytes) {
      return address_of(address) - address_of(bytes.data()) < bytes.size();
    });
  }

 private:
  std::mutex mutex_;
  std::vector<std::string_view> mapped_;
};

Mappings mappings;

// What the system sends to a thread that reads a page that is no longer in the file. Such a thread
// reads a file's content, so it holds no lock of ours. Another's fault ends the program on return.
void on_bus_error(int, siginfo_t* info, void*) {
  const std::uintptr_t page = address_of(info->si_addr) / page_size() * page_size();
  const bool is_replaced = mappings.contain(info->si_addr) &&
                           ::mmap(reinterpret_cast<void*>(page), page_size(), PROT_READ,
                                  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  if (!is_replaced) ::signal(SIGBUS, SIG_DFL);
}

void catch_bus_errors() {
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  static std::once_flag caught;
  std::call_once(caught, catch_bus_errors);
  Descriptor file = open_file(path, O_RDONLY);
  if (!file.is_open()) throw system_error("read", path);
  struct stat status {};
  ::fstat(file.get(), &status);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) {
    file.close();
    read_ = read_file(path);
    bytes_ = read_;
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping == MAP_FAILED) throw system_error("map", path);
  state_ = state_of(status);
  mapped_ = std::move(file);
  bytes_ = {static_cast<const char*>(mapping), size};
  mappings.add(bytes_);
}

MappedFile::~MappedFile() {
  if (!mapped_.is_open()) return;
  mappings.remove(bytes_);
  ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(std::string_view part) const {
  const std::uintptr_t begin = address_of(bytes_.data()), first = address_of(part.data());
  const bool is_ours = first >= begin && first + part.size() <= begin + bytes_.size();
  if (!mapped_.is_open() || !is_ours) return;
  const std::uintptr_t from = first - first % page_size();  // the mapping starts at a page, too
  ::madvise(reinterpret_cast<void*>(from), first + part.size() - from, MADV_DONTNEED);
}

void MappedFile::expect_unchanged() const {
  if (mapped_.is_open()) co2net::expect_unchanged(mapped_, state_, path_);
}

}  // namespace co2net
