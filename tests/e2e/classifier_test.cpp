#include <gtest/gtest.h>

#include <algorithm>

#include "localizer/i3d_classifier.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/formats/csv.h"
#include "pipeline/formats/npy.h"
#include "postprocess/proposals.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

const Strings kClasses = {"bow", "jump, far", "wave"};

// A workplace whose model has no CO2-Net but three classes of its I3D: every video is said to have
// the first, and none the last.
class Classifier : public testing::Test {
 protected:
  Classifier() {
    fs::remove(here_.model() / kCo2NetFile);
    set_layers("some");
  }

  void set_layers(const std::string& filling) const {
    Bundle bundle = load_bundle(here_.model(), {});
    bundle.name = "small-i3d";
    bundle.network.kind = NetworkKind::kClassifier;
    bundle.classes = kClasses;
    bundle.compat = Compat::kClean;
    write_file(bundle.file(kI3dLogitsFile), format_npz(layers(filling)));
    save_bundle(bundle);
  }

  Arrays layers(const std::string& filling) const {
    const Shape shape = {3, here_.feature_size() / 2};
    return {{"rgb.weight", hashfill(filling + " rgb", shape, 0.1f)},
            {"flow.weight", hashfill(filling + " flow", shape, 0.1f)},
            {"rgb.bias", Array({3}, {2, 1.5f, -90})},
            {"flow.bias", Array({3})}};
  }

  // Features of a clip, on disk.
  std::string features(const std::string& clip) const {
    const Outcome outcome = here_.call("extract", {clip, "-o", here_.path("features")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return here_.path("features/clip.npy");
  }

  const Workplace here_;
};

Outcome expect_success(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome;
}

const Json& clip_in(const Json& results, const std::string& key) {
  return results.at(key).at("clip");
}

TEST_F(Classifier, LocalizesVideosByTheProbabilitiesOfItsClasses) {
  const std::string clip = here_.clip("clip.mkv");
  const Outcome run = expect_success(here_.call("run", {clip}));
  EXPECT_TRUE(
      run.says("small-i3d is a classifier of trimmed clips, slid along: it knows no "
               "background and has no operating point"))
      << run.err;
  const Json results = run.json();
  EXPECT_TRUE(results.at("model").at("files").contains(kI3dLogitsFile));

  const Array rows = read_npy(features(clip));
  const Arrays scores =
      I3dClassifier(layers("some"), 3, here_.feature_size(), "layers").localize(rows, {0, 1, 2});
  ProposalOptions options;
  options.kind = NetworkKind::kClassifier;
  options.compat = Compat::kClean;
  const Array &cas = scores.at("cas"), &attn = scores.at("attn");
  const FinalSegments want = final_segments(cas, attn, {0.2}, options);
  ASSERT_FALSE(want.classes.empty());
  const Json& labels = clip_in(results, "videos").at("labels");
  ASSERT_EQ(labels.size(), want.classes.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(labels[i].at("label"), kClasses.at(static_cast<std::size_t>(want.classes[i].label)));
    EXPECT_EQ(labels[i].at("score"), want.classes[i].score);
    EXPECT_EQ(labels[i].at("threshold"), 0.2);
  }
  EXPECT_EQ(clip_in(results, "final").size(), want.segments.size());
  EXPECT_EQ(clip_in(results, "results").size(), propose(cas, attn, options).size());

  const Json localized = expect_success(here_.call("localize", {features(clip), "--save-scores",
                                                                here_.path("scores")}))
                             .json();
  EXPECT_EQ(localized.at("results"), results.at("results"));
  EXPECT_EQ(localized.at("final"), results.at("final"));
  EXPECT_EQ(read_npz(here_.path("scores/clip.npz")), scores);
  const Json proposed =
      expect_success(here_.call("propose", {here_.path("scores/clip.npz")})).json();
  EXPECT_EQ(proposed.at("results"), results.at("results"));
}

TEST_F(Classifier, TellsOfTheClassesAloneThatOnlyNames) {
  const std::string clip = here_.clip("clip.mkv");
  const Json all = expect_success(here_.call("run", {clip})).json();
  const Strings only = {"--only", "jump, far", "--only", "wave, bow"};
  const Json some = expect_success(here_.call("run", Strings{clip, "--only", "bow,wave"})).json();
  EXPECT_EQ(clip_in(some, "videos").at("labels")[0], clip_in(all, "videos").at("labels")[0])
      << "they are chosen after the softmax";
  for (const Json& segment : clip_in(some, "results")) EXPECT_EQ(segment.at("label"), "bow");
  EXPECT_EQ(expect_success(here_.call("run", Strings{clip} + only)).json().at("results"),
            all.at("results"));

  const Strings bow = {"--only", "bow"};
  const std::string scores = here_.path("scores/clip.npz");
  expect_success(
      here_.call("localize", Strings{features(clip), "--save-scores", here_.path("scores")} + bow));
  EXPECT_EQ(read_npz(scores).at("cas").dim(1), 2);
  expect_success(here_.call("propose", Strings{scores} + bow));
  EXPECT_TRUE(here_.call("propose", {scores}).says("made for other classes"));

  const Outcome unknown = here_.call("run", {clip, "--only", "bow,hop"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_TRUE(unknown.says("--only: 'hop' is no class of the model small-i3d")) << unknown.err;
  EXPECT_TRUE(here_.call("run", {clip, "--only", "bwo"}).says("did you mean bow?"));
  const Outcome other = Workplace().call("run", {clip, "--only", "bow"});
  EXPECT_EQ(other.code, 2);
  EXPECT_TRUE(other.says("has a CO2-Net")) << other.err;
}

TEST_F(Classifier, KeepsTheFeaturesWhenItsLayersChange) {
  const std::string clip = here_.clip("clip.mkv");
  expect_success(here_.call("run", {clip}));
  const auto forecast = [&](const std::string& stage, const Strings& more) {
    const std::string text = expect_success(here_.call("explain", Strings{clip} + more)).out;
    return text.substr(text.find("  " + stage + " ") + 16, 4);
  };
  EXPECT_EQ(forecast("localization", {}), "skip");
  EXPECT_EQ(forecast("localization", {"--only", "bow"}), "runs");
  set_layers("other");
  EXPECT_EQ(forecast("features", {}), "skip");
  EXPECT_EQ(forecast("localization", {}), "runs");
}

TEST_F(Classifier, NeedsLayersOfItsSizes) {
  const std::string clip = here_.clip("clip.mkv");
  Bundle bundle = load_bundle(here_.model(), {});
  bundle.classes.pop_back();
  save_bundle(bundle);
  const Outcome sizes = here_.call("run", {clip});
  EXPECT_EQ(sizes.code, 3);
  EXPECT_TRUE(sizes.says("i3d_logits.npz: rgb.weight: want [2, ")) << sizes.err;
  write_file(bundle.file(kI3dLogitsFile), "no archive");
  save_bundle(bundle);
  const Outcome broken = here_.call("run", {clip});
  EXPECT_EQ(broken.code, 3);
  EXPECT_TRUE(broken.says("i3d_logits.npz")) << broken.err;
  EXPECT_EQ(here_.entries("features"), 0);
}

TEST_F(Classifier, IsJudgedAndInspectedAsOthersAre) {
  const std::string clip = here_.clip("clip.mkv"), results = here_.path("results.json");
  write_file(here_.path("gt.json"), R"({"database": {"clip": {"subset": "test", "annotations": [
      {"label": "bow", "segment": [0, 12.8]}]}}})");
  expect_success(here_.call("run", {clip, "-o", results}));
  for (const Strings& how : {Strings(), Strings{"--final"}}) {
    const Strings arguments = {"eval", results, "--ground-truth", here_.path("gt.json"), "--json"};
    expect_success(co2net(arguments + how));
  }
  const Outcome listed = expect_success(co2net({"inspect", here_.model() / kI3dLogitsFile}));
  EXPECT_NE(listed.out.find("flow.weight"), std::string::npos) << listed.out;
}

class Suggest : public Classifier {
 protected:
  Suggest() {
    here_.clip("videos/a.mkv", 16, 1);
    here_.clip("videos/more, too/b.mkv", 16, 2);
  }

  std::vector<CsvRow> rows() const { return parse_csv(read_file(list()), "labels.csv"); }
  std::string list() const { return here_.path("labels.csv"); }
  Outcome suggest(const Strings& more = {}) const {
    return here_.call("suggest", Strings{here_.path("videos"), "-o", list()} + more);
  }
  Outcome train(const std::string& labels, const Strings& more = {}) const {
    return co2net(Strings{"train", "--videos", here_.path("videos"), "--labels", labels,
                          "--extractor", here_.model(), "--cache", here_.cache(), "--iterations",
                          "2", "-o", here_.path("mine")} +
                  more);
  }
};

TEST_F(Suggest, WritesARowAVideoWithWhatTheWholeOfItMayShow) {
  expect_success(suggest());
  const std::vector<CsvRow> found = rows();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].fields, (Strings{"file", "label", "score", "suggested_by"}));
  EXPECT_EQ(found[1].fields[0], "a.mkv");
  EXPECT_EQ(found[2].fields[0], "more, too/b.mkv");
  const Json run = expect_success(here_.call("run", {here_.path("videos/a.mkv")})).json();
  for (const std::size_t row : {1, 2}) {
    EXPECT_NE(found[row].fields[1].find("bow"), std::string::npos);
    EXPECT_EQ(found[row].fields[1].find("wave"), std::string::npos);
    EXPECT_EQ(found[row].fields[3], "small-i3d");
  }
  const Json& labels = run.at("videos").at("a").at("labels");
  const std::string scores = found[1].fields[2], best = scores.substr(0, scores.find(';'));
  double largest = 0;
  for (const Json& label : labels) largest = std::max(largest, label.at("score").get<double>());
  EXPECT_NEAR(std::stod(best), largest, 5e-4);
}

TEST_F(Suggest, NeverWritesOverAListThatSomebodyHasCorrected) {
  expect_success(suggest());
  expect_success(suggest());
  write_file(list(), "file,label\na.mkv,bow\n");
  const Outcome outcome = suggest();
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("somebody has corrected")) << outcome.err;
  EXPECT_EQ(read_file(list()), "file,label\na.mkv,bow\n");
}

TEST_F(Suggest, WritesAQuestionMarkWhereNothingIsLikely) {
  expect_success(suggest({"--only", "wave"}));
  EXPECT_EQ(rows().at(1).fields, (Strings{"a.mkv", "?", "", "small-i3d"}));
}

TEST_F(Suggest, NamesFilesThatAreGivenOneByOneByTheirWholePath) {
  const std::string clip = here_.clip("c.mkv", 16), broken = here_.broken("broken.mkv");
  const Outcome outcome = here_.call("suggest", {clip, broken});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("broken.mkv")) << outcome.err;
  const std::vector<CsvRow> found = parse_csv(outcome.out, "standard output");
  ASSERT_EQ(found.size(), 2u) << "what failed has no row";
  EXPECT_EQ(found[1].fields[0], clip);
}

TEST_F(Suggest, IsWhatTrainTakesOnceSomebodyHasLookedAtIt) {
  expect_success(suggest());
  const Outcome refused = train(list());
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.says("nobody has looked at them")) << refused.err;
  expect_success(train(list(), {"--trust-suggestions"}));
  const Json model = Json::parse(read_file(here_.path("mine/model.json")));
  EXPECT_EQ(model.at("classes").at(0), "bow");
  EXPECT_FALSE(model.at("network").contains("kind"));
  EXPECT_FALSE(model.at("files").contains(kI3dLogitsFile));
  const Outcome by_folder = train("by-folder", {"--trust-suggestions"});
  EXPECT_EQ(by_folder.code, 2);
  EXPECT_TRUE(by_folder.says("--trust-suggestions has no meaning")) << by_folder.err;
}

TEST_F(Suggest, NeedsAModelThatHasClassesOfItsI3d) {
  const Workplace other;
  const Outcome outcome = other.call("suggest", {here_.path("videos/a.mkv")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(outcome.says("has no classes of its I3D to suggest")) << outcome.err;
  std::filesystem::remove(other.model() / kCo2NetFile);
  EXPECT_TRUE(other.call("suggest", {here_.path("videos/a.mkv")}).says("classes of its I3D"));
  Bundle bundle = load_bundle(here_.model(), {});
  bundle.classes[1] = "jump;far";
  save_bundle(bundle);
  EXPECT_TRUE(suggest().says("'jump;far' means something else in a list"));
  expect_success(suggest({"--only", "bow"}));
}

}  // namespace
}  // namespace co2net::test
