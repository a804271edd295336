#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <set>

#include "pipeline/datasets/bundle.h"
#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"
#include "tests/pipes.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

constexpr int kVideos = 12, kTrainingVideos = 8, kFeatureSize = 16;

// In video i, class i % 2 lasts over snippets [4, 9), where its own half of the columns is high.
// The last four are test videos.
class Wtalc : public testing::Test {
 protected:
  Wtalc() {
    for (int i = 0; i < kVideos; ++i) add(i, i % 2 == 0 ? "run" : "jump", 12 + i % 4);
    annotate();
  }

  void add(int video, const std::string& label, std::int64_t snippets, float scale = 1) {
    Array rows = hashfill(id(video), {snippets, kFeatureSize}, 0.5f * scale);
    for (std::int64_t t = 4; t < std::min<std::int64_t>(9, snippets); ++t) {
      for (int d = video % 2; d < kFeatureSize; d += 2) rows.row(t)[d] += 2 * scale;
    }
    write_file(path("features/" + id(video) + ".npy"), format_npy(rows));
    Json segments = Json::array();
    if (!label.empty()) segments.push_back({{"label", label}, {"segment", {2.56, 5.76}}});
    database_[id(video)] = {{"subset", video < kTrainingVideos ? "validation" : "test"},
                            {"duration", static_cast<double>(snippets) * 0.64},
                            {"annotations", segments}};
  }
  void annotate() const {
    write_file(path("annotations.json"), Json{{"database", database_}}.dump());
  }

  static std::string id(int video) {
    return "v" + std::string(video < 10 ? "0" : "") + std::to_string(video);
  }
  fs::path path(const std::string& name) const { return dir_.path() / name; }
  Strings arguments(const std::string& command, const std::string& to,
                    const Strings& more = {}) const {
    return Strings{command,
                   "--features",
                   path("features"),
                   "--annotations",
                   path("annotations.json"),
                   "-o",
                   path(to),
                   "--set",
                   "network.kind=wtalc",
                   "--set",
                   "length=10",
                   "--set",
                   "learning_rate=0.01"} +
           more;
  }
  Outcome succeed(const Strings& arguments_) const {
    Outcome outcome = co2net(arguments_);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }
  Outcome train(const std::string& to, const Strings& more = {}) const {
    return succeed(arguments("train", to, Strings{"--iterations", "40"} + more));
  }
  void expect_refused(const Strings& arguments_, const Strings& words) const {
    const Outcome outcome = co2net(arguments_);
    EXPECT_NE(outcome.code, 0);
    for (const std::string& word : words) EXPECT_TRUE(outcome.says(word)) << word << outcome.err;
  }
  Json json(const std::string& file) const { return Json::parse(read_file(path(file))); }
  void expect_same_training(const std::string& got, const std::string& want) const {
    for (const char* file : {"wtalc.pt", "model.json", "training/metrics.jsonl"}) {
      EXPECT_EQ(read_file(path(got) / file), read_file(path(want) / file)) << file;
    }
  }
  Strings with_model(const std::string& command, const fs::path& input,
                     const Strings& more = {}) const {
    return Strings{command, input, "--model", path("bundle"), "--no-cache"} + more;
  }

 private:
  TempDir dir_;
  Json database_;
};

TEST_F(Wtalc, LeavesABundleOfItsKindWithItsPublishedSettings) {
  const Outcome outcome = train("bundle");
  EXPECT_NE(outcome.out.find("classification mAP"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("mAP of segments on 4 videos"), std::string::npos) << outcome.out;
  const Json bundle = json("bundle/model.json");
  EXPECT_EQ(bundle.at("name"), "wtalc-thumos14");
  EXPECT_EQ(bundle.at("network"), Json({{"kind", "wtalc"}}));
  EXPECT_FALSE(bundle.contains("operating_point"));
  EXPECT_TRUE(bundle.at("files").contains("wtalc.pt"));
  EXPECT_FALSE(bundle.at("files").contains("co2net.pt"));
  const Json options = bundle.at("provenance").at("options");
  EXPECT_EQ(options.at("weight_decay"), 5e-4);
  EXPECT_EQ(options.at("loss"), Json({{"mil", 0.5}, {"cas", 0.5}, {"top_k_ratio", 8}}));
  EXPECT_EQ(options.at("evaluate_every"), 500);
  const std::string metrics = read_file(path("bundle/training/metrics.jsonl"));
  const Json line = Json::parse(metrics.substr(0, metrics.find('\n')));
  EXPECT_FALSE(line.contains("attention"));
  EXPECT_EQ(line.at("losses").size(), 3u) << line;
}

TEST_F(Wtalc, LearnsTheSameOnAnyNumberOfThreads) {
  train("one", {"--threads", "1"});
  train("three", {"--threads", "3"});
  expect_same_training("three", "one");
}

TEST_F(Wtalc, InterruptedEndsWithTheSameBytes) {
  const auto often_judged = [&](const std::string& to) {
    return arguments("train", to,
                     {"--iterations", "60", "--set", "evaluate_every=1", "--checkpoint", "0"});
  };
  NarrowPipe pipe;
  Process process(often_judged("broken"), pipe.writer());
  process.wait_for(path("broken/training/state.pt"));
  process.send(SIGTERM);
  pipe.drain();
  EXPECT_EQ(process.wait(), 130);
  EXPECT_FALSE(fs::exists(path("broken/model.json")));
  succeed(often_judged("broken"));
  succeed(often_judged("whole"));
  expect_same_training("broken", "whole");
}

TEST_F(Wtalc, WhatItPrintsIsWhatItsBundleGives) {
  for (const std::string compat : {"authors", "clean"}) {
    fs::remove_all(path("bundle"));
    const Outcome trained = train("bundle", {"--compat", compat});
    succeed(with_model("localize", path("features"), {"-o", path("found.json")}));
    const Outcome evaluated =
        succeed({"eval", path("found.json"), "--ground-truth", path("annotations.json"),  //
                 "--subset", "test", "--protocol", "co2net", "--tiou", "0.1:0.1:0.9",     //
                 "--ignore-unknown-videos"});
    EXPECT_TRUE(trained.out.ends_with(evaluated.out)) << trained.out << evaluated.out;
  }
}

// Of two classes one may be learned as the other's absence, so that it is found around the other.
TEST_F(Wtalc, LocatesWhatItLearned) {
  succeed(arguments("train", "bundle", {"--iterations", "200", "--select", "last"}));
  succeed(with_model("localize", path("features"),
                     {"--save-scores", path("scores"), "-o", path("found.json")}));
  const Outcome evaluated =
      succeed({"eval", path("found.json"), "--ground-truth", path("annotations.json"),  //
               "--subset", "test", "--scores", path("scores"), "--ignore-unknown-videos"});
  EXPECT_NE(evaluated.out.find("classification mAP 100.0"), std::string::npos) << evaluated.out;
  int right = 0;
  for (int video = kTrainingVideos; video < kVideos; ++video) {
    const Json segments = json("found.json").at("results").at(id(video));
    ASSERT_FALSE(segments.empty()) << id(video);
    const auto best = std::ranges::max_element(
        segments, {}, [](const Json& segment) { return segment.at("score").get<double>(); });
    const double start_s = best->at("segment").at(0), end_s = best->at("segment").at(1);
    right += best->at("label") == (video % 2 == 0 ? "run" : "jump") &&
             std::abs(start_s - 4 * 0.64) < 0.65 && std::abs(end_s - 9 * 0.64) < 0.65;
  }
  EXPECT_GE(right, 2) << evaluated.out;
}

TEST_F(Wtalc, ProposesFromSavedScoresWithoutAttention) {
  train("bundle");
  const Outcome at_once =
      succeed(with_model("localize", path("features"), {"--save-scores", path("scores")}));
  const Arrays scores = read_npz(path("scores/v08.npz"));
  ASSERT_EQ(scores.size(), 1u);
  EXPECT_EQ(scores.at("cas").shape, (Shape{12, 2}));
  const Outcome later = succeed(with_model("propose", path("scores")));
  EXPECT_EQ(later.json().at("results"), at_once.json().at("results"));
  EXPECT_EQ(at_once.json().at("final"), Json::object());
  EXPECT_FALSE(at_once.json().at("videos").at("v08").contains("labels"));
  EXPECT_TRUE(at_once.says("is a W-TALC, which has no operating point")) << at_once.err;
  EXPECT_FALSE(at_once.says("final segments in ")) << at_once.err;

  write_file(path("found.json"), at_once.out);
  const Outcome evaluated =
      succeed({"eval", path("found.json"), "--ground-truth", path("annotations.json"),  //
               "--subset", "test", "--scores", path("scores"), "--ignore-unknown-videos"});
  EXPECT_NE(evaluated.out.find("classification mAP"), std::string::npos) << evaluated.out;
  succeed({"report", path("found.json"), "--scores", path("scores"), "-o", path("page")});
}

TEST_F(Wtalc, HasNoOperatingPointAndSaysSoOfFinal) {
  train("bundle");
  const fs::path features = path("features/v08.npy");
  const std::string why = "is a W-TALC, which has no operating point";
  expect_refused(with_model("localize", features, {"--final"}), {"--final", why});
  expect_refused(with_model("localize", features, {"--format", "srt", "-o", path("subtitles")}),
                 {"--format srt", why});
  expect_refused(with_model("localize", features, {"--operating-point", "0.5"}),
                 {"--operating-point", "W-TALC", "leave it out"});
  expect_refused(with_model("localize", features, {"--only", "run"}), {"has a W-TALC"});
  expect_refused(arguments("train", "other", {"--false-alarms", "1"}),
                 {"--false-alarms", "W-TALC"});
  succeed(with_model("localize", path("features"), {"-o", path("found.json")}));
  expect_refused(
      {"eval", path("found.json"), "--ground-truth", path("annotations.json"), "--final"},
      {"no final segments", "W-TALC", "no operating point"});
}

TEST_F(Wtalc, LeavesBackgroundOutOfItsTrainingWithAWarning) {
  add(7, "", 12);
  add(6, "run", 12, /*scale=*/0);
  add(5, "jump", 1);
  annotate();
  const Outcome outcome = train("bundle", {"--select", "last"});
  EXPECT_TRUE(outcome.says("videos of background are left out of its training: 1 video (v07)"))
      << outcome.err;
  EXPECT_TRUE(outcome.says("features are all zero: 1 video (v06)")) << outcome.err;
  EXPECT_TRUE(outcome.says("they have one snippet: 1 video (v05)")) << outcome.err;
  const Json data = json("bundle/training/settings.json").at("data");
  EXPECT_EQ(data.at("training").at("videos"), 6);
  EXPECT_EQ(data.at("paired").at("videos"), 5);
  EXPECT_FALSE(data.contains("background"));
  EXPECT_EQ(read_file(path("bundle/training/metrics.jsonl")).find("null"), std::string::npos)
      << "every loss is a number";
}

TEST_F(Wtalc, AblatesItsOwnTermsAlone) {
  const Outcome outcome =
      succeed(arguments("ablate", "ablations", {"--iterations", "4", "--json"}));
  const Json tables = outcome.json().at("tables");
  ASSERT_EQ(tables.size(), 1u);
  std::set<std::string> rows;
  for (const Json& row : tables.at(0).at("rows")) {
    rows.insert(row.at("name").get<std::string>());
    EXPECT_TRUE(row.at("paper").is_null()) << row;
  }
  EXPECT_EQ(rows, (std::set<std::string>{"mil", "mil+cas"}));
  EXPECT_TRUE(fs::exists(path("ablations/wtalc/seed-1/wtalc.pt")));
  EXPECT_TRUE(fs::exists(path("ablations/loss.mil=1,loss.cas=0/seed-1/wtalc.pt")));
  expect_refused(arguments("ablate", "ablations", {"--table", "fusion"}),
                 {"--table of a W-TALC", "fusion", "losses"});
}

TEST_F(Wtalc, RefusesSettingsThatItHasNot) {
  expect_refused(arguments("train", "bundle", {"--set", "network.fusion=concat"}), {"W-TALC"});
  expect_refused(arguments("train", "bundle", {"--preset", "activitynet1.2"}),
                 {"variant must be thumos14"});
  expect_refused(arguments("train", "bundle", {"--set", "network.kind=classifier"}),
                 {"network.kind must be co2net or wtalc"});
  EXPECT_FALSE(fs::exists(path("bundle/model.json")));
}

TEST_F(Wtalc, IsNotGoneOnWithAsACo2Net) {
  train("bundle");
  Strings as_co2net = arguments("train", "bundle", {"--iterations", "40"});
  std::erase(as_co2net, "network.kind=wtalc");
  as_co2net.erase(std::ranges::find(as_co2net, "--set"));
  expect_refused(as_co2net, {"holds another training", "network"});
}

}  // namespace
}  // namespace co2net::test
