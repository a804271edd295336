#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <sstream>

#include "pipeline/devices/device.h"
#include "tests/e2e/program.h"
#include "tests/pipes.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

Strings lines_of(const std::string& text) {
  Strings lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

using Keys = std::set<std::string>;

TEST(Run, DescribesVideosModelAndRecipeBesideTheSegments) {
  const Workplace here;
  const std::string clip = here.clip("videos/clip.mkv");
  const Outcome outcome = here.call("run", {here.path("videos")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json results = outcome.json();
  EXPECT_EQ(keys_of(results),
            (Keys{"errors", "final", "model", "recipe", "results", "schema", "version", "videos"}));
  EXPECT_EQ(results.at("schema"), "co2net.results/1");
  EXPECT_EQ(results.at("errors"), Json::object());
  EXPECT_EQ(results.at("recipe").at("fps"), 5);

  const Json& segments = results.at("results").at("clip");
  ASSERT_FALSE(segments.empty());
  for (const Json& segment : segments) {
    EXPECT_EQ(keys_of(segment), (Keys{"label", "score", "segment"}));
    const double start = segment.at("segment").at(0), end = segment.at("segment").at(1);
    EXPECT_LE(0, start);
    EXPECT_LT(start, end);
    EXPECT_LE(end, kFrames / 5.0);
  }

  const Json& video = results.at("videos").at("clip");
  EXPECT_EQ(video.at("path"), clip);
  EXPECT_EQ(video.at("frames"), kFrames);
  EXPECT_EQ(video.at("source_frames"), kFrames);
  EXPECT_EQ(video.at("fps"), 5.0);
  EXPECT_EQ(video.at("source_fps"), 5.0);
  EXPECT_EQ(video.at("duration"), kFrames / 5.0);
  EXPECT_EQ(video.at("snippets"), kSnippets);
  EXPECT_EQ(video.at("source_sha256").get<std::string>().size(), 64u);
  EXPECT_EQ(video.at("decode").at("complete"), true);
}

TEST(Run, SaysThatAModelIsUntrained) {
  const Workplace here;
  const Outcome outcome = here.call("run", {here.clip("clip.mkv")});
  EXPECT_EQ(outcome.json().at("model").at("status"), "untrained");
  EXPECT_TRUE(outcome.says("mean nothing"));
}

TEST(Run, SaysWhereTheNetworksRun) {
  const Workplace here;
  const Outcome outcome = here.call("run", {here.clip("clip.mkv")});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.says(!best_device().is_gpu() ? "no CUDA device: the networks run on the CPU"
                                                   : "the networks run on cuda ("))
      << outcome.err;
}

TEST(Run, PutsAnInputThatFailsIntoErrorsAndGoesOn) {
  const Workplace here;
  const Outcome outcome =
      here.call("run", {here.broken("a.mp4"), here.clip("clip.mkv"), here.path("absent.mp4")});
  EXPECT_EQ(outcome.code, 1);
  const Json results = outcome.json();
  EXPECT_EQ(keys_of(results.at("results")), (Keys{"clip"}));
  EXPECT_EQ(keys_of(results.at("errors")), (Keys{"a", "absent"}));
  EXPECT_FALSE(results.at("errors").at("a").at("stage").get<std::string>().empty());
  EXPECT_NE(results.at("errors").at("a").at("message"), "");
  EXPECT_EQ(results.at("errors").at("absent").at("stage"), "input");
  EXPECT_TRUE(outcome.says("a.mp4"));
  EXPECT_TRUE(outcome.says("absent.mp4"));
}

TEST(Run, FailFastStopsAtTheFirstInputThatFailsAndNamesThoseNotTried) {
  const Workplace here;
  const Strings inputs = {here.broken("a.mp4"), here.clip("clip.mkv"), here.broken("z.mp4"),
                          "--fail-fast"};
  const Outcome outcome = here.call("run", inputs);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.json().at("results"), Json::object());
  const Json errors = outcome.json().at("errors");
  EXPECT_EQ(keys_of(errors), (Keys{"a", "clip", "z"}));
  EXPECT_EQ(errors.at("a").at("stage"), "decode");
  for (const char* id : {"clip", "z"}) EXPECT_EQ(errors.at(id).at("stage"), "not tried");
  EXPECT_TRUE(outcome.says("2 inputs (clip, z)")) << outcome.err;
  EXPECT_EQ(lines_of(here.call("run", inputs + Strings{"--format", "jsonl"}).out).size(), 3u);
}

TEST(Run, KeepsVideosOfOneNameApart) {
  const Workplace here;
  here.clip("videos/a/clip.mkv", 16, 1);
  here.clip("videos/b/clip.mkv", 16, 2);
  here.clip("videos/b/other.mkv", 16, 3);
  const Json results = here.call("run", {here.path("videos")}).json();
  EXPECT_EQ(keys_of(results.at("results")), (Keys{"a/clip.mkv", "b/clip.mkv", "other"}));
  EXPECT_NE(results.at("videos").at("a/clip.mkv").at("source_sha256"),
            results.at("videos").at("b/clip.mkv").at("source_sha256"));
}

TEST(Run, WritesTheSameToAFileAsToStandardOutput) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const std::string printed = here.call("run", {clip}).out;
  EXPECT_FALSE(printed.empty());
  EXPECT_EQ(here.call("run", {clip, "-o", "-"}).out, printed);
  const fs::path file = here.path("new/folder/results.json");
  EXPECT_EQ(here.call("run", {clip, "-o", file}).out, "");
  EXPECT_EQ(read_file(file), printed);
}

TEST(Run, WritesIntoAPipeLineByLine) {
  const Workplace here;
  const fs::path pipe = here.path("pipe");
  const Fifo fifo(pipe);
  const Strings clips = {here.clip("a.mkv", 16), here.clip("b.mkv", 16)};
  const Outcome outcome = here.call(
      "run", clips + Strings{"--format", "csv", "--top-k", "1", "--compat", "clean", "-o", pipe});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string received = fifo.read();
  EXPECT_EQ(lines_of(received).size(), 3u) << received;
  EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(Run, WritesALineAVideoAsJsonl) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Json document = here.call("run", {clip}).json();
  const Outcome outcome = here.call("run", {clip, here.broken("a.mp4"), "--format", "jsonl"});
  EXPECT_EQ(outcome.code, 1);
  const Strings lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 2u);
  const Json first = Json::parse(lines[0]), second = Json::parse(lines[1]);
  EXPECT_EQ(first.at("id"), "clip");
  EXPECT_EQ(first.at("segments"), document.at("results").at("clip"));
  EXPECT_EQ(first.at("final"), document.at("final").at("clip"));
  EXPECT_EQ(first.at("video"), document.at("videos").at("clip"));
  EXPECT_EQ(keys_of(second), (Keys{"error", "id"}));
  EXPECT_EQ(keys_of(second.at("error")), (Keys{"message", "stage"}));
}

TEST(Run, AnswersEachPathOnStandardInputBeforeTheNextOne) {
  const Workplace here;
  Process program(here.arguments("run") + Strings{"-", "--format", "jsonl"});
  program.write(here.clip("videos/clip.mkv", 16) + "\n");
  EXPECT_EQ(Json::parse(program.read_line()).at("id"), "clip");
  program.write(here.broken("clip.mp4") + "\n");
  EXPECT_EQ(Json::parse(program.read_line()).at("id"), here.path("clip.mp4").string());
  program.write(here.path("videos").string() + "\n");  // the first again: it is done already
  program.close_input();
  EXPECT_EQ(program.read_line(), "");
  EXPECT_EQ(program.wait(), 1);
}

TEST(Run, TakesPathsOnStandardInputAsTheyAre) {
  const Workplace here;
  const std::string odd = here.clip("@odd\nname.mkv", 16);
  const fs::path before = fs::current_path();
  fs::current_path(here.path(""));
  const std::string list = "@odd\nname.mkv" + std::string(1, '\0');
  const Outcome streamed = here.call("run", {"-", "-0", "--format", "jsonl"}, list);
  const Outcome collected = here.call("run", {"-", "-0"}, list);
  fs::current_path(before);
  EXPECT_EQ(streamed.code, 0) << streamed.err;
  EXPECT_EQ(streamed.json().at("id"), "@odd\nname");
  EXPECT_EQ(collected.code, 0) << collected.err;
  EXPECT_EQ(keys_of(collected.json().at("results")), (Keys{"@odd\nname"}));
}

TEST(Run, ReadsAListOfPathsOfAnySystem) {
  const Workplace here;
  write_file(here.path("list.txt"), "\xEF\xBB\xBF" + here.clip("a.mkv", 16) + "\r\n\n" +
                                        here.clip("b.mkv", 16, 2) + " \n");
  const Json results = here.call("run", {"@" + here.path("list.txt").string()}).json();
  EXPECT_EQ(keys_of(results.at("results")), (Keys{"a", "b"}));
}

TEST(Run, QuotesCsvFields) {
  const Workplace here;
  const Outcome outcome =
      here.call("run", {here.clip("a,\"b\".mkv"), "--format", "csv", "--top-k", "1"});
  const Strings lines = lines_of(outcome.out);
  ASSERT_EQ(lines.size(), 2u) << outcome.err;
  EXPECT_EQ(lines[0], "id,label,score,start_s,end_s");
  EXPECT_EQ(lines[1].find("\"a,\"\"b\"\"\","), 0u) << lines[1];
  EXPECT_EQ(std::count(lines[1].begin(), lines[1].end(), ','), 5);
}

TEST(Run, KeepsTheBestSegmentsOnRequest) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const auto scores = [&](const Strings& options) {
    const Outcome outcome = here.call("run", Strings{clip} + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const Json results = outcome.json();
    std::vector<double> values;
    for (const Json& segment : results.at("results").at("clip")) {
      values.push_back(segment.at("score"));
    }
    return values;
  };
  std::vector<double> all = scores({});
  ASSERT_GT(all.size(), 3u);
  std::sort(all.rbegin(), all.rend());
  EXPECT_EQ(scores({"--top-k", "3"}), std::vector<double>(all.begin(), all.begin() + 3));
  const std::string median = Json(all[all.size() / 2]).dump();
  for (const double score : scores({"--min-score", median})) EXPECT_GE(score, all[all.size() / 2]);
  EXPECT_EQ(scores({"--min-score", "1000"}).size(), 0u);
  EXPECT_EQ(scores({"--min-score", "-1000"}).size(), all.size());
}

TEST(Run, ShardsHoldEveryVideoOnce) {
  const Workplace here;
  for (int i = 0; i < 6; ++i) here.clip("videos/" + std::to_string(i) + ".mkv", 16);
  std::multiset<std::string> ids;
  for (const std::string shard : {"0/3", "1/3", "2/3"}) {
    const Outcome outcome = here.call("run", {here.path("videos"), "--shard", shard});
    EXPECT_EQ(outcome.code, 0);
    for (const std::string& id : keys_of(outcome.json().at("results"))) ids.insert(id);
  }
  EXPECT_EQ(ids, (std::multiset<std::string>{"0", "1", "2", "3", "4", "5"}));
}

TEST(Run, WritesStatisticsOfEveryStage) {
  const Workplace here;
  const fs::path file = here.path("stats.json");
  here.call("run", {here.clip("clip.mkv"), "--stats", file});
  const Json stats = Json::parse(read_file(file));
  for (const char* stage : {"features", "localization", "proposals"}) {
    const Json& timing = stats.at("videos").at("clip").at("stages").at(stage);
    EXPECT_EQ(timing.at("hit"), false);
    EXPECT_GE(timing.at("seconds"), 0.0);
    EXPECT_TRUE(stats.at("stages").contains(stage));
  }
  const Json& extraction = stats.at("videos").at("clip").at("extraction");
  EXPECT_EQ(extraction.at("frames"), kFrames);
  EXPECT_EQ(extraction.at("snippets"), kSnippets);
  const auto expect_count = [&](const char* part, const char* rate, double count) {
    const Json& figures = extraction.at(part);
    EXPECT_NEAR(figures.at("seconds").get<double>() * figures.at(rate).get<double>(), count, 1e-6);
  };
  expect_count("decode", "frames_per_s", kFrames);
  expect_count("flow", "pairs_per_s", kFrames - 1);
  expect_count("networks", "clips_per_s", 2 * kSnippets);
}

TEST(Run, TakesWhatCouldBeDecodedUnlessItIsStrict) {
  const Workplace here;
  const std::string clip = here.clip("clip.mp4");
  std::string bytes = read_file(clip);
  std::fill_n(bytes.begin() + std::ssize(bytes) / 3, bytes.size() / 5, '\0');
  write_file(clip, bytes);

  const Outcome lenient = here.call("run", {clip});
  EXPECT_EQ(lenient.code, 0) << lenient.err;
  EXPECT_TRUE(lenient.says("decoding was not complete"));
  EXPECT_EQ(lenient.json().at("videos").at("clip").at("decode").at("complete"), false);

  const Outcome strict = here.call("run", {clip, "--strict"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_EQ(strict.json().at("errors").at("clip").at("stage"), "decode");
  EXPECT_EQ(strict.json().at("results"), Json::object());
}

TEST(Run, GivesUpOnAVideoAfterItsTime) {
  const Workplace here;
  const Outcome outcome = here.call("run", {here.clip("long.mkv"), "--timeout", "1e-6"});
  EXPECT_EQ(outcome.code, 1);
  const std::string message = outcome.json().at("errors").at("long").at("message");
  EXPECT_NE(message.find("timed out"), std::string::npos) << message;
}

TEST(Run, AVideoOfMoreFramesThanAllowedFailsAlone) {
  const Workplace here;
  const std::string longer = here.clip("longer.mkv", 33), shorter = here.clip("shorter.mkv", 32);
  const Outcome outcome = here.call("run", {longer, shorter, "--max-frames", "32"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(keys_of(outcome.json().at("results")), (Keys{"shorter"}));
  const std::string message = outcome.json().at("errors").at("longer").at("message");
  EXPECT_NE(message.find("more than 32 frames"), std::string::npos) << message;
  EXPECT_NE(message.find("--max-frames"), std::string::npos) << message;
}

TEST(Run, ReadsTheStreamThatIsAskedFor) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  EXPECT_EQ(here.call("run", {clip, "--stream", "0"}).out, here.call("run", {clip}).out);
  const Outcome none = here.call("run", {clip, "--stream", "7"});
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.json().at("errors").at("clip").at("message").get<std::string>().find("7"),
            std::string::npos);
}

TEST(Run, ResultsDoNotDependOnThreads) {
  const Workplace here;
  const Strings videos = {here.clip("a.mkv"), here.clip("b.mkv", 50, 2), "--no-cache"};
  const std::string one = here.call("run", videos + Strings{"--threads", "1"}).out;
  EXPECT_NE(one.find("\"label\""), std::string::npos);
  EXPECT_EQ(here.call("run", videos + Strings{"--threads", "4"}).out, one);
}

TEST(Run, CompatCleanKeepsASegmentAtTheFirstSnippetThatTheAuthorsCodeDrops) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  const auto segments = [&](const std::string& whose) {
    return here.call("run", {clip, "--compat", whose}).json().at("results").at("clip").size();
  };
  EXPECT_EQ(segments("authors"), 0u);
  EXPECT_GT(segments("clean"), 0u);
}

TEST(Run, SkipsAVideoShorterThanTheModelTakes) {
  const Workplace here;
  Json model = Json::parse(read_file(here.model() / "model.json"));
  model["min_snippets"] = kSnippets + 1;
  write_file(here.model() / "model.json", model.dump());
  const Strings clips = {here.clip("brief.mkv"), here.clip("longer.mkv", kFrames + 16)};
  const Outcome outcome = here.call("run", clips);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string why = "4 snippets, fewer than the model's min_snippets, 5";
  const Json videos = outcome.json().at("videos");
  EXPECT_EQ(outcome.json().at("results").at("brief"), Json::array());
  EXPECT_EQ(videos.at("brief").at("skipped"), why);
  EXPECT_FALSE(videos.at("longer").contains("skipped"));
  EXPECT_TRUE(outcome.says("brief.mkv: not localized: " + why)) << outcome.err;
  EXPECT_FALSE(outcome.says("longer.mkv: not localized")) << outcome.err;
  EXPECT_TRUE(here.call("run", clips).says("brief.mkv: not localized: " + why))
      << "of the cache's result too";

  const Json clean = here.call("run", clips + Strings{"--compat", "clean"}).json();
  EXPECT_NE(clean.at("results").at("brief"), Json::array());
  EXPECT_FALSE(clean.at("videos").at("brief").contains("skipped"));
}

TEST(Run, AFullDiskExitsWith3) {
  const Workplace here;
  for (const char* format : {"activitynet", "jsonl", "csv"}) {
    const Outcome outcome =
        here.call("run", {here.clip("clip.mkv", 16), "--format", format, "-o", "/dev/full"});
    EXPECT_EQ(outcome.code, 3) << format;
    EXPECT_TRUE(outcome.says("cannot write to /dev/full")) << outcome.err;
  }
}

TEST(Run, WarnsOfARecipeThatTheModelDidNotLearnFrom) {
  const Workplace here;
  const Outcome outcome =
      here.call("run", {here.clip("clip.mkv", 16), "--recipe-set", "flow.bound=15"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.says("flow.bound 20.0 -> 15")) << outcome.err;
  EXPECT_EQ(outcome.json().at("recipe").at("flow").at("bound"), 15);
}

TEST(Run, GivesTheSegmentsThatAProgramOfTheLibraryGets) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome library = shell("CO2NET_BUNDLE=" + shell_quoted(here.model()) +
                                " CO2NET_CLIP=" + shell_quoted(clip) + " " CO2NET_LOCALIZE_A_CLIP);
  EXPECT_EQ(library.code, 0) << library.out;
  const Outcome program =
      shell(std::string(CO2NET_PROGRAM) + " run --device cpu --log-level off --no-cache --model " +
            shell_quoted(here.model()) + " " + shell_quoted(clip));
  EXPECT_EQ(program.code, 0) << program.out;
  const Json segments = program.json().at("results").at("clip");
  EXPECT_FALSE(segments.empty());
  EXPECT_EQ(library.json(), segments);
}

}  // namespace
}  // namespace co2net::test
