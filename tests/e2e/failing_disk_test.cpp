// What is left, and what is said, when the disk fails at any of the calls that
// tests/soak/use_disk.cpp makes.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

#include "pipeline/base/files.h"
#include "pipeline/stages/disk_cache.h"
#include "tests/support.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

struct Outcome {
  int code = -1;
  std::string said;
};

Outcome outcome_of(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  Outcome outcome;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    outcome.said += static_cast<char>(c);
  }
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

struct Fault {
  std::string call;
  int error;
};

class FailingDisk : public testing::Test {
 protected:
  // The program's older results, and nothing in the cache.
  void make_older() const {
    fs::remove_all(disk());
    fs::create_directory(disk());
    ASSERT_EQ(run("A", "").code, 0);
    fs::remove_all(disk() / "cache");
  }

  Outcome run(const std::string& letter, const std::string& before) const {
    return outcome_of(before + " " + test::shell_quoted(CO2NET_USE_DISK) + " " +
                      test::shell_quoted(disk()) + " " + letter);
  }

  // With a disk that fails the n-th such call, or each for n = 0.
  Outcome run_failing(const Fault& fault, int n) const {
    fs::remove(told());
    return run("B", "FAIL_CALL=" + fault.call + " FAIL_NTH=" + std::to_string(n) + " FAIL_ERRNO=" +
                        std::to_string(fault.error) + " FAIL_BELOW=" + test::shell_quoted(disk()) +
                        " FAIL_TOLD=" + test::shell_quoted(told()) +
                        " LD_PRELOAD=" + test::shell_quoted(CO2NET_FAILING_DISK));
  }

  void expect_complete(const Outcome& outcome) const {
    EXPECT_TRUE(outcome.code == 0 || outcome.code == 3) << outcome.code << ": " << outcome.said;
    EXPECT_FALSE(outcome.code == 3 && outcome.said.empty());
    for (const std::string name : {"file", "folder/a", "folder/b"}) {
      const std::string bytes = read_file(disk() / name);
      const std::string body = std::string(20'000, 'x') + (name == "file" ? "y" : "");
      EXPECT_EQ(bytes.substr(1), body) << name;
      EXPECT_TRUE(bytes[0] == 'B' || (bytes[0] == 'A' && outcome.code == 3)) << name;
    }
    EXPECT_EQ(read_file(disk() / "folder/a")[0], read_file(disk() / "folder/b")[0]);
  }

  // Neither beside what was written nor in the cache, and what is in that is right.
  void expect_nothing_left() const {
    for (const auto& entry : fs::recursive_directory_iterator(disk())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".co2net")) << entry.path();
      EXPECT_NE(entry.path().parent_path().filename(), "locks") << entry.path();
      if (entry.path().extension() == ".mkv") {
        EXPECT_TRUE(fs::exists(fs::path(entry.path()).replace_extension(".entry"))) << entry.path();
      }
    }
    const Outcome again = run("C", "");
    EXPECT_EQ(again.code, 0) << again.said;
    EXPECT_EQ(again.said, "") << "no entry is damaged";
  }

  fs::path disk() const { return dir_.path() / "disk"; }
  fs::path told() const { return dir_.path() / "told"; }

  const TempDir dir_;
};

class FailingCall : public FailingDisk, public testing::WithParamInterface<Fault> {};

INSTANTIATE_TEST_SUITE_P(Of, FailingCall,
                         testing::Values(Fault{"open", EMFILE}, Fault{"write", ENOSPC},
                                         Fault{"sync", EIO}, Fault{"close", ENOSPC},
                                         Fault{"rename", EIO}, Fault{"read", EIO},
                                         Fault{"lock", EIO}),
                         [](const auto& tested) { return tested.param.call; });

TEST_P(FailingCall, LeavesOldOrNewWhicheverOfThemItIs) {
  int n = 0;
  do {
    make_older();
    const Outcome outcome = run_failing(GetParam(), ++n);
    SCOPED_TRACE(GetParam().call + " " + std::to_string(n) + ": " + outcome.said);
    expect_complete(outcome);
    expect_nothing_left();
  } while (fs::exists(told()) && !HasFailure());
  EXPECT_GT(n, 3) << "nothing failed";
}

TEST_F(FailingDisk, WorksWithoutLocksAndSaysSoOnce) {
  for (const int error : {ENOLCK, ENOSYS, EOPNOTSUPP}) {
    make_older();
    const Outcome outcome = run_failing({"lock", error}, 0);
    EXPECT_TRUE(fs::exists(told()));
    EXPECT_EQ(outcome.code, 0) << outcome.said;
    EXPECT_EQ(std::ranges::count(outcome.said, '\n'), 1) << outcome.said;
    EXPECT_NE(outcome.said.find("without locks"), std::string::npos) << outcome.said;
    expect_complete(outcome);
    expect_nothing_left();
  }
}

TEST_F(FailingDisk, ReplacesAFolderWhereTwoNamesCannotBeSwapped) {
  for (const int error : {EINVAL, ENOSYS}) {
    make_older();
    const Outcome outcome = run_failing({"exchange", error}, 0);
    EXPECT_TRUE(fs::exists(told()));
    EXPECT_EQ(outcome.code, 0) << outcome.said;
    EXPECT_EQ(outcome.said, "");
    expect_complete(outcome);
    expect_nothing_left();
  }
}

// A file system of its own in a process's own tree of mounts.
class FullDisk : public FailingDisk {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << test::kNotRoot;
    fs::create_directory(disk());
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", disk().c_str(), "tmpfs", 0, "size=512k") != 0) {
      GTEST_SKIP() << test::kMachineLacks << "the right to mount";
    }
  }
  void TearDown() override { ::umount(disk().c_str()); }
};

TEST_F(FullDisk, LeavesOldOrNewHoweverMuchRoomThereIs) {
  int failed = 0;
  for (int room_k = 0; room_k <= 256; room_k += 4) {
    for (const auto& entry : fs::directory_iterator(disk())) fs::remove_all(entry.path());
    ASSERT_EQ(run("A", "").code, 0);
    fs::remove_all(disk() / "cache");
    const auto free_k = static_cast<std::int64_t>(fs::space(disk()).available / 1024);
    write_file(disk() / "filler",
               std::string(static_cast<std::size_t>(free_k - room_k) << 10, 'f'));
    const Outcome outcome = run("B", "");
    failed += outcome.code == 3 ? 1 : 0;
    SCOPED_TRACE(std::to_string(room_k) + "k: " + outcome.said);
    expect_complete(outcome);
    fs::remove(disk() / "filler");
    expect_nothing_left();
  }
  EXPECT_GT(failed, 3);
}

}  // namespace
}  // namespace co2net
