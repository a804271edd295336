#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

Json read_json(const fs::path& path) { return Json::parse(read_file(path)); }

// Six videos and one that is none.
class Share : public testing::Test {
 protected:
  Share() {
    for (int i = 0; i < 6; ++i) here_.clip(video(std::to_string(i) + ".mkv"), kFrames, i);
    here_.broken(video("broken.mkv"));
  }

  static std::string video(const std::string& name) { return "videos/" + name; }
  std::string videos() const { return here_.path("videos"); }
  std::string path(const std::string& name) const { return here_.path(name); }

  // Two processes at once that differ in where they write.
  void run_two(const std::string& command, const Strings& first, const Strings& second,
               int code) const {
    const Strings alike = here_.arguments(command) + Strings{videos(), "--share"};
    Process one(alike + first), other(alike + second);
    EXPECT_EQ(one.wait(), code);
    EXPECT_EQ(other.wait(), code);
  }

  // The same without a cache.
  Outcome by_itself(const std::string& command, const Strings& arguments) const {
    return co2net(Strings{command, "--model", here_.model(), "--no-cache"} + arguments);
  }

  const Workplace here_;
};

// How many of the processes with these statistics computed a stage of a video.
int computed(const Strings& stats, const std::string& id, const std::string& stage) {
  int times = 0;
  for (const std::string& file : stats) {
    const Json stages = read_json(file).at("videos").at(id).at("stages");
    if (stages.contains(stage) && stages.at(stage).at("hit") == false) ++times;
  }
  return times;
}

TEST_F(Share, ComputesEachVideoOnceAndEachProcessWritesTheBytesOfOneProcess) {
  const Strings stats = {path("stats.json"), path("stats2.json")};
  run_two("run", {"--stats", stats[0], "-o", path("part.json")},
          {"--stats", stats[1], "-o", path("part2.json")}, 1);
  for (int i = 0; i < 6; ++i) {
    for (const char* stage : {"features", "localization", "proposals"}) {
      EXPECT_EQ(computed(stats, std::to_string(i), stage), 1) << i << " " << stage;
    }
  }
  const std::string whole = by_itself("run", {videos()}).out;
  EXPECT_EQ(read_file(path("part.json")), whole);
  EXPECT_EQ(read_file(path("part2.json")), whole);
  const Outcome merged =
      co2net({"merge", path("part.json"), path("part2.json"), "--inputs", videos()});
  EXPECT_EQ(merged.out, whole);
  EXPECT_EQ(here_.call("run", {videos()}).out, whole) << "and is collected from the cache";
}

TEST_F(Share, WritesOneFolderTogether) {
  run_two("extract", {"-o", path("features")}, {"-o", path("features")}, 1);
  by_itself("extract", {videos(), "-o", path("whole")});
  const std::vector<fs::path> files = files_below(path("whole"));
  ASSERT_EQ(files.size(), 12u);
  ASSERT_EQ(files_below(path("features")).size(), 12u);
  for (const fs::path& file : files) {
    EXPECT_EQ(read_file(here_.path("features") / file.filename()), read_file(file)) << file;
  }
}

TEST_F(Share, LeavesAloneWhatAnotherWroteIntoAFolder) {
  const Strings arguments = {videos(), "-o", path("features"), "--share"};
  here_.call("extract", arguments);
  const auto inode = [&] {
    struct stat file {};
    EXPECT_EQ(::stat(path("features/3.npy").c_str(), &file), 0);
    return file.st_ino;
  };
  const auto before = inode();
  here_.call("extract", arguments);
  EXPECT_EQ(inode(), before);
  write_file(path("features/3.npy"), "damaged");
  here_.call("extract", arguments);
  by_itself("extract", {videos(), "-o", path("whole")});
  EXPECT_EQ(read_file(path("features/3.npy")), read_file(path("whole/3.npy")));
}

TEST_F(Share, DividesAShareOfTheInputs) {
  fs::remove(path("videos/broken.mkv"));
  run_two("run", {"--shard", "0/2", "-o", path("part.json")},
          {"--shard", "0/2", "-o", path("part2.json")}, 0);
  const std::string share = by_itself("run", {videos(), "--shard", "0/2"}).out;
  EXPECT_EQ(read_file(path("part.json")), share);
  EXPECT_EQ(read_file(path("part2.json")), share);
}

TEST_F(Share, LocalizesAndProposesTogether) {
  fs::remove(path("videos/broken.mkv"));
  here_.call("extract", {videos(), "-o", path("features")});
  const auto expect_same = [&](const std::string& command, const Strings& arguments) {
    const Strings alike = here_.arguments(command) + arguments + Strings{"--share"};
    Process one(alike + Strings{"-o", path("part.json")});
    Process other(alike + Strings{"-o", path("part2.json")});
    EXPECT_EQ(one.wait(), 0);
    EXPECT_EQ(other.wait(), 0);
    const std::string whole = by_itself(command, arguments).out;
    EXPECT_EQ(read_file(path("part.json")), whole) << command;
    EXPECT_EQ(read_file(path("part2.json")), whole) << command;
  };
  expect_same("localize", {path("features"), "--threads", "3", "--save-scores", path("scores")});
  expect_same("propose", {path("scores")});
}

TEST_F(Share, NeedsACacheThatCanBeWritten) {
  const Outcome without = by_itself("run", {videos(), "--share"});
  EXPECT_EQ(without.code, 2);
  EXPECT_TRUE(without.says("leave out --no-cache")) << without.err;
  write_file(path("file"), "not a folder");
  const Outcome unwritable =
      co2net({"run", videos(), "--share", "--model", here_.model(), "--cache", path("file/cache")});
  EXPECT_EQ(unwritable.code, 3) << unwritable.err;
  EXPECT_TRUE(unwritable.says("claim ")) << unwritable.err;
  EXPECT_EQ(unwritable.out, "");
}

TEST_F(Share, IsRefusedWhereThereAreNoLocks) {
  const std::string cache = shell_quoted(here_.cache());
  const Outcome outcome =
      shell("FAIL_CALL=lock FAIL_NTH=0 FAIL_ERRNO=" + std::to_string(ENOLCK) +
            " FAIL_BELOW=" + cache + " FAIL_TOLD=" + shell_quoted(path("told")) + " LD_PRELOAD=" +
            shell_quoted(CO2NET_FAILING_DISK) + " " + CO2NET_PROGRAM + " run --share --cache " +
            cache + " --model " + shell_quoted(here_.model()) + " " + shell_quoted(videos()));
  EXPECT_EQ(outcome.code, 3) << outcome.out;
  EXPECT_NE(outcome.out.find("its file system has no locks"), std::string::npos) << outcome.out;
}

TEST_F(Share, RefusesAPageThatSeveralWouldWrite) {
  const Outcome outcome = here_.call(
      "run", {videos(), "--share", "-o", path("results.json"), "--report", path("report")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("co2net report")) << outcome.err;
}

// The first video is a pipe into which nobody writes, which holds up who works on it.
class ShareWithOneThatDies : public testing::TestWithParam<const char*> {
 protected:
  ShareWithOneThatDies() {
    fs::create_directory(here_.path("videos"));
    EXPECT_EQ(::mkfifo(first_.c_str(), 0600), 0);
    for (const char* name : {"videos/b.mkv", "videos/c.mkv"}) here_.clip(name, kFrames, name[7]);
  }

  Strings videos() const {
    return {first_, here_.path("videos/b.mkv"), here_.path("videos/c.mkv")};
  }
  bool is_claimed() const {
    return fs::exists(here_.cache() / "v1/locks") && !fs::is_empty(here_.cache() / "v1/locks");
  }
  // The pipe becomes a video.
  void replace_first() const { fs::rename(here_.clip("new.mkv"), first_); }

  const Workplace here_;
  const std::string first_ = here_.path("videos/a.mkv");
};

TEST_P(ShareWithOneThatDies, TakesOverItsVideoAndWritesInTheOrderOfTheInputs) {
  const Strings alike =
      here_.arguments("run") + videos() + Strings{"--share", "--format", GetParam()};
  Process dying(alike);
  dying.wait_until([&] { return is_claimed(); });
  const std::string results = here_.path("results"), log = here_.path("log");
  const int to_log = ::open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Process other(alike + Strings{"-o", results}, to_log);
  other.wait_until([&] { return read_file(log).find("waiting for them") != std::string::npos; });
  EXPECT_EQ(here_.entries("proposals"), 2);
  EXPECT_FALSE(fs::exists(results));

  replace_first();
  dying.send(SIGKILL);
  EXPECT_EQ(dying.wait(), -SIGKILL);
  EXPECT_EQ(other.wait(), 0) << read_file(log);
  ::close(to_log);
  EXPECT_EQ(here_.entries("proposals"), 3);
  const Strings again = {"run", "--model", here_.model(), "--no-cache", "--format", GetParam()};
  EXPECT_EQ(read_file(results), co2net(again + videos()).out);
}

INSTANTIATE_TEST_SUITE_P(Formats, ShareWithOneThatDies,
                         testing::Values("activitynet", "jsonl", "csv"));

}  // namespace
}  // namespace co2net::test
