#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "extractors/video/video_reader.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

std::size_t frames_in(const fs::path& video) {
  VideoReader reader(video, {.fps = ""});
  std::size_t frames = 0;
  while (reader.next() != nullptr) ++frames;
  return frames;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++found;
  }
  return found;
}

// A word of explain's line about a stage: "runs" or "skip".
std::string forecast(const Outcome& explained, const std::string& stage) {
  const std::size_t line = explained.out.find("  " + stage + " ");
  return line == std::string::npos ? "" : explained.out.substr(line + 16, 4);
}

TEST(Cache, ASecondRunComputesNothing) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome first = here.call("run", {clip});
  EXPECT_EQ(count(first.err, " miss "), 3u) << first.err;
  EXPECT_EQ(count(first.err, " hit"), 0u);
  const Outcome second = here.call("run", {clip});
  EXPECT_EQ(count(second.err, " miss "), 0u) << second.err;
  EXPECT_TRUE(second.says("proposals     hit"));
  EXPECT_EQ(second.out, first.out);
  EXPECT_TRUE(fs::exists(here.cache() / "CACHEDIR.TAG"));
}

TEST(Cache, KnowsAVideoByItsContent) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  here.call("run", {clip});
  fs::create_directory(here.path("moved"));
  fs::rename(clip, here.path("moved/renamed.mkv"));
  EXPECT_EQ(count(here.call("run", {here.path("moved/renamed.mkv")}).err, " miss "), 0u);
  const Outcome other = here.call("run", {here.clip("clip.mkv", kFrames, 2)});
  EXPECT_EQ(count(other.err, " miss "), 3u);
}

TEST(Cache, AChangedOptionRerunsOnlyWhatDependsOnIt) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  here.call("run", {clip});

  const Strings clean = {clip, "--compat", "clean"};
  const Outcome forecast_clean = here.call("explain", clean);
  EXPECT_EQ(forecast(forecast_clean, "features"), "skip") << forecast_clean.out;
  EXPECT_EQ(forecast(forecast_clean, "localization"), "skip");
  EXPECT_EQ(forecast(forecast_clean, "proposals"), "runs");
  EXPECT_NE(forecast_clean.out.find("compat \"authors\" -> \"clean\""), std::string::npos);
  const Outcome run_clean = here.call("run", clean);
  EXPECT_EQ(count(run_clean.err, " miss "), 1u) << run_clean.err;
  EXPECT_TRUE(run_clean.says("compat \"authors\" -> \"clean\""));

  const Strings bound = {clip, "--recipe-set", "flow.bound=15"};
  const Outcome forecast_bound = here.call("explain", bound);
  for (const char* stage : {"features", "localization", "proposals"}) {
    EXPECT_EQ(forecast(forecast_bound, stage), "runs") << forecast_bound.out;
  }
  EXPECT_NE(forecast_bound.out.find("flow.bound 20.0 -> 15"), std::string::npos)
      << forecast_bound.out;
  EXPECT_EQ(count(here.call("run", bound).err, " miss "), 3u);
}

TEST(Cache, ExplainSaysWhatRunWouldDoAndDoesNothing) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome fresh = here.call("explain", {clip});
  EXPECT_EQ(fresh.code, 0) << fresh.err;
  EXPECT_EQ(count(fresh.out, "runs  never computed"), 3u) << fresh.out;
  EXPECT_EQ(here.entries("features"), 0);
  here.call("run", {clip});
  EXPECT_EQ(count(here.call("explain", {clip}).out, "skip"), 3u);
  here.cache_call({"clear"});
  const Outcome cleared = here.call("explain", {clip, "--keep", "flow"});
  EXPECT_EQ(forecast(cleared, "flow"), "runs") << cleared.out;
}

TEST(Cache, NoCacheKeepsAndReusesNothing) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Strings arguments = {"run", clip, "--model", here.model(), "--no-cache"};
  ::setenv("XDG_CACHE_HOME", here.path("home").c_str(), 1);
  const Outcome first = co2net(arguments);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_FALSE(fs::exists(here.path("home")));
  EXPECT_EQ(count(co2net(arguments).err, " hit"), 0u);
  EXPECT_EQ(here.call("run", {clip}).out, first.out);
}

TEST(Cache, LiesInTheUsersCacheFolderByDefault) {
  const Workplace here;
  ::setenv("XDG_CACHE_HOME", here.path("home").c_str(), 1);
  co2net({"run", here.clip("clip.mkv", 16), "--model", here.model()});
  EXPECT_TRUE(fs::exists(here.path("home/co2net/CACHEDIR.TAG")));
}

TEST(Cache, ComputesDamagedEntriesAnew) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome whole = here.call("run", {clip, "--keep", "frames"});
  for (const fs::path& entry : files_below(here.cache(), ".entry")) {
    fs::resize_file(entry, fs::file_size(entry) - 1);
  }
  const Outcome again = here.call("run", {clip, "--keep", "frames"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, whole.out);
  EXPECT_GE(count(again.err, "computed anew"), 3u) << again.err;
  EXPECT_EQ(here.cache_call({"verify"}).code, 0);
}

TEST(Cache, VerifyNamesAndDeletesDamagedEntries) {
  const Workplace here;
  here.call("run", {here.clip("clip.mkv", 16), "--keep", "flow"});
  EXPECT_EQ(here.cache_call({"verify"}).out, "");
  const fs::path video = files_below(here.cache(), ".mkv").at(0);
  std::string bytes = read_file(video);
  bytes[bytes.size() / 2] ^= 1;
  write_file(video, bytes);
  const Outcome verified = here.cache_call({"verify"});
  EXPECT_EQ(verified.code, 1);
  EXPECT_EQ(verified.out, fs::path(video).replace_extension(".entry").string() + "\n");
  EXPECT_FALSE(fs::exists(video));
  EXPECT_EQ(here.cache_call({"verify"}).code, 0);
}

TEST(Cache, CountsShrinksAndClears) {
  const Workplace here;
  here.call("run", {here.clip("a.mkv", 16), here.clip("b.mkv", 16, 2)});
  const Json stat = here.cache_call({"stat"}).json();
  EXPECT_EQ(stat.at("directory"), here.cache().string());
  EXPECT_EQ(stat.at("stages").at("features").at("entries"), 2);
  std::int64_t bytes = 0;
  for (const fs::path& entry : files_below(here.cache(), ".entry")) {
    bytes += static_cast<std::int64_t>(fs::file_size(entry));
  }
  EXPECT_EQ(stat.at("bytes"), bytes);

  EXPECT_EQ(here.cache_call({"gc", "--max-size", "9999999T"}).code, 0);
  EXPECT_EQ(here.cache_call({"stat"}).json().at("bytes"), bytes);
  const Json garbage = here.cache_call({"stat", "--max-size", "4K"}).json().at("garbage");
  EXPECT_GT(garbage.at("entries"), 0);
  EXPECT_EQ(here.cache_call({"gc", "--max-size", "4K"}).code, 0);
  const Json shrunk = here.cache_call({"stat"}).json();
  EXPECT_EQ(shrunk.at("bytes"), bytes - garbage.at("bytes").get<std::int64_t>());
  EXPECT_LE(shrunk.at("bytes"), 4096);
  EXPECT_GT(shrunk.at("entries"), 0);
  EXPECT_EQ(here.cache_call({"clear"}).code, 0);
  EXPECT_EQ(here.cache_call({"stat"}).json().at("entries"), 0);
}

TEST(Cache, KeepsFramesAndFlowAsVideosWithoutChangingResults) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome plain = here.call("run", {clip});
  EXPECT_EQ(files_below(here.cache(), ".mkv").size(), 0u);
  here.cache_call({"clear"});
  const Outcome kept = here.call("run", {clip, "--keep", "frames", "--keep", "flow"});
  EXPECT_EQ(kept.out, plain.out);
  const std::vector<fs::path> videos = files_below(here.cache(), ".mkv");
  ASSERT_EQ(videos.size(), 2u);
  for (const fs::path& video : videos) EXPECT_EQ(frames_in(video), kFrames * 1u);

  const Outcome again = here.call("run", {clip, "--keep", "frames", "--keep", "flow"});
  EXPECT_EQ(count(again.err, " miss "), 0u) << again.err;
}

TEST(Cache, KeptFlowIsReadInsteadOfSolved) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Strings full_crop = {clip, "--recipe-set", "crop=full"};
  const Outcome solved = here.call("run", full_crop + Strings{"--no-cache"});
  here.call("run", {clip, "--keep", "flow"});
  const fs::path stats = here.path("stats.json");
  const Outcome read = here.call("run", full_crop + Strings{"--stats", stats});
  EXPECT_EQ(read.out, solved.out);
  const Json stages = Json::parse(read_file(stats)).at("videos").at("clip").at("stages");
  EXPECT_EQ(stages.at("flow").at("hit"), true);
  EXPECT_EQ(stages.at("features").at("hit"), false);
}

TEST(Cache, IsSharedByTheCpuAndADeviceOfOpenCls) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome on_device = here.call("run", {clip, "--device", "opencl:0"});
  if (on_device.says(kNoOpenCl)) GTEST_SKIP() << kNoOpenCl;
  EXPECT_EQ(on_device.code, 0) << on_device.err;
  EXPECT_TRUE(on_device.says("flow runs on opencl:0 (")) << on_device.err;
  const Outcome on_cpu = here.call("run", {clip, "--device", "cpu"});
  EXPECT_EQ(count(on_cpu.err, " miss "), 0u) << on_cpu.err;
  EXPECT_EQ(on_cpu.out, on_device.out);
  EXPECT_EQ(here.call("run", {clip, "--device", "cpu", "--no-cache"}).out, on_device.out);
}

TEST(Cache, ProcessesThatShareItComputeAVideoOnce) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const fs::path stats[] = {here.path("first.json"), here.path("second.json")};
  const auto arguments = [&](const fs::path& file) {
    return here.arguments("run") + Strings{clip, "--stats", file};
  };
  Process first(arguments(stats[0])), second(arguments(stats[1]));
  EXPECT_EQ(first.read_line(), second.read_line());
  EXPECT_EQ(first.wait(), 0);
  EXPECT_EQ(second.wait(), 0);
  const auto hits = [](const fs::path& file) {
    const Json videos = Json::parse(read_file(file)).at("videos");
    return videos.at("clip").at("stages").at("proposals").at("hit") == true ? 1 : 0;
  };
  EXPECT_EQ(hits(stats[0]) + hits(stats[1]), 1);
}

TEST(Cache, ACacheThatCannotBeWrittenIsAWarning) {
  const Workplace here;
  write_file(here.path("file"), "not a folder");
  const Outcome outcome = co2net({"run", here.clip("clip.mkv", 16), "--model", here.model(),
                                  "--cache", here.path("file/cache")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count(outcome.err, "results are not kept"), 1u) << outcome.err;
  EXPECT_EQ(outcome.json().at("results").size(), 1u);
}

TEST(Cache, AReadOnlyCacheStillReads) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  const Outcome first = here.call("run", {clip});
  run_shell("chmod -R a-w " + shell_quoted(here.cache()));
  const Outcome second = here.call("run", {clip});
  run_shell("chmod -R u+w " + shell_quoted(here.cache()));
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(count(second.err, " miss "), 0u);
}

// A run of a long video that has saved some of its features, but not all.
class InterruptedRun : public testing::Test {
 protected:
  // Until the short video is done and the long one's features are there in part.
  void wait_for_checkpoint() {
    program_.wait_until([this] {
      return here_.entries("proposals") == 1 && here_.entries("features.checkpoint") > 0;
    });
    ASSERT_EQ(here_.entries("features"), 1) << "the long video is too short to be interrupted";
  }

  Strings without_cache() const { return {"run", short_, long_, "--model", here_.model()}; }

  const Workplace here_;
  const std::string short_ = here_.clip("a.mkv", 16);
  const std::string long_ = here_.clip("b.mkv", 320);
  const std::string output_ = here_.path("results.json"), stats_ = here_.path("done.json");
  Process program_{here_.arguments("run") +
                   Strings{short_, long_, "--checkpoint", "0", "-o", output_, "--stats", stats_}};
};

TEST_F(InterruptedRun, GoesOnFromTheLastCheckpointAfterAKill) {
  wait_for_checkpoint();
  program_.send(SIGKILL);
  EXPECT_EQ(program_.wait(), -SIGKILL);
  EXPECT_FALSE(fs::exists(output_));

  const fs::path stats = here_.path("stats.json");
  const Outcome resumed = here_.call("run", {short_, long_, "--stats", stats});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_FALSE(resumed.says("computed anew")) << resumed.err;
  const Json videos = Json::parse(read_file(stats)).at("videos");
  EXPECT_EQ(videos.at("a").at("stages").at("proposals").at("hit"), true);
  EXPECT_EQ(videos.at("b").at("stages").at("features").at("hit"), false);
  EXPECT_EQ(resumed.out, co2net(without_cache() + Strings{"--no-cache"}).out);
  for (const char* stage : {"features", "localization", "proposals"}) {
    EXPECT_EQ(here_.entries(stage), 2) << stage;
  }
  EXPECT_EQ(here_.entries("features.checkpoint"), 0);
}

TEST_F(InterruptedRun, ExitsWith130AndLeavesNoOutputFileButTheStatisticsOfWhatWasDone) {
  wait_for_checkpoint();
  program_.send(SIGINT);
  EXPECT_EQ(program_.wait(), 130);
  const Json videos = Json::parse(read_file(stats_)).at("videos");
  EXPECT_TRUE(videos.at("a").at("stages").contains("proposals"));
  EXPECT_FALSE(videos.contains("b"));
  for (const auto& file : fs::directory_iterator(here_.path(""))) {
    EXPECT_EQ(file.path().filename().string().find("results"), std::string::npos) << file.path();
  }
}

}  // namespace
}  // namespace co2net::test
