#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "pipeline/datasets/bundle.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "tests/e2e/program.h"
#include "tests/pipes.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

constexpr int kFeatureSize = 16;

// A small benchmark: of the videos v0 ... v11 the last four are test videos.
class Train : public testing::Test {
 protected:
  Train() {
    ObjectNpyWriter packed(path("packed.npy"), kVideos);
    Json database;
    for (int i = 0; i < kVideos; ++i) {
      const Array features = hashfill(id(i), {snippets(i), kFeatureSize}, 1);
      packed.add(features);
      write_file(path("features/" + id(i) + ".npy"), format_npy(features));
      database[id(i)] = {
          {"subset", i < kTrainingVideos ? "validation" : "test"},
          {"duration", 20},
          {"annotations", {{{"label", i % 2 == 0 ? "run" : "jump"}, {"segment", {1, 4}}}}}};
    }
    packed.finish();
    write_file(path("annotations.json"), Json{{"database", database}}.dump());
  }

  static constexpr int kVideos = 12, kTrainingVideos = 8;
  // Half of the videos have fewer snippets than its published least number.
  inline static const Strings kActivityNet = {
      "--preset",      "activitynet1.2", "--train-subset", "validation",
      "--test-subset", "test",           "--select",       "last"};
  static std::string id(int video) {
    return "v" + std::string(video < 10 ? "0" : "") + std::to_string(video);
  }
  static std::int64_t snippets(int video) { return 9 + video % 4; }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  Strings arguments(const std::string& to, const Strings& more = {}) const {
    const Strings small = {"--set", "length=6",    "--set", "evaluate_every=2",
                           "--set", "iterations=5"};
    return Strings{
               "train", "--features", path("features"), "--annotations", path("annotations.json"),
               "-o",    path(to)} +
           small + more;
  }
  Outcome train(const std::string& to, const Strings& more = {}) const {
    Outcome outcome = co2net(arguments(to, more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }
  void expect_refused(const Strings& arguments_, int code, const Strings& words) const {
    const Outcome outcome = co2net(arguments_);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    for (const std::string& word : words)
      EXPECT_TRUE(outcome.says(word)) << word << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  Json model(const std::string& of) const {
    return Json::parse(read_file(path(of) / "model.json"));
  }
  Json settings(const std::string& of) const {
    return Json::parse(read_file(path(of) / "training/settings.json"));
  }
  void expect_same_training(const std::string& got, const std::string& want) const {
    for (const char* file : {"co2net.pt", "model.json", "training/metrics.jsonl", "training.html",
                             "training/progress.js"}) {
      EXPECT_EQ(read_file(path(got) / file), read_file(path(want) / file)) << file;
    }
  }
  // A sidecar of a video's features, changed by `patch`.
  void describe(int video, const Recipe& recipe, const Json& patch = Json::object()) const {
    const double fps = frame_rate(recipe, 30);
    Json sidecar = {{"schema", "co2net.features/1"},
                    {"recipe", to_json(recipe)},
                    {"streams", {"rgb", "flow"}},
                    {"files", Json::object()},
                    {"video",
                     {{"fps", fps},
                      {"duration", static_cast<double>(snippets(video)) * recipe.stride / fps},
                      {"snippets", snippets(video)}}}};
    sidecar.merge_patch(patch);
    write_file(path("features/" + id(video) + ".json"), sidecar.dump());
  }
  void describe_all(const Recipe& recipe, const Json& patch = Json::object()) const {
    for (int i = 0; i < kVideos; ++i) describe(i, recipe, patch);
  }
  // A bundle whose I3D makes features of this width; another `weights` is another I3D.
  fs::path extractor(const std::string& name, const std::string& weights, const Recipe& recipe,
                     int feature_size = kFeatureSize) const {
    Bundle bundle;
    bundle.directory = path(name);
    bundle.name = name;
    bundle.recipe = recipe;
    bundle.feature_size = feature_size;
    for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
      write_file(bundle.file(file), weights + file);
    }
    save_bundle(bundle);
    return bundle.directory;
  }
  // What sidecars say of features that the bundle's I3D made.
  static Json made_by(const fs::path& bundle) {
    return {{"files", load_bundle(bundle, {kI3dRgbFile, kI3dFlowFile}).sha256}};
  }

 private:
  TempDir dir_;
};

TEST_F(Train, LearnsTheSameFromAFolderAndFromAPackedFileOnAnyNumberOfThreads) {
  train("from folder", {"--threads", "1"});
  Strings packed = arguments("from file", {"--threads", "3"});
  packed[2] = path("packed.npy");
  EXPECT_EQ(co2net(packed).code, 0);
  expect_same_training("from file", "from folder");
}

TEST_F(Train, TakesVideosWithAnEmptyListAsBackground) {
  const std::string labelled = read_file(path("annotations.json"));
  Json annotations = Json::parse(labelled);
  for (const int video : {6, 7}) annotations["database"][id(video)]["annotations"] = Json::array();
  write_file(path("annotations.json"), annotations.dump());
  const Outcome outcome = train("bundle");
  EXPECT_TRUE(outcome.says("5 training videos, 1 held out, 4 test videos")) << outcome.err;
  EXPECT_TRUE(
      outcome.says("videos of background: 1 to learn from, in 1 of a batch's rows, and 1 held out"))
      << outcome.err;
  EXPECT_EQ(model("bundle").at("provenance").at("background").at("videos"), 1);
  EXPECT_EQ(settings("bundle").at("data").at("held_out_background").at("videos"), 1);
  expect_refused(arguments("bundle", {"--set", "background_rows=2"}), 2,
                 {"holds another training", "background_rows 1 -> 2"});
  write_file(path("annotations.json"), labelled);
  expect_refused(arguments("bundle"), 2, {"holds another training", "background"});
}

TEST_F(Train, PrintsFiguresAndLeavesABundle) {
  const Outcome outcome = train("bundle");
  EXPECT_NE(outcome.out.find("classification mAP"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("mAP of segments on 4 videos of the subset test"), std::string::npos)
      << outcome.out;
  const Json bundle = model("bundle");
  EXPECT_EQ(bundle.at("classes"), (Strings{"jump", "run"}));
  EXPECT_EQ(bundle.at("name"), "co2net-thumos14");
  EXPECT_EQ(bundle.at("compat"), "authors");
  EXPECT_EQ(bundle.at("min_snippets"), 1);
  const Json& provenance = bundle.at("provenance");
  EXPECT_EQ(provenance.at("select"), "heldout");
  EXPECT_EQ(provenance.at("training").at("videos"), 7);
  EXPECT_EQ(provenance.at("held_out").at("videos"), 1);
  EXPECT_EQ(provenance.at("iterations"), 5);

  const Outcome found = co2net({"localize", path("features/v08.npy"), "--model", path("bundle"),
                                "--no-cache", "--format", "jsonl"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_NE(found.out.find("\"segment\""), std::string::npos) << found.out;
}

TEST_F(Train, EveryFusionLeavesABundleThatLocalizes) {
  for (const std::string fusion : {"concat", "add", "se", "ssma"}) {
    train(fusion, {"--set", "network.fusion=" + fusion, "--set", "network.vattn.aux=rgb"});
    const Outcome found =
        co2net({"localize", path("features/v08.npy"), "--model", path(fusion), "--no-cache"});
    EXPECT_EQ(found.code, 0) << fusion << found.err;
    EXPECT_NE(model(fusion).dump().find("\"" + fusion + "\""), std::string::npos);
  }
}

// Both trainings write more of their judgements than the pipe holds, and so cannot end before the
// signal reaches them.
TEST_F(Train, InterruptedBySigtermEndsWithTheSameBytes) {
  const auto often_judged = [&](const std::string& to) {
    return arguments(to, {"--iterations", "60", "--set", "evaluate_every=1",  //
                          "--checkpoint", "0"});
  };
  NarrowPipe pipe;
  Process process(often_judged("broken"), pipe.writer());
  process.wait_for(path("broken/training/state.pt"));
  process.send(SIGTERM);
  pipe.drain();
  EXPECT_EQ(process.wait(), 130);
  EXPECT_FALSE(fs::exists(path("broken/model.json")));

  EXPECT_EQ(co2net(often_judged("broken")).code, 0);
  EXPECT_EQ(co2net(often_judged("whole")).code, 0);
  expect_same_training("broken", "whole");
}

TEST_F(Train, KilledBetweenJudgementsEndsWithTheSameBytes) {
  const auto judged = [&](const std::string& to) {
    return arguments(to, {"--iterations", "150", "--set", "evaluate_every=4",  //
                          "--checkpoint", "0"});
  };
  const auto updates = [&] {
    const fs::path log = path("broken/training/metrics.jsonl");
    return fs::exists(log) ? std::ranges::count(read_file(log), '\n') : 0;
  };
  {
    NarrowPipe pipe;
    Process process(judged("broken"), pipe.writer());
    process.wait_until([&] { return updates() > 5; });
    process.send(SIGKILL);
    EXPECT_EQ(process.wait(), -SIGKILL);
  }
  EXPECT_LT(updates(), 150);

  EXPECT_EQ(co2net(judged("broken")).code, 0);
  EXPECT_EQ(co2net(judged("whole")).code, 0);
  expect_same_training("broken", "whole");
}

TEST_F(Train, AgainOnAFinishedTrainingPrintsTheSame) {
  const Outcome first = train("bundle");
  const std::string weights = read_file(path("bundle/co2net.pt"));
  EXPECT_EQ(train("bundle").out, first.out);
  EXPECT_EQ(read_file(path("bundle/co2net.pt")), weights);
}

TEST_F(Train, RefusesToGoOnWithOtherFeatures) {
  train("bundle");
  write_file(path("features/" + id(0) + ".npy"),
             format_npy(hashfill("others", {snippets(0), kFeatureSize}, 1)));
  expect_refused(arguments("bundle"), 2, {"another training", "features"});
}

TEST_F(Train, SaysWhereItsI3dIsUntrained) {
  fs::copy(CO2NET_TEST_BUNDLE, path("random"));
  const int feature_size = load_bundle(path("random"), {}).feature_size;
  for (int i = 0; i < kVideos; ++i) {
    write_file(path("features/" + id(i) + ".npy"),
               format_npy(hashfill(id(i), {snippets(i), feature_size}, 1)));
  }
  EXPECT_EQ(load_bundle(path("random"), {}).status, BundleStatus::kUntrained);
  train("bundle", {"--extractor", path("random")});
  EXPECT_EQ(model("bundle").at("status"), "untrained-i3d");
  train("again", {"--extractor", path("bundle")});
  EXPECT_EQ(model("again").at("status"), "untrained-i3d");
  train("features-alone");
  EXPECT_EQ(model("features-alone").at("status"), "trained");
}

TEST_F(Train, SelectsTheModelAsItIsTold) {
  train("last", {"--select", "last"});
  EXPECT_EQ(model("last").at("provenance").at("best_iteration"), 5);
  EXPECT_EQ(model("last").at("provenance").at("training").at("videos"), kTrainingVideos);
  EXPECT_FALSE(model("last").at("provenance").contains("score"));

  train("test", {"--select", "test"});
  const Json provenance = model("test").at("provenance");
  std::istringstream lines(read_file(path("test/training/metrics.jsonl")));
  double best = -1;
  std::int64_t best_iteration = 0, judgements = 0;
  for (std::string text; std::getline(lines, text);) {
    const Json line = Json::parse(text);
    if (!line.contains("score")) continue;
    ++judgements;
    EXPECT_EQ(line.at("mAP").size(), 7u);
    if (line.at("score") <= best) continue;
    best = line.at("score");
    best_iteration = line.at("iteration");
  }
  EXPECT_EQ(judgements, 2);
  EXPECT_EQ(provenance.at("score"), best);
  EXPECT_EQ(provenance.at("best_iteration"), best_iteration);
}

TEST_F(Train, ActivityNetLeavesOutVideosOfTenSnippetsOrFewerButForPairs) {
  const Outcome outcome = train("bundle", kActivityNet);
  EXPECT_EQ(model("bundle").at("min_snippets"), 11);
  EXPECT_EQ(settings("bundle").at("data").at("paired").at("videos"), kTrainingVideos);
  EXPECT_TRUE(outcome.says("in pairs all the same, as in the authors' code, 4 short videos (v00"))
      << outcome.err;
  EXPECT_EQ(model("bundle").at("provenance").at("training").at("videos"), kTrainingVideos / 2);
  EXPECT_EQ(model("bundle").at("preset"), "activitynet1.2");
  EXPECT_TRUE(outcome.says("left out 4 videos shorter than 11 snippets (v00, v01, v04, ...)"))
      << outcome.err;
  EXPECT_TRUE(outcome.says("left out 2 videos shorter than 11 snippets (v08, v09)")) << outcome.err;
  EXPECT_NE(outcome.out.find("on 2 videos of the subset test"), std::string::npos) << outcome.out;
}

TEST_F(Train, CleanLeavesShortVideosOutOfPairsAndTestsThem) {
  const Outcome outcome = train("bundle", kActivityNet + Strings{"--compat", "clean"});
  EXPECT_EQ(model("bundle").at("compat"), "clean");
  EXPECT_EQ(settings("bundle").at("options").at("compat"), "clean");
  EXPECT_EQ(settings("bundle").at("data").at("paired").at("videos"), kTrainingVideos / 2);
  EXPECT_FALSE(outcome.says("in pairs all the same")) << outcome.err;
  EXPECT_NE(outcome.out.find("on 4 videos of the subset test"), std::string::npos) << outcome.out;
  expect_refused(arguments("bundle", kActivityNet), 2,
                 {"another training", "compat \"clean\" -> \"authors\""});
}

TEST_F(Train, WhatItPrintsIsWhatItsBundleGivesForShortVideosToo) {
  for (const std::string compat : {"authors", "clean"}) {
    const Outcome trained =
        train(compat, kActivityNet + Strings{"--compat", compat, "--set", "learning_rate=0.01"});
    const Outcome found = co2net({"localize", path("features"), "--model", path(compat),
                                  "--no-cache", "-o", path("found.json")});
    EXPECT_EQ(found.code, 0) << found.err;
    const Outcome evaluated = co2net(
        {"eval", path("found.json"), "--ground-truth", path("annotations.json"), "--subset", "test",
         "--protocol", "co2net", "--tiou", "0.5:0.05:0.95", "--ignore-unknown-videos"});
    EXPECT_EQ(evaluated.code, 0) << evaluated.err;
    EXPECT_TRUE(trained.out.ends_with(evaluated.out)) << trained.out << evaluated.out;
  }
}

TEST_F(Train, AShortVideoIsSkippedByItsBundleUnlessItIsToBeClean) {
  train("bundle", kActivityNet);
  const auto localized = [&](const Strings& command, const Strings& more = {}) {
    const Outcome outcome =
        co2net(command + Strings{"--model", path("bundle"), "--no-cache"} + more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  };
  const std::string why = "9 snippets, fewer than the model's min_snippets, 11";
  const auto expect_skipped = [&](const Outcome& outcome) {
    const Json results = outcome.json();
    EXPECT_EQ(results.at("results").at("v08"), Json::array());
    EXPECT_EQ(results.at("videos").at("v08").at("skipped"), why);
    EXPECT_TRUE(outcome.says("not localized: " + why + " (--compat clean localizes it)"))
        << outcome.err;
    EXPECT_EQ(results.at("errors"), Json::object());
  };
  const auto expect_localized = [&](const Outcome& outcome, const std::string& id) {
    const Json results = outcome.json();
    EXPECT_NE(results.at("results").at(id), Json::array());
    EXPECT_FALSE(results.at("videos").at(id).contains("skipped"));
    EXPECT_FALSE(outcome.says("not localized")) << outcome.err;
  };
  const Strings localize = {"localize", path("features/v08.npy")};
  expect_skipped(localized(localize, {"--save-scores", path("scores")}));
  expect_localized(localized(localize, {"--compat", "clean"}), "v08");
  expect_localized(localized({"localize", path("features/v10.npy")}), "v10");  // of 11
  const Strings propose = {"propose", path("scores/v08.npz")};
  expect_skipped(localized(propose));
  expect_localized(localized(propose, {"--compat", "clean"}), "v08");

  const Outcome line = localized(localize, {"--format", "jsonl"});
  EXPECT_EQ(line.json().at("segments"), Json::array());
  EXPECT_EQ(line.json().at("video").at("skipped"), why);
}

TEST_F(Train, TheBundleIsLocalizedWithAsItWasTrained) {
  train("clean", {"--compat", "clean"});
  const auto found = [&](const Strings& more) {
    return co2net(Strings{"localize", path("features"), "--model", path("clean"), "--no-cache"} +
                  more)
        .out;
  };
  EXPECT_EQ(found({}), found({"--compat", "clean"}));
  EXPECT_NE(found({}), found({"--compat", "authors"}));
}

TEST_F(Train, TellsTheTimeThatItWillTakeUnlessTheLogIsQuiet) {
  const std::string words = "expected time: about ";
  EXPECT_TRUE(train("told", {"--iterations", "12"}).says(words));
  EXPECT_FALSE(train("brief", {"--iterations", "9"}).says(words));
  EXPECT_FALSE(train("quiet", {"--iterations", "12", "--log-level", "warning"}).says(words));
}

TEST_F(Train, ATrainingThatAnotherVersionBeganIsRefused) {
  train("bundle");
  Json before = settings("bundle");
  before["schema"] = "co2net.training/1";
  write_file(path("bundle/training/settings.json"), before.dump());
  expect_refused(arguments("bundle"), 2, {"another version", "co2net.training/1", "delete"});
}

TEST_F(Train, TakesTheRecipeOfTheFeaturesIntoTheBundle) {
  Recipe recipe = recipe_preset("kinetics");
  describe_all(recipe);
  train("bundle");
  EXPECT_EQ(model("bundle").at("recipe"), to_json(recipe));
}

TEST_F(Train, RefusesFeaturesOfSeveralRecipes) {
  const Recipe recipe = recipe_preset("kinetics"), other = with_setting(recipe, "stride=8");
  for (const int odd_one : {3, kVideos - 1}) {  // to learn from, and to test on
    describe_all(recipe);
    describe(odd_one, other);
    expect_refused(arguments("bundle"), 1, {id(odd_one), "not made alike", "stride 16 -> 8"});
  }
  describe_all(recipe);
  fs::remove(path("features/v00.json"));
  expect_refused(arguments("bundle"), 1, {"v00 has no sidecar"});
}

TEST_F(Train, WarnsWhereNothingTellsTheRecipe) {
  EXPECT_TRUE(train("a").says("do not say by which recipe"));
  const Outcome named = train("b", {"--recipe", "kinetics"});
  EXPECT_FALSE(named.says("do not say by which recipe"));
  EXPECT_EQ(model("b").at("recipe"), to_json(recipe_preset("kinetics")));
}

TEST_F(Train, RefusesARecipeOfEachVideosOwnRateWhereNoSidecarSaysIt) {
  expect_refused(arguments("bundle", {"--recipe", "cmcs"}), 1, {"cmcs", "own frame rate"});
}

TEST_F(Train, RefusesAGivenRecipeThatTheFeaturesOrTheirExtractorContradict) {
  const Recipe kinetics = recipe_preset("kinetics");
  const fs::path bundle = extractor("i3d", "a", kinetics);
  expect_refused(arguments("x", {"--extractor", bundle, "--recipe", "wtalc"}), 1,
                 {"kinetics", "wtalc", "given"});
  describe_all(kinetics, made_by(bundle));
  expect_refused(arguments("x", {"--recipe", "wtalc"}), 1, {"kinetics", "wtalc", "given"});
  train("alike", {"--recipe", "kinetics", "--extractor", bundle});
  EXPECT_EQ(model("alike").at("recipe"), to_json(kinetics));
}

TEST_F(Train, RefusesAnExtractorThatDidNotMakeTheFeatures) {
  const Recipe recipe;
  const fs::path own = extractor("own", "a", recipe), other = extractor("other", "b", recipe),
                 wide = extractor("wide", "a", recipe, 2 * kFeatureSize),
                 slow = extractor("slow", "a", with_setting(recipe, "fps=10"));
  describe_all(recipe, made_by(own));
  expect_refused(arguments("x", {"--extractor", other}), 1, {"another i3d_flow.pt", "other"});
  expect_refused(arguments("x", {"--extractor", wide}), 1, {"16 columns", "wide 32"});
  expect_refused(arguments("x", {"--extractor", slow}), 1, {"fps 25 -> 10", "slow"});
  EXPECT_FALSE(fs::exists(path("x/model.json")));
  train("bundle", {"--extractor", own});
  EXPECT_EQ(model("bundle").at("files").at(kI3dRgbFile),
            Json::parse(read_file(own / "model.json")).at("files").at(kI3dRgbFile));
}

TEST_F(Train, RefusesTestVideosOfAnotherI3d) {
  const Recipe recipe;
  describe_all(recipe, made_by(extractor("own", "a", recipe)));
  describe(kVideos - 1, recipe, made_by(extractor("other", "b", recipe)));
  expect_refused(arguments("x"), 1, {id(kVideos - 1), "not made alike", "i3d_rgb.pt"});
}

TEST_F(Train, RefusesFeaturesOfOneStreamAlone) {
  describe_all(Recipe(), {{"streams", {"flow"}}});
  expect_refused(arguments("x"), 1, {"both streams", "--streams rgb,flow"});
}

TEST_F(Train, AFinishedTrainingIsNotPairedWithAnotherExtractor) {
  const Recipe recipe;
  train("bundle", {"--extractor", extractor("own", "a", recipe)});
  const std::string before = read_file(path("bundle/model.json"));
  expect_refused(arguments("bundle", {"--extractor", extractor("other", "b", recipe)}), 2,
                 {"another training", "i3d_rgb.pt"});
  EXPECT_EQ(read_file(path("bundle/model.json")), before);
  EXPECT_EQ(read_file(path("bundle") / kI3dRgbFile), read_file(path("own") / kI3dRgbFile));
}

TEST_F(Train, AFinishedTrainingKeepsTheI3dThatIsThereWithoutAnExtractorToo) {
  const Recipe recipe;
  const fs::path own = extractor("own", "a", recipe);
  describe_all(recipe, made_by(own));
  train("bundle", {"--extractor", own});
  const std::string before = read_file(path("bundle/model.json"));
  train("bundle");
  EXPECT_EQ(read_file(path("bundle/model.json")), before);

  write_file(path("bundle") / kI3dRgbFile, "tampered");
  expect_refused(arguments("bundle"), 3, {"i3d_rgb.pt", "SHA-256"});
  EXPECT_EQ(read_file(path("bundle/model.json")), before);
}

TEST_F(Train, ABundleWithoutI3dKnowsTheOneThatItsFeaturesWereMadeWith) {
  const Recipe recipe;
  const fs::path own = extractor("own", "a", recipe), other = extractor("other", "b", recipe);
  describe_all(recipe, made_by(own));
  train("bundle");
  const Strings localize = {"localize", path("features/v08.npy"), "--model", path("bundle"),
                            "--no-cache"};
  EXPECT_EQ(co2net(localize).code, 0);
  describe_all(recipe, made_by(other));
  const Outcome refused = co2net(localize);
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.says("made with another i3d_flow.pt")) << refused.err;
}

TEST_F(Train, ASelectionByTestVideosIsNotGoneOnWithUnderOtherSegments) {
  train("bundle", {"--select", "test"});
  Json annotations = Json::parse(read_file(path("annotations.json")));
  annotations["database"]["v09"]["annotations"][0]["segment"] = {2, 3};
  write_file(path("annotations.json"), annotations.dump());
  expect_refused(arguments("bundle", {"--select", "test"}), 2, {"another training", "judged_by"});
}

TEST_F(Train, SaysWhereTheI3dOfTheFeaturesIsOnlyAssumed) {
  const fs::path own = extractor("own", "a", Recipe());
  EXPECT_TRUE(train("bundle", {"--extractor", own}).says("do not say which I3D made them"));
}

// The evaluation that train prints, against that of what localize finds, which takes each video's
// times from its sidecar.
TEST_F(Train, ItsOwnEvaluationIsOnTheTimeAxisOfTheFeatures) {
  const Strings options = {"--select", "last", "--set", "learning_rate=0.01"};
  for (const std::string setting : {"stride=8", "fps=10", "fps=source"}) {
    const Recipe recipe = with_setting(Recipe(), setting);
    describe_all(recipe);
    const Outcome trained = train(setting, options);
    const Outcome found = co2net({"localize", path("features"), "--model", path(setting),
                                  "--no-cache", "-o", path("found.json")});
    EXPECT_EQ(found.code, 0) << found.err;
    const Strings evaluation = {
        "eval", path("found.json"), "--ground-truth", path("annotations.json"), "--subset",
        "test", "--protocol",       "co2net",         "--ignore-unknown-videos"};
    const Outcome evaluated = co2net(evaluation);
    EXPECT_EQ(evaluated.code, 0) << evaluated.err;
    EXPECT_TRUE(trained.out.ends_with(evaluated.out)) << setting << "\n"
                                                      << trained.out << evaluated.out;
    EXPECT_GT(co2net(evaluation + Strings{"--json"}).json().at("mAP").at(0), 0) << "says nothing";
  }
}

TEST_F(Train, SelectsByTestVideosOnTheTimeAxisOfTheFeatures) {
  describe_all(with_setting(Recipe(), "stride=8"));
  const Outcome trained = train("bundle", {"--select", "test"});
  const double score = model("bundle").at("provenance").at("score");
  co2net({"localize", path("features"), "--model", path("bundle"), "--no-cache", "-o",
          path("found.json")});
  const Outcome evaluated = co2net(
      {"eval", path("found.json"), "--ground-truth", path("annotations.json"), "--subset", "test",
       "--protocol", "co2net", "--tiou", "0.1:0.1:0.7", "--json", "--ignore-unknown-videos"});
  EXPECT_DOUBLE_EQ(score, evaluated.json().at("average")) << trained.out;
  EXPECT_GT(score, 0);
}

TEST_F(Train, PrintsThePapersFiguresBesideTheDatasetOfItsClassesAlone) {
  const auto prints = [&](const std::string& to, const Strings& classes) {
    Json annotations = Json::parse(read_file(path("annotations.json")));
    annotations["classes"] = classes;
    for (auto& [video, facts] : annotations["database"].items()) {
      const std::string label = facts["annotations"][0]["label"];
      facts["annotations"][0]["label"] =
          label == "run" || label == classes[0] ? classes[0] : classes[1];
    }
    write_file(path("annotations.json"), annotations.dump());
    return train(to).out.find("CO2-Net paper") != std::string::npos;
  };
  Strings others = kThumos14Classes;
  others.back() = "Juggling";
  EXPECT_FALSE(prints("others", others));
  EXPECT_TRUE(prints("thumos14", kThumos14Classes));
  const Outcome elsewhere = train("elsewhere", {"--test-subset", "validation"});
  EXPECT_EQ(elsewhere.out.find("CO2-Net paper"), std::string::npos) << elsewhere.out;
}

TEST_F(Train, DoesNotPassOverATestSubsetThatIsThereInAnotherCase) {
  std::string text = read_file(path("annotations.json"));
  for (std::size_t at = text.find("\"test\""); at != std::string::npos;
       at = text.find("\"test\"")) {
    text[at + 1] = 'T';
  }
  write_file(path("annotations.json"), text);
  expect_refused(arguments("bundle"), 2,
                 {"no video is in the subset 'test'", "Test, validation", "--test-subset"});
  EXPECT_EQ(train("bundle", {"--test-subset", "Test"}).code, 0);
  expect_refused(arguments("other", {"--train-subset", "Validation"}), 2, {"'Validation'"});
}

TEST_F(Train, WrongUseExitsWith2AndNamesWhatIsAllowed) {
  const std::string features = path("features"), annotations = path("annotations.json"),
                    to = path("x");
  expect_refused({"train", "--annotations", annotations, "-o", to}, 2, {"--features"});
  expect_refused({"train", "--features", features, "-o", to}, 2, {"--annotations"});
  expect_refused({"train", "--features", features, "--annotations", annotations}, 2, {"-o DIR"});
  for (const auto& [wrong, word] : std::vector<std::pair<Strings, std::string>>{
           {{"--train-subset", "training"}, "test, validation"},
           {{"--test-subset", "testing"}, "test, validation"},
           {{"--set", "loss.speed=1"}, "loss.oppo"},
           {{"--set", "dropout=2"}, "dropout must be in"},
           {{"--set", "seed=-1"}, "seed"},
           {{"--seed", "-1"}, "seed"},
           {{"--seed=-1"}, "seed"},
           {{"--seed", "1.5"}, "seed"},
           {{"--seed=99999999999999999999"}, "seed"},
           {{"--iterations=-1"}, "iterations must be in"},
           {{"--threads=-1"}, "--threads"},
           {{"--select", "best"}, "heldout, test, last"},
           {{"--compat", "theirs"}, "authors, clean"},
           {{"--set", "compat=theirs"}, "authors, clean"},
           {{"--held-out", "1"}, "--held-out: the share of the training videos must be in [0, 1)"},
           {{"--checkpoint", "-1"}, "seconds between checkpoints"},
           {{"--preset", "charades"}, "thumos14, activitynet1.2"},
           {{"--recipe", "none"}, "kinetics"},
           {{"--progress", "x"}, "auto, plain, off"},
           {{"--threads", "0"}, "--threads"},
       }) {
    expect_refused(arguments("x", wrong), 2, {word});
    EXPECT_FALSE(fs::exists(path("x/training"))) << word;
  }
}

TEST_F(Train, IsTheSameOfFeaturesInSeveralPlaces) {
  train("whole");
  for (int i = 0; i < kVideos; i += 3) {
    fs::create_directories(path("more"));
    fs::rename(path("features/" + id(i) + ".npy"), path("more/" + id(i) + ".npy"));
  }
  ObjectNpyWriter packed(path("part.npy"), kVideos);
  for (int i = 0; i < kVideos; ++i) {
    const bool is_moved = i % 3 == 1;
    packed.add(is_moved ? hashfill(id(i), {snippets(i), kFeatureSize}, 1)
                        : Array({0, kFeatureSize}));
    if (is_moved) fs::remove(path("features/" + id(i) + ".npy"));
  }
  packed.finish();
  train("parts", {"--features", path("part.npy"), "--features", path("more")});
  expect_same_training("parts", "whole");
  train("whole", {"--features", path("more"), "--features", path("part.npy")});

  fs::copy(path("more/v00.npy"), path("features/v00.npy"));
  expect_refused(arguments("twice", {"--features", path("more")}), 1,
                 {"video v00", path("features/v00.npy"), path("more/v00.npy")});
}

TEST_F(Train, RefusesAFolderOfSomethingElse) {
  write_file(path("mine/notes.txt"), "do not touch");
  expect_refused(arguments("mine"), 2, {"mine", "something else"});
  EXPECT_EQ(read_file(path("mine/notes.txt")), "do not touch");
  train("bundle");
  expect_refused(arguments("bundle", {"--seed", "9"}), 2, {"another training", "seed 3552 -> 9"});
}

}  // namespace
}  // namespace co2net::test
