#include "pipeline/base/temporary.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <random>
#include <string_view>

#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// With a machine's name behind it, so that no file of others is taken for ours.
constexpr const char* kPrefix = ".co2net-tmp.";

// By its hash: a name may be as long as a file's.
std::string this_machine() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return sha256(name).substr(0, 6) + ".";
}

std::string random_letters() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string letters;
  for (int i = 0; i < 6; ++i) letters += kLetters[random() % kLetters.size()];
  return letters;
}

bool create_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return false;
  ::close(descriptor);
  return true;
}

// False if the name is taken. (mkstemps and mkdtemp leave what they make to its owner alone; the
// umask, which results follow, cannot be asked for without changing it.)
bool create(const fs::path& path, Temporary::Kind kind) {
  const bool is_made =
      kind == Temporary::Kind::kFile ? create_file(path) : ::mkdir(path.c_str(), 0777) == 0;
  if (!is_made && errno != EEXIST) throw system_error("write into", path.parent_path());
  return is_made;
}

void remove_if_abandoned(const fs::path& temporary) {
  using enum PathLock::Outcome;
  const PathLock lock = PathLock::take(temporary, PathLock::Kind::kExclusive);
  if (lock.outcome() != kHeld && lock.outcome() != kNoLocks) return;
  const bool is_of_this_machine =
      temporary.filename().string().starts_with(kPrefix + this_machine());
  const bool is_free = lock.outcome() == kHeld && is_of_this_machine;
  if (!is_free && !is_a_day_old(temporary)) return;
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
}

}  // namespace

bool is_temporary_name(const std::string& name) { return name.starts_with(kPrefix); }

bool is_a_day_old(const fs::path& path) {
  std::error_code vanished;
  const auto day_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
  return fs::last_write_time(path, vanished) < day_ago && !vanished;
}

Temporary::Temporary(const fs::path& folder, const std::string& suffix, Kind kind) {
  // A sweeper may come before it is locked.
  const auto is_swept = [this] {
    return lock_->outcome() == PathLock::Outcome::kBusy || !fs::exists(path_);
  };
  do {
    do {
      path_ = folder / (kPrefix + this_machine() + random_letters() + suffix);
    } while (!create(path_, kind));
    lock_.emplace(PathLock::take(path_, PathLock::Kind::kShared));
  } while (is_swept());
}

Temporary::~Temporary() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void sweep_temporaries(const fs::path& folder) {
  std::error_code unreadable;
  fs::directory_iterator entry(folder, unreadable);
  for (; entry != fs::directory_iterator(); entry.increment(unreadable)) {
    const fs::path& path = entry->path();
    if (path.filename().string().starts_with(kPrefix)) remove_if_abandoned(path);
  }
}

}  // namespace co2net
