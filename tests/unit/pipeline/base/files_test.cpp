#include "pipeline/base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "pipeline/base/digest.h"
#include "tests/pipes.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/killed.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// The umask of the process while the object lives.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

TEST(WriteFile, MakesTheFileAndItsFoldersAndNothingElse) {
  const TempDir dir;
  const std::string bytes("a\0b", 3);
  write_file(dir.path() / "x" / "y" / "a.json", bytes);
  EXPECT_EQ(read_file(dir.path() / "x" / "y" / "a.json"), bytes);
  EXPECT_EQ(names_in(dir.path() / "x" / "y"), std::vector<std::string>{"a.json"});
  write_file(dir.path() / "x" / "y" / "a.json", "");
  EXPECT_EQ(read_file(dir.path() / "x" / "y" / "a.json"), "");
}

TEST(WriteFile, TakesTheLongestNameThatAFileMayHave) {
  const TempDir dir;
  const std::string name = std::string(250, 'n') + ".json";
  write_file(dir.path() / name, "x");
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{name});
}

TEST(WriteFile, FollowsTheUmask) {
  const TempDir dir;
  const Umask umask(027);
  write_file(dir.path() / "a", "x");
  write_folder_with(dir.path() / "b", [](const fs::path&) {});
  EXPECT_EQ(fs::status(dir.path() / "a").permissions(), fs::perms(0640));
  EXPECT_EQ(fs::status(dir.path() / "b").permissions(), fs::perms(0750));
}

TEST(WriteFile, WritesIntoAPipeThatIsThere) {
  const TempDir dir;
  const fs::path pipe = dir.path() / "pipe";
  const test::Fifo fifo(pipe);
  write_file(pipe, "through the pipe");
  EXPECT_EQ(fifo.read(), "through the pipe");
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"pipe"});
}

TEST(WriteFile, LeavesADeviceADevice) {
  write_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  test::expect_error(ErrorKind::kIo, {"/dev/full"}, [] { write_file("/dev/full", "x"); });
}

TEST(WriteFile, NamesThePathThatCannotBeWritten) {
  const TempDir dir;
  write_file(dir.path() / "file", "x");
  const fs::path below_a_file = dir.path() / "file" / "a";
  test::expect_error(ErrorKind::kIo, {(dir.path() / "file").string()},
                     [&] { write_file(below_a_file, "x"); });
  test::expect_error(ErrorKind::kIo, {dir.path().string()}, [&] { write_file(dir.path(), "x"); });
}

TEST(WriteFileWith, KeepsTheOldFileAndLeavesNoTemporaryWhenTheWriterFails) {
  const TempDir dir;
  write_file(dir.path() / "a.mkv", "old");
  const auto fail = [](const fs::path& temporary) {
    write_file(temporary, "half");
    throw Error(ErrorKind::kInput, "broken");
  };
  test::expect_error(ErrorKind::kInput, {"broken"},
                     [&] { write_file_with(dir.path() / "a.mkv", fail); });
  EXPECT_EQ(read_file(dir.path() / "a.mkv"), "old");
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"a.mkv"});
}

TEST(WriteFileWith, NamesWhatWasWantedWhereTheWriterNamesTheTemporary) {
  const TempDir dir;
  const auto fail_at = [](const fs::path& path) {
    throw Error(ErrorKind::kIo, path.string() + ": write: no room").in_stage("clips");
  };
  const auto fail_inside = [&](const fs::path& folder) { fail_at(folder / "a.mp4"); };
  const std::string file = (dir.path() / "wanted.mp4").string();
  const std::string folder = (dir.path() / "folder").string();
  test::expect_error(ErrorKind::kIo, {file + ": write: no room"},
                     [&] { write_file_with(file, fail_at); });
  test::expect_error(ErrorKind::kIo, {folder + "/a.mp4: write: no room"},
                     [&] { write_folder_with(folder, fail_inside); });
  EXPECT_EQ(test::failed_stage([&] { write_file_with(file, fail_at); }), "clips");
}

TEST(WriteFileWith, GivesTheWriterATemporaryOfTheSameSuffixInTheSameFolder) {
  const TempDir dir;
  fs::path given;
  write_file_with(dir.path() / "a.mkv", [&](const fs::path& temporary) {
    given = temporary;
    EXPECT_FALSE(fs::exists(dir.path() / "a.mkv"));
  });
  EXPECT_EQ(given.extension(), ".mkv");
  EXPECT_EQ(given.parent_path(), dir.path());
  EXPECT_TRUE(fs::exists(dir.path() / "a.mkv"));
}

TEST(WriteFileWith, GivesTheWriterAPipeThatIsThereItself) {
  const TempDir dir;
  const fs::path pipe = dir.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  write_file_with(pipe, [&](const fs::path& given) { EXPECT_EQ(given, pipe); });
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"pipe"});
}

TEST(WriteFolderWith, ReplacesTheFolderThatIsThere) {
  const TempDir dir;
  write_file(dir.path() / "flow" / "stale.png", "old");
  write_folder_with(dir.path() / "flow",
                    [](const fs::path& folder) { write_file(folder / "new.png", "new"); });
  EXPECT_EQ(names_in(dir.path() / "flow"), std::vector<std::string>{"new.png"});
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"flow"});
}

TEST(WriteFolderWith, TakesASlashAtTheEndOfAPath) {
  const TempDir dir;
  const fs::path path = dir.path() / "flow" / "";
  for (const char* name : {"first.png", "second.png"}) {
    write_folder_with(path, [&](const fs::path& folder) { write_file(folder / name, "x"); });
    EXPECT_EQ(names_in(path), std::vector<std::string>{name});
  }
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"flow"});
}

TEST(WriteFolderWith, KeepsTheOldFolderAndCleansUpWhenTheWriterFails) {
  const TempDir dir;
  write_file(dir.path() / "flow" / "old.png", "old");
  const auto fail = [](const fs::path& folder) {
    write_file(folder / "half.png", "half");
    throw Error(ErrorKind::kInput, "broken");
  };
  EXPECT_THROW(write_folder_with(dir.path() / "flow", fail), Error);
  EXPECT_EQ(names_in(dir.path() / "flow"), std::vector<std::string>{"old.png"});
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"flow"});
}

TEST(WriteFolderWith, LeavesAFolderInItsPlaceBesideWhichNothingCanBeWritten) {
  const TempDir dir;
  const fs::path path = dir.path() / "own";
  write_file(path / "old.png", "old");
  fs::permissions(path, fs::perms::all);
  fs::permissions(dir.path(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::group_read |
                                  fs::perms::others_exec | fs::perms::others_read);
  const auto is_replaced = [&] {
    expect_writable(path);
    write_folder_with(path, [](const fs::path& folder) { write_file(folder / "new.png", "new"); });
    return names_in(path) == std::vector<std::string>{"new.png"};
  };
  if (::geteuid() == 0) test::expect_as_nobody(is_replaced);
  const fs::path before = fs::current_path();
  fs::current_path(path);
  write_folder_with(".", [](const fs::path& folder) { write_file(folder / "newer.png", "new"); });
  EXPECT_EQ(names_in(path), std::vector<std::string>{"newer.png"});
  const auto fail = [](const fs::path&) { throw Error(ErrorKind::kInput, "broken"); };
  EXPECT_THROW(write_folder_with(".", fail), Error);
  EXPECT_EQ(names_in("."), std::vector<std::string>{"newer.png"}) << "what was there stays";
  fs::current_path(before);
}

// As on a file system that cannot swap two names, where a process was killed between two steps.
TEST(WriteFolderWith, PutsBackTheOldFolderThatAKilledWriterLeftAside) {
  const TempDir dir;
  const fs::path path = dir.path() / "flow";
  const fs::path aside = dir.path() / (".co2net-old." + sha256("flow").substr(0, 16));
  write_file(aside / "old.png", "old");
  const auto fail = [](const fs::path&) { throw Error(ErrorKind::kInput, "broken"); };
  EXPECT_THROW(write_folder_with(path, fail), Error);
  EXPECT_EQ(names_in(path), std::vector<std::string>{"old.png"});

  write_file(aside / "older.png", "older");
  write_folder_with(path, [](const fs::path& folder) { write_file(folder / "new.png", "new"); });
  EXPECT_EQ(names_in(path), std::vector<std::string>{"new.png"});
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"flow"});
}

TEST(WriteFile, RemovesWhatKilledWritersLeftBeside) {
  const TempDir dir;
  test::be_killed_after([&] {
    write_folder_with(dir.path() / "b", [](const fs::path& folder) {
      write_file(folder / "half", "half");
      test::die();
    });
  });
  ASSERT_EQ(names_in(dir.path()).size(), 1u);
  write_file(dir.path() / "a", "whole");
  EXPECT_EQ(names_in(dir.path()), std::vector<std::string>{"a"});
}

TEST(ReadFile, NamesTheFileThatIsAbsent) {
  test::expect_error(ErrorKind::kIo, {"/no/such/file"}, [] { read_file("/no/such/file"); });
}

TEST(NamesIn, AreSortedAndAFolderThatCannotBeReadIsNamed) {
  const TempDir dir;
  for (const char* name : {"b", "a", "c"}) write_file(dir.path() / name, "x");
  EXPECT_EQ(names_in(dir.path()), (std::vector<std::string>{"a", "b", "c"}));
  test::expect_error(ErrorKind::kIo, {(dir.path() / "none").string()},
                     [&] { names_in(dir.path() / "none"); });
}

TEST(ExpectOnlyIn, NamesTheFileThatIsNotOurs) {
  const TempDir dir;
  const auto is_ours = [](const std::string& name) { return name.starts_with("our"); };
  expect_only_in(dir.path() / "none", is_ours);
  write_file(dir.path() / "ours", "x");
  expect_only_in(dir.path(), is_ours);
  write_file(dir.path() / "theirs", "x");
  test::expect_error(ErrorKind::kInput, {dir.path().string(), "theirs"},
                     [&] { expect_only_in(dir.path(), is_ours); });
  test::expect_error(ErrorKind::kInput, {(dir.path() / "ours").string(), "is a file"},
                     [&] { expect_only_in(dir.path() / "ours", is_ours); });
}

TEST(TempDir, IsGoneWithItsContentsAtTheEnd) {
  fs::path path;
  {
    const TempDir dir;
    path = dir.path();
    write_file(path / "x" / "y", "z");
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace co2net
