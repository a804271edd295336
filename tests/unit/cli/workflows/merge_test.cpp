#include "cli/workflows/merge.h"

#include <gtest/gtest.h>

#include <utility>

#include "cli/workflows/stats.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "postprocess/exporters.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

class Merge : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  fs::path file(const std::string& name, const std::string& bytes) const {
    write_file(path(name), bytes);
    return path(name);
  }

  // Features or scores of an id, with their sidecar.
  void array(const std::string& name, float value, const std::string& bound = "20",
             const std::string& video = "v") const {
    const bool is_features = name.ends_with(".npy");
    const Array values = {{1, 2}, {value, value}};
    const std::string bytes = is_features ? format_npy(values) : format_npz({{"cas", values}});
    const fs::path beside = is_features ? fs::path(path(name)).replace_extension(".json")
                                        : fs::path(path(name).string() + ".json");
    file(name, bytes);
    write_file(beside, R"({"schema": "co2net.)" + std::string(is_features ? "features" : "scores") +
                           R"(/1", "recipe": {"bound": )" + bound + R"(}, "video": {"path": ")" +
                           video + "\"}}");
  }

  Merged merge(const Strings& parts, const std::string& output,
               const std::vector<Input>& inputs = {}) const {
    MergeJob job;
    for (const std::string& part : parts) job.parts.push_back(path(part));
    if (!output.empty()) job.output = path(output);
    job.inputs = inputs;
    return merge_parts(job);
  }

  void expect_refused(ErrorKind kind, const Strings& parts, const std::string& output,
                      const Strings& words) const {
    test::expect_error(kind, words, [&] { merge(parts, output); });
  }

 private:
  const TempDir dir_;
};

std::string line(const std::string& id) { return jsonl_line(VideoResult{id, {}, Json::object()}); }

TEST_F(Merge, NamesWhatIsMissingOrFailedInTheInputsOrder) {
  file("0", line("c") + jsonl_line(VideoError{"b", "decode", "broken"}));
  file("1", line("extra"));
  const test::LogCapture log;
  const Merged merged =
      merge({"0", "1"}, "all", {{"v/d.mp4", "d"}, {"v/c.mp4", "c"}, {"v/b.mp4", "b"}});
  EXPECT_EQ(ids_of(merged.missing), (Strings{"d", "b"}));
  EXPECT_EQ(merged.failed, Strings{"b"});
  EXPECT_EQ(merged.not_inputs, Strings{"extra"});
  EXPECT_EQ(merged.videos, 2u);
  EXPECT_FALSE(merged.is_complete());
  EXPECT_EQ(read_file(path("all")),
            line("c") + jsonl_line(VideoError{"b", "decode", "broken"}) + line("extra"));
  for (const char* words : {"failed: 1 video (b)", "missing: 1 video (d)", "extra"}) {
    EXPECT_NE(log.lines().find(words), std::string::npos) << log.lines();
  }
  EXPECT_EQ(list_of(merged.missing, false), "v/d.mp4\nv/b.mp4\n");
  EXPECT_EQ(list_of(merged.missing, true), std::string("v/d.mp4\0v/b.mp4\0", 16));
}

TEST_F(Merge, IsCompleteWhereEveryInputHasAResult) {
  file("0", line("a"));
  EXPECT_TRUE(merge({"0"}, "all", {{"v/a.mp4", "a"}}).is_complete());
  EXPECT_TRUE(merge({"0"}, "all").is_complete());
  const Merged merged = merge({"0"}, "");
  EXPECT_EQ(merged.text, line("a"));
}

TEST_F(Merge, RefusesPartsOfOtherInputs) {
  file("0", line("v_a"));
  test::expect_error(ErrorKind::kInput, {"v_a", "1 input"}, [&] {
    merge({"0"}, "all", {{"a.mp4", "a"}});
  });
  EXPECT_FALSE(fs::exists(path("all")));
}

TEST_F(Merge, SaysWhereTheListOfTheMissingGivesOtherIds) {
  const test::LogCapture log;
  EXPECT_EQ(list_of({{"/v/x/a.mp4", "x/a.mp4"}}, false), "/v/x/a.mp4\n");
  EXPECT_NE(log.lines().find("x/a.mp4"), std::string::npos);
  test::expect_error(ErrorKind::kUsage, {"-0"}, [] { list_of({{"a\nb.mp4", "a\nb"}}, false); });
}

TEST_F(Merge, GathersFoldersOfFeaturesAndOfScores) {
  array("0/a.npy", 1);
  array("0/sub/b.mp4.npy", 2);
  array("1/c.npy", 3);
  array("1/a.npy", 1);
  array("s/a.npz", 4);
  fs::create_directory(path("empty"));
  EXPECT_EQ(merge({"0", "1", "empty"}, "all").videos, 3u);
  for (const auto& [from, to] : {std::pair{"1/a.npy", "a.npy"},
                                 {"0/sub/b.mp4.npy", "sub/b.mp4.npy"},
                                 {"1/c.npy", "c.npy"}}) {
    EXPECT_EQ(read_file(path("all") / to), read_file(path(from)));
  }
  EXPECT_EQ(read_file(path("all/sub/b.mp4.json")), read_file(path("0/sub/b.mp4.json")));
  merge({"s"}, "scores");
  EXPECT_EQ(read_file(path("scores/a.npz.json")), read_file(path("s/a.npz.json")));
}

TEST_F(Merge, LeavesOutWhatWasNotFinished) {
  array("0/a.npy", 1);
  file("0/b.json", "{}");
  file("0/.co2net-1234.npy", "half");
  file("0/notes.txt", "mine");
  fs::create_directory_symlink(path("0"), path("0/round"));
  const test::LogCapture log;
  const Merged merged = merge({"0"}, "all", {{"b.mp4", "b"}, {"a.mp4", "a"}});
  EXPECT_EQ(ids_of(merged.missing), Strings{"b"});
  EXPECT_EQ(names_in(path("all")), (Strings{"a.json", "a.npy"}));
  EXPECT_NE(log.lines().find("1 file (b.json)"), std::string::npos) << log.lines();
}

TEST_F(Merge, RefusesArraysThatDiffer) {
  array("0/a.npy", 1);
  array("1/a.npy", 2);
  array("2/b.npy", 2, "15");
  array("3/a.npy", 1, "20", "w");
  expect_refused(ErrorKind::kInput, {"0", "1"}, "all", {"1/a.npy", "0/a.npy", "their numbers"});
  expect_refused(ErrorKind::kInput, {"0", "2"}, "all", {"2/b.npy", "recipe.bound 20 -> 15"});
  expect_refused(ErrorKind::kInput, {"0", "3"}, "all", {"video.path"});
  EXPECT_FALSE(fs::exists(path("all")));
}

TEST_F(Merge, NeverReplacesAPartNorAFolderOfOtherThings) {
  array("all/0/a.npy", 1);
  expect_refused(ErrorKind::kUsage, {"all/0"}, "all", {"would replace"});
  expect_refused(ErrorKind::kUsage, {"all/0"}, "all/0", {"overwrite"});
  file("other/sub/thesis.tex", "text");
  expect_refused(ErrorKind::kInput, {"all/0"}, "other", {"thesis.tex"});
  EXPECT_EQ(read_file(path("other/sub/thesis.tex")), "text");
  array("beside/b.npy", 2);
  file("beside/results.json", "{}");
  expect_refused(ErrorKind::kInput, {"all/0"}, "beside", {"results.json"});
  EXPECT_TRUE(fs::exists(path("all/0/a.npy")));
  expect_refused(ErrorKind::kUsage, {"all/0"}, "absent/../all", {"would replace"});
  file("0.jsonl", line("a"));
  expect_refused(ErrorKind::kUsage, {"0.jsonl"}, "0.jsonl", {"overwrite"});
  expect_refused(ErrorKind::kUsage, {"0.jsonl"}, "absent/../0.jsonl", {"overwrite"});
}

TEST_F(Merge, RefusesArraysThatAreBrokenOff) {
  array("0/a.npy", 1);
  array("0/b.npz", 1);
  for (const char* name : {"a.npy", "b.npz"}) {
    const std::string whole = read_file(path("0") / name);
    for (const std::size_t size : {std::size_t{0}, whole.size() - 1}) {
      write_file(path("0") / name, whole.substr(0, size));
      expect_refused(ErrorKind::kInput, {"0"}, "all", {name});
    }
    write_file(path("0") / name, whole);
  }
  EXPECT_EQ(merge({"0"}, "all").videos, 2u);
}

TEST_F(Merge, RefusesFoldersInWhichThereIsNothingToMerge) {
  array("0/a.npy", 1);
  array("full/a.npy", 1);
  file("subtitles/a.vtt", "WEBVTT");
  fs::create_directory(path("empty"));
  expect_refused(ErrorKind::kInput, {"0", "subtitles"}, "all", {"subtitles", "no features"});
  expect_refused(ErrorKind::kInput, {"empty"}, "full", {"no features"});
  EXPECT_TRUE(fs::exists(path("full/a.npy")));
}

TEST_F(Merge, RefusesPartsOfDifferentKinds) {
  array("0/a.npy", 1);
  file("1", line("a"));
  file("2", R"({"schema": "co2net.stats/1"})");
  expect_refused(ErrorKind::kUsage, {"0", "1"}, "all", {"files and folders"});
  expect_refused(ErrorKind::kUsage, {"0"}, "", {"-o DIR"});
  expect_refused(ErrorKind::kInput, {"1", "absent"}, "all", {"absent"});
  expect_refused(ErrorKind::kInput, {"2"}, "all", {"2", "'seconds'"});
  file("3", R"({"schema": "co2net.stats/1", "seconds": 1, "peak_rss_bytes": 1, "stages": {},)"
            R"( "videos": {}})");
  expect_refused(ErrorKind::kUsage, {"3", "1"}, "all", {"statistics"});
}

Json stats(double seconds, int peak, double flow_s, double rate, bool hit, const char* id) {
  return {{"schema", "co2net.stats/1"},
          {"seconds", seconds},
          {"peak_rss_bytes", peak},
          {"stages", {{"features", seconds}}},
          {"videos",
           {{id,
             {{"stages", {{"features", {{"hit", hit}, {"seconds", seconds}}}}},
              {"extraction",
               {{"frames", 8}, {"flow", {{"seconds", flow_s}, {"pairs_per_s", rate}}}}}}}}}};
}

TEST_F(Merge, AddsStatisticsUp) {
  file("0", to_text(stats(1.5, 10, 1, 4, true, "a")));
  file("1", to_text(stats(2, 30, 3, 8, false, "a")));
  file("2", to_text(stats(0.5, 20, 0, 0, false, "b")));
  EXPECT_EQ(merge({"0", "1", "2"}, "all").videos, 2u);
  Json want = stats(3.5, 30, 4, 7, false, "a");
  want["seconds"] = 4.0;
  want["stages"]["features"] = 4.0;
  want["videos"]["b"] = stats(0.5, 20, 0, 0, false, "b")["videos"]["b"];
  EXPECT_EQ(Json::parse(read_file(path("all"))), want);
}

TEST_F(Merge, ReadsOneFileAsItIsAndSeveralAsOne) {
  file("foreign", "{\"results\": {\"a\": []},\n \"external_data\": {}}");
  EXPECT_EQ(read_results({path("foreign")}), read_file(path("foreign")));
  file("0", line("b"));
  file("1", line("a"));
  EXPECT_EQ(read_results({path("0"), path("1")}), line("a") + line("b"));
  EXPECT_EQ(name_of({path("0"), path("1"), path("2")}), path("0").string() + " and 2 others");
}

}  // namespace
}  // namespace co2net
