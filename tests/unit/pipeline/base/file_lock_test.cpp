#include "pipeline/base/file_lock.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using enum PathLock::Kind;
using enum PathLock::Outcome;
using std::chrono_literals::operator""s;

// Another process that takes a lock and holds it until it is killed, or this one ends. It tells by
// a pipe how far it is, and does not live long enough for a wait to be endless.
class Holder {
 public:
  explicit Holder(const fs::path& path) {
    int told[2], ended[2];
    EXPECT_EQ(::pipe(told), 0);
    EXPECT_EQ(::pipe(ended), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::alarm(300);
      ::close(told[0]);
      ::close(ended[1]);
      tell(told[1]);
      const FileLock lock(path);
      tell(told[1]);
      char byte = 0;
      [[maybe_unused]] const ssize_t end = ::read(ended[0], &byte, 1);
      ::_exit(0);
    }
    ::close(told[1]);
    ::close(ended[0]);
    told_ = told[0];
    ended_ = ended[1];
    wait_for_step();  // it is about to take the lock
  }
  ~Holder() {
    kill();
    ::close(told_);
    ::close(ended_);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  pid_t pid() const { return pid_; }
  void wait_until_held() const { wait_for_step(); }
  bool is_held() const {
    pollfd step{told_, POLLIN, 0};
    return ::poll(&step, 1, 0) > 0;
  }
  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  static void tell(int pipe) {
    if (::write(pipe, "x", 1) != 1) ::_exit(1);
  }
  void wait_for_step() const {
    char byte = 0;
    EXPECT_EQ(::read(told_, &byte, 1), 1) << "the process ended";
  }

  pid_t pid_;
  int told_, ended_;
};

TEST(FileLock, WaitsForAnotherProcessUntilItDies) {
  const TempDir dir;
  const fs::path path = dir.path() / "locks" / "a";
  Holder first(path);
  first.wait_until_held();
  const Holder second(path);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(second.is_held());
    std::this_thread::yield();
  }
  first.kill();
  second.wait_until_held();
}

TEST(FileLock, RemovesItsFileAndCanBeTakenAgain) {
  const TempDir dir;
  const fs::path path = dir.path() / "a";
  {
    FileLock lock(path);
    const FileLock moved(std::move(lock));
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
  const FileLock again(path);
  EXPECT_TRUE(fs::exists(path));
}

TEST(FileLock, IsHeldByOneOfManyAtATime) {
  const TempDir dir;
  const fs::path lock_path = dir.path() / "lock", counter = dir.path() / "counter";
  write_file(counter, "0");
  std::vector<std::future<void>> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.push_back(std::async(std::launch::async, [&] {
      for (int i = 0; i < 25; ++i) {
        const FileLock lock(lock_path);
        write_file(counter, std::to_string(std::stoi(read_file(counter)) + 1));
      }
    }));
  }
  for (auto& worker : workers) worker.get();
  EXPECT_EQ(read_file(counter), "100");
}

TEST(FileLock, NamesThePathThatCannotBeLocked) {
  const TempDir dir;
  write_file(dir.path() / "file", "x");
  test::expect_error(ErrorKind::kIo, {dir.path().string()},
                     [&] { const FileLock lock(dir.path() / "file" / "a"); });
}

TEST(FileLock, SaysWhoseItIsAndWaitsNoLongerThanItsDeadline) {
  const TempDir dir;
  const Holder holder(dir.path() / "a");
  holder.wait_until_held();
  const test::LogCapture log;
  test::expect_error(ErrorKind::kInput, {"timed out"},
                     [&] { const FileLock lock(dir.path() / "a", Deadline(1.5s)); });
  const std::string lines = log.lines();
  EXPECT_NE(lines.find("process " + std::to_string(holder.pid()) + " on "), std::string::npos)
      << lines;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 1) << lines;
}

TEST(FileLock, IsNotTakenFromItsHolder) {
  const TempDir dir;
  {
    const FileLock held(dir.path() / "a");
    EXPECT_FALSE(FileLock::try_take(dir.path() / "a").has_value());
  }
  EXPECT_TRUE(FileLock::try_take(dir.path() / "a")->is_held());
}

TEST(PathLock, IsSharedOrExclusiveAndTellsWhatStandsAgainstIt) {
  const TempDir dir;
  const fs::path file = dir.path() / "a";
  write_file(file, "x");
  for (const fs::path& path : {file, dir.path()}) {
    {
      const PathLock reader = PathLock::take(path, kShared);
      EXPECT_EQ(reader.outcome(), kHeld);
      EXPECT_EQ(PathLock::take(path, kShared).outcome(), kHeld);
      EXPECT_EQ(PathLock::take(path, kExclusive).outcome(), kBusy);
    }
    const PathLock writer = PathLock::take(path, kExclusive);
    EXPECT_EQ(writer.outcome(), kHeld);
    EXPECT_EQ(PathLock::take(path, kShared).outcome(), kBusy);
  }
  EXPECT_EQ(PathLock::take(dir.path() / "absent", kShared).outcome(), kAbsent);
}

TEST(PathLock, WaitsForNoPipeAndFollowsNoLink) {
  const TempDir dir;
  ASSERT_EQ(::mkfifo((dir.path() / "pipe").c_str(), 0600), 0);
  PathLock::take(dir.path() / "pipe", kShared);
  fs::create_symlink("pipe", dir.path() / "link");
  EXPECT_EQ(PathLock::take(dir.path() / "link", kShared).outcome(), kAbsent);
}

}  // namespace
}  // namespace co2net
