#include "pipeline/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "pipeline/base/descriptor.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/remedy.h"
#include "pipeline/base/temporary.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

[[noreturn]] void fail(const std::string& doing, const fs::path& path) {
  throw system_error(doing, path);
}

// On the disk, for good. Some file systems cannot say so of a folder.
void sync(const fs::path& path) {
  const Descriptor file = open_file(path, O_RDONLY);
  if (!file.is_open() || ::fsync(file.get()) != 0) fail("write", path);
}

void sync_directory(const fs::path& directory) {
  const Descriptor file = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!file.is_open()) return;
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail("write", directory);
}

void sync_tree(const fs::path& folder) {
  for (const std::string& name : names_in(folder)) {
    const fs::path path = folder / name;
    fs::is_directory(path) ? sync_tree(path) : sync(path);
  }
  sync_directory(folder);
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// A folder is looked through once: later leftovers are those of processes that are killed beside
// this one, and the next one's to find.
void sweep_once(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> swept;
  {
    const std::scoped_lock lock(mutex);
    if (!swept.insert(folder).second) return;
  }
  sweep_temporaries(folder);
}

// Where an old folder waits while another takes its place in two steps.
fs::path place_aside(const fs::path& path) {
  return directory_of(path) / (".co2net-old." + sha256(path.filename().string()).substr(0, 16));
}

void rename_or_fail(const fs::path& from, const fs::path& to, const fs::path& culprit) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail("write", culprit);
}

// A process that was killed between the two steps left the old folder aside.
void settle_aside(const fs::path& path) {
  const fs::path aside = place_aside(path);
  if (!fs::exists(aside)) return;
  if (fs::exists(path)) {
    std::error_code ignored;
    fs::remove_all(aside, ignored);
  } else {
    rename_or_fail(aside, path, path);
  }
}

void replace_in_two_steps(const fs::path& folder, const fs::path& path) {
  const fs::path aside = place_aside(path);
  rename_or_fail(path, aside, path);
  try {
    rename_or_fail(folder, path, path);
  } catch (const Error&) {
    ::rename(aside.c_str(), path.c_str());
    throw;
  }
  sync_directory(directory_of(path));
  std::error_code ignored;
  fs::remove_all(aside, ignored);
}

// After it the old folder, if there was one, has the name `folder` or is gone.
void put_folder_at(const fs::path& path, const fs::path& folder) {
  if (!fs::exists(path)) return rename_or_fail(folder, path, path);
  if (::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) fail("write", path);
  replace_in_two_steps(folder, path);
}

bool is_special_file(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

// Runs `write` for the temporary; an error leaves naming what was wanted in its place, since
// nobody finds the temporary afterwards.
void write_in_place_of(const fs::path& wanted, const fs::path& temporary,
                       const std::function<void(const fs::path&)>& write) {
  try {
    write(temporary);
  } catch (const Error& e) {
    const std::string text =
        boost::replace_all_copy(std::string(e.what()), temporary.string(), wanted.string());
    throw Error(e.kind(), text).in_stage(e.stage());
  }
}

bool is_mount_point(const fs::path& folder) {
  struct statx status;
  return ::statx(AT_FDCWD, folder.c_str(), 0, 0, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// A folder that cannot change places with another: where somebody is at work, a mount point, one
// beside which nothing can be written.
bool keeps_its_place(const fs::path& folder) {
  std::error_code unreachable;
  if (!fs::is_directory(folder, unreachable)) return false;
  return fs::equivalent(folder, fs::current_path(), unreachable) || is_mount_point(folder) ||
         ::access(directory_of(folder).c_str(), W_OK | X_OK) != 0;
}

void replace_content(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  sweep_once(path);
  const Temporary temporary(path, "", Temporary::Kind::kFolder);
  write_in_place_of(path, temporary.path(), write);
  sync_tree(temporary.path());
  for (const std::string& name : names_in(path)) {
    if (path / name != temporary.path()) fs::remove_all(path / name);
  }
  for (const std::string& name : names_in(temporary.path())) {
    rename_or_fail(temporary.path() / name, path / name, path);
  }
  sync_directory(path);
}

}  // namespace

Error system_error(const std::string& doing, const fs::path& path) {
  return {errno == ENAMETOOLONG ? ErrorKind::kInput : ErrorKind::kIo,
          doing + " " + path.string() + ": " + std::strerror(errno) + remedy_for_system(errno)};
}

std::string read_file(const fs::path& path) {
  const Descriptor file = open_file(path, O_RDONLY);
  if (!file.is_open()) fail("read", path);
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

void touch(const fs::path& path) {
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

void make_directories(const fs::path& directory) {
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return;
  make_directories(directory.parent_path());
  fs::create_directory(directory, error);
  if (error) {
    throw Error(ErrorKind::kIo, "create " + directory.string() + ": " + error.message() +
                                    remedy_for_system(error.value()));
  }
  sync_directory(directory_of(directory));
}

void write_file_with(const fs::path& path, const std::function<void(const fs::path&)>& write,
                     const fs::path& temporaries) {
  if (is_special_file(path)) {
    write(path);
    return;
  }
  const fs::path directory = directory_of(path);
  const fs::path workplace = temporaries.empty() ? directory : temporaries;
  make_directories(directory);
  make_directories(workplace);
  sweep_once(workplace);
  const Temporary temporary(workplace, path.extension(), Temporary::Kind::kFile);
  write_in_place_of(path, temporary.path(), write);
  sync(temporary.path());
  rename_or_fail(temporary.path(), path, path);
  sync_directory(directory);
}

void write_folder_with(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  if (!path.has_filename() && path.has_relative_path()) {  // "folder/"
    return write_folder_with(path.parent_path(), write);
  }
  if (keeps_its_place(path)) return replace_content(path, write);
  const fs::path directory = directory_of(path);
  make_directories(directory);
  sweep_once(directory);
  settle_aside(path);
  const Temporary temporary(directory, "", Temporary::Kind::kFolder);
  write_in_place_of(path, temporary.path(), write);
  sync_tree(temporary.path());
  put_folder_at(path, temporary.path());
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

void expect_only_in(const fs::path& folder, const std::function<bool(const std::string&)>& is_ours,
                    const std::string& option) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::kInput,
                folder.string() + " is a file, want a folder; choose another place with " + option);
  }
  for (const std::string& name : names_in(folder)) {
    if (!is_ours(name) && !is_temporary_name(name)) {
      throw Error(ErrorKind::kInput, "the folder " + folder.string() +
                                         " holds other files, such as " + name +
                                         "; choose another place with " + option);
    }
  }
}

void expect_writable(const fs::path& path) {
  if (is_special_file(path)) {
    if (::access(path.c_str(), W_OK) != 0) fail("write", path);
    return;
  }
  std::error_code unreachable;
  if (fs::is_directory(path, unreachable) && keeps_its_place(path)) {
    if (::access(path.c_str(), W_OK | X_OK) != 0) fail("write into", path);
    return;
  }
  const fs::path directory = directory_of(path);
  make_directories(directory);
  if (::access(directory.c_str(), W_OK) != 0) fail("write into", directory);
  if (::access(path.c_str(), F_OK) != 0 && errno != ENOENT) fail("write", path);
}

void write_file(const fs::path& path, std::string_view bytes, const fs::path& temporaries) {
  const auto write = [&](const fs::path& target) {
    Descriptor file = open_file(target, O_WRONLY | O_TRUNC);
    if (!file.is_open() || !write_all(file, bytes) || !file.close()) fail("write", path);
  };
  write_file_with(path, write, temporaries);
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
