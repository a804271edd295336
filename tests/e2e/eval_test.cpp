#include <gtest/gtest.h>

#include <array>

#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

// Two videos of subset test and one of training; in "b" nothing is predicted right, and "z" is
// nowhere.
constexpr const char* kGroundTruth = R"({"database": {
  "a": {"subset": "test", "duration": 40, "annotations": [
    {"label": "run", "segment": [0, 10]}, {"label": "run", "segment": [20, 30]}]},
  "b": {"subset": "test", "duration": 40, "annotations": [{"label": "jump", "segment": [0, 10]}]},
  "c": {"subset": "training", "duration": 40, "annotations": [
    {"label": "jump", "segment": [0, 10]}]}}})";
constexpr const char* kPredictions = R"({"version": "1", "results": {
  "a": [{"label": "run", "score": 0.9, "segment": [32, 36]},
        {"label": "run", "score": 0.8, "segment": [0, 10]},
        {"label": "run", "score": 0.7, "segment": [20, 30]}],
  "b": [{"label": "jump", "score": 0.9, "segment": [20, 30]},
        {"label": "fly", "score": 0.9, "segment": [0, 10]}],
  "z": [{"label": "run", "score": 0.9, "segment": [0, 10]}]}})";

class Eval : public testing::Test {
 protected:
  Eval() {
    write_file(ground_truth(), kGroundTruth);
    write_file(predictions(), kPredictions);
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  std::string ground_truth() const { return path("gt.json"); }
  std::string predictions() const { return path("results.json"); }
  Outcome eval(const Strings& options) const {
    return co2net(Strings{"eval", predictions(), "--ground-truth", ground_truth()} + options);
  }

  // Scores of one video with one class wanted above the other.
  void save_scores(const std::string& id, float jump, float run) const {
    fs::create_directory(path("scores"));
    write_file(path("scores") / (id + ".npz"),
               format_npz({{"cas", Array({1, 3}, {jump, run, 0})}, {"attn", Array({1}, {1})}}));
  }

 private:
  TempDir dir_;
};

TEST_F(Eval, PrintsATableForPeople) {
  const Outcome outcome =
      eval({"--tiou", "0.1:0.1:0.5", "--subset", "test", "--per-class", "--ignore-unknown-videos"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "tIoU       0.1       0.2       0.3       0.4       0.5   0.1:0.5      mean\n"
            "mAP       33.3      33.3      33.3      33.3      33.3      33.3      33.3\n"
            "jump       0.0       0.0       0.0       0.0       0.0\n"
            "run       66.7      66.7      66.7      66.7      66.7\n");
  EXPECT_TRUE(outcome.says("3 segments of 2 classes in 2 videos")) << outcome.err;
  EXPECT_TRUE(
      outcome.says("left out: 1 prediction, since the evaluated ground truth has nothing of "
                   "1 label (fly)"))
      << outcome.err;
}

TEST_F(Eval, PredictionsForOtherVideosAreFalsePositivesUnlessTheyAreIgnored) {
  const auto run_ap = [&](const Strings& options, const std::string& warning) {
    const Outcome outcome = eval(options + Strings{"--json"});
    EXPECT_TRUE(
        outcome.says("1 prediction of 1 video (z) that the evaluated ground truth does "
                     "not have: " +
                     warning))
        << outcome.err;
    EXPECT_EQ(outcome.json().at("counts").at("foreign_predictions"), 1);
    return outcome.json().at("per_class").at("run").at(0).get<double>();
  };
  for (const std::string protocol : {"activitynet", "co2net"}) {
    const Strings options = {"--protocol", protocol, "--subset", "test"};
    EXPECT_NEAR(run_ap(options, "counted as false positives"), 1. / 2, 1e-12);
    EXPECT_NEAR(run_ap(options + Strings{"--ignore-unknown-videos"}, "left out"), 2. / 3, 1e-12);
  }
  EXPECT_EQ(eval({"--json"}).json().at("ignore_unknown_videos"), false);
  EXPECT_EQ(eval({"--json", "--ignore-unknown-videos"}).json().at("ignore_unknown_videos"), true);
}

TEST_F(Eval, ThresholdsAreWrittenAsDecimals) {
  const Outcome table = eval({"--tiou", "0.1:0.1:0.9"}), json = eval({"--json"});
  EXPECT_EQ(table.out.find("0.30000"), std::string::npos) << table.out;
  EXPECT_NE(json.out.find("0.85,0.9,0.95]"), std::string::npos) << json.out;
}

TEST_F(Eval, SaysHowWhatHasNoLengthIsCounted) {
  write_file(ground_truth(), R"({"database": {"a": {"subset": "test", "annotations": [
      {"label": "run", "segment": [5, 5]}, {"label": "run", "segment": [20, 30]}]}}})");
  write_file(predictions(), R"({"results": {"a": [
      {"label": "run", "score": "0.9", "segment": ["7", "7"]}]}})");
  const Outcome outcome = eval({"--json", "--tiou", "0.5"});
  EXPECT_EQ(outcome.json().at("average"), 0.5);
  const std::string warning = "in the ground truth 1 segment without length";
  EXPECT_TRUE(outcome.says(warning + ": counted as not found, unless by a prediction without "
                                     "length anywhere in the same video"))
      << outcome.err;
  EXPECT_TRUE(eval({"--protocol", "thumos"}).says(warning + ": counted as not found\n"));
  EXPECT_TRUE(eval({"--protocol", "co2net"}).says(warning + " in whole snippets"));
}

TEST_F(Eval, PrintsJsonForPrograms) {
  const Outcome outcome = eval({"--json", "--subset", "test"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  ASSERT_EQ(json.at("tiou").size(), 10u);
  EXPECT_EQ(json.at("tiou")[1], 0.55);
  EXPECT_EQ(json.at("mAP").size(), 10u);
  EXPECT_NEAR(json.at("average"), 1. / 4, 1e-12);
  EXPECT_NEAR(json.at("averages").at("0.5:0.95"), 1. / 4, 1e-12);
  EXPECT_NEAR(json.at("per_class").at("run")[9], 1. / 2, 1e-12);
  EXPECT_EQ(json.at("per_class").at("jump")[0], 0);
  EXPECT_EQ(json.at("protocol"), "activitynet");
  EXPECT_EQ(json.at("subset"), "test");
  EXPECT_EQ(json.at("counts").at("videos_without_predictions"), 0);
}

TEST_F(Eval, NamesThatDoNotMeetAreAnErrorThatShowsThem) {
  const auto fails = [&](int code, const Strings& words, const Strings& options = {}) {
    const Outcome outcome = eval(options);
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.out, "");
    for (const std::string& word : words) EXPECT_TRUE(outcome.says(word)) << outcome.err;
  };
  fails(2, {"test", "training", "--subset"}, {"--subset", "Test"});
  fails(
      1,
      {"3 videos of the predictions (a, b, z)", "1 video of the ground truth, subset training (c)"},
      {"--subset", "training"});

  write_file(path("ambiguous.txt"), "v_a  0 1\n");
  fails(1, {"ambiguous.txt (v_a)", "the prefix 'v_'"},
        {"--protocol", "thumos", "--ambiguous", path("ambiguous.txt")});

  const auto predict = [&](const std::string& id, const std::string& label) {
    write_file(predictions(), "id,label,score,start_s,end_s\n" + id + "," + label + ",1,0,9\n");
  };
  predict("v_a", "run");
  fails(1, {"(v_a)", "(a, b, c)", "'v_a' and 'a' differ in the prefix 'v_' alone"});
  predict("A.mp4", "run");
  fails(1, {"'A.mp4' and 'a' differ in the ending '.mp4', the case of letters alone"});
  predict("a", "Run");
  fails(1, {"1 label of the predictions (Run)", "the case of letters"});
  predict("a", "run");
  save_scores("v_a", 0, 1);
  fails(1, {"1 score in", "'v_a' and 'a'"}, {"--scores", path("scores")});
}

TEST_F(Eval, WithoutASubsetAllVideosCount) {
  const Outcome outcome = eval({"--json"});
  EXPECT_EQ(outcome.json().at("counts").at("videos"), 3);
  EXPECT_TRUE(outcome.says("without predictions: 1 video;")) << outcome.err;
}

TEST_F(Eval, EachProtocolHasItsOwnRules) {
  const auto average = [&](const Strings& options) {
    const Outcome outcome =
        eval(options + Strings{"--json", "--subset", "test", "--ignore-unknown-videos"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json().at("per_class").at("run").at(0).get<double>();
  };
  EXPECT_NEAR(average({"--protocol", "activitynet"}), 2. / 3, 1e-12);
  EXPECT_NEAR(average({"--protocol", "co2net"}), 2. / 3, 1e-12);
  EXPECT_NEAR(average({"--protocol", "thumos"}), (1. / 2 + 2. / 3) / 2, 1e-12);

  write_file(path("ambiguous.txt"), "a 31.0 33.0\n");
  const Strings ambiguous = {"--ambiguous", path("ambiguous.txt")};
  EXPECT_EQ(average(Strings{"--protocol", "co2net"} + ambiguous), 1);
  EXPECT_EQ(average(Strings{"--protocol", "thumos"} + ambiguous), 1);
}

TEST_F(Eval, WholeSnippetsOfARateThatIsNotKnownWarn) {
  const Strings whole = {"--protocol", "co2net"};
  EXPECT_TRUE(eval(whole).says("1.5625 snippets a second")) << eval(whole).err;
  EXPECT_TRUE(eval(whole).says("3 videos (a, b, z)")) << eval(whole).err;
  EXPECT_FALSE(eval({"--protocol", "thumos"}).says("snippets a second"));
  write_file(predictions(), R"({"results": {"a": [{"label": "run", "score": 1, "segment": [0, 1]}]},
      "videos": {"a": {"fps": 25}}, "recipe": {"stride": 16}})");
  EXPECT_FALSE(eval(whole).says("snippets a second"));
}

TEST_F(Eval, ThumosWithoutAmbiguousIntervalsWarns) {
  EXPECT_TRUE(eval({"--protocol", "thumos"}).says("--ambiguous"));
  write_file(path("ambiguous.txt"), "a 31.0 33.0\n");
  EXPECT_FALSE(
      eval({"--protocol", "thumos", "--ambiguous", path("ambiguous.txt")}).says("--ambiguous"));
}

TEST_F(Eval, PrintsThePapersFiguresBeside) {
  const Outcome table = eval({"--tiou", "0.5", "--paper", "thumos14"});
  EXPECT_NE(table.out.find("\nCO2-Net paper      38.3"), std::string::npos) << table.out;
  const Json json = eval({"--json", "--paper", "activitynet1.2"}).json();
  EXPECT_EQ(json.at("paper").at("mAP").at("0.75"), 0.263);
}

TEST_F(Eval, WritesAPageWithTheNumbersOfItsJson) {
  const Strings options = {"--subset", "test", "--ignore-unknown-videos", "--json"};
  const Outcome outcome = eval(options + Strings{"--report", path("page")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  Json json = outcome.json();
  const Json& errors = json.at("report").at("error_analysis");
  // Of the two runs both are found, and of the jump nothing; there is one wrong prediction of each.
  EXPECT_EQ(errors.at("segments"), 3);
  EXPECT_EQ(errors.at("false_positives").at("band_size")[0], 3);
  EXPECT_EQ(errors.at("false_positives").at("count")[0][0], Json({1, 0, 0, 0, 0, 2}));
  EXPECT_EQ(errors.at("bins").at("length").at("edges")[1], 3);
  EXPECT_EQ(json.at("report").at("segments"), Json({{"jump", 1}, {"run", 2}}));
  EXPECT_LT(json.at("report").at("bounds").at("average")[0], json.at("average"));

  const std::string page = read_file(path("page/evaluation.html"));
  EXPECT_NE(page.find("\"evaluation\":" + to_text(json)), std::string::npos);
  const fs::path truth = ground_truth();
  EXPECT_NE(page.find("\"ground_truth\":" + to_text(truth.filename().string())), std::string::npos);
  json.erase("report");
  EXPECT_EQ(json, eval(options).json());
  EXPECT_EQ(eval({"--report", path("page")}).out, eval({}).out);
}

TEST_F(Eval, ItsPageLinksToThePageOfResultsWhereThatIsBeside) {
  const auto linked = [&] {
    eval({"--report", path("page")});
    const std::string page = read_file(path("page/evaluation.html"));
    return page.find("\"results_page\":true") != std::string::npos;
  };
  EXPECT_FALSE(linked());
  write_file(path("page/index.html"), "");
  EXPECT_TRUE(linked());
}

TEST_F(Eval, APageThatCannotBeWrittenIsSaidBeforeAnythingIsRead) {
  write_file(path("page"), "a file, no folder");
  write_file(ground_truth(), "no JSON");
  const Outcome outcome = eval({"--report", path("page")});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_TRUE(outcome.says("page")) << outcome.err;
  EXPECT_FALSE(outcome.says("gt.json")) << outcome.err;
}

TEST_F(Eval, APageNeverTakesThePlaceOfAnInput) {
  write_file(path("evaluation.html"), kPredictions);
  const Outcome outcome = co2net(
      {"eval", path("evaluation.html"), "--ground-truth", ground_truth(), "--report", path("")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("--report would overwrite the input")) << outcome.err;
  EXPECT_EQ(read_file(path("evaluation.html")), kPredictions);
}

TEST_F(Eval, AlsoEvaluatesClassification) {
  save_scores("a", 1, 2);
  save_scores("b", 3, 1);
  save_scores("c", 1, 3);
  const Outcome all = eval({"--json", "--scores", path("scores")});
  EXPECT_EQ(all.code, 0) << all.err;
  // jump ranks b (has it), a, c (has it); run ranks c, a (has it), b.
  EXPECT_NEAR(all.json().at("classification").at("mAP"), ((1 + 2. / 3) / 2 + 1. / 2) / 2, 1e-12);
  const Outcome test = eval({"--subset", "test", "--scores", path("scores")});
  EXPECT_NE(test.out.find("\nclassification mAP 100.0 (2 videos)\n"), std::string::npos)
      << test.out;
}

TEST_F(Eval, ClassificationLeavesOutClassesThatNoScoredVideoHas) {
  save_scores("a", 2, 1);
  const Outcome outcome = eval({"--json", "--scores", path("scores")});
  EXPECT_EQ(outcome.json().at("classification").at("mAP"), 1);
  EXPECT_TRUE(outcome.says("1 class (jump) that no scored video has")) << outcome.err;
}

TEST_F(Eval, TakesTheProbabilitiesOfAClassifierAsTheyAre) {
  save_scores("a", 0.45f, 0.5f);
  save_scores("b", 0, 0.4f);
  const auto mean_precision = [&] {
    return eval({"--json", "--scores", path("scores")}).json().at("classification").at("mAP");
  };
  EXPECT_EQ(mean_precision(), 0.5) << "b may run rather than a, beside so little else";
  for (const std::string id : {"a", "b"}) {
    write_file(path("scores") / (id + ".npz.json"),
               R"({"schema": "co2net.scores/1", "classes": ["jump", "run"],
                   "files": {"i3d_logits.npz": ""}})");
  }
  EXPECT_EQ(mean_precision(), 0.75);
}

TEST_F(Eval, ClassificationFollowsTheClassesOfTheScores) {
  save_scores("a", 2, 1);
  save_scores("b", 1, 2);
  for (const std::string id : {"a", "b"}) {
    write_file(path("scores") / (id + ".npz.json"),
               R"({"schema": "co2net.scores/1", "classes": ["run", "jump"]})");
  }
  const Outcome outcome = eval({"--json", "--scores", path("scores")});
  EXPECT_EQ(outcome.json().at("classification").at("mAP"), 1);
  EXPECT_EQ(outcome.json().at("classification").at("videos_without_scores"), 1);
  EXPECT_FALSE(outcome.says("that no scored video has")) << outcome.err;
  EXPECT_TRUE(outcome.says(": 1 video\n")) << outcome.err;

  write_file(path("scores/b.npz.json"),
             R"({"schema": "co2net.scores/1", "classes": ["run", "walk"]})");
  const Outcome other = eval({"--scores", path("scores")});
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(other.says("b.npz: no scores for class 'jump'")) << other.err;
}

// In "a" one of two runs is found and something is seen where nothing happens; nothing happens in
// "b", and none of the other candidates counts.
constexpr const char* kFinalTruth = R"({"database": {
  "a": {"subset": "test", "duration": 3600, "annotations": [
    {"label": "run", "segment": [0, 10]}, {"label": "run", "segment": [20, 30]}]},
  "b": {"subset": "test", "duration": 7200, "annotations": []},
  "c": {"subset": "training", "annotations": [{"label": "jump", "segment": [0, 10]}]}}})";
constexpr const char* kFinalResults = R"({"results": {
  "a": [{"label": "run", "score": 0.9, "segment": [20, 30]},
        {"label": "run", "score": 0.8, "segment": [0, 11]},
        {"label": "jump", "score": 0.7, "segment": [40, 50]}],
  "b": [{"label": "jump", "score": 0.9, "segment": [20, 30]}]},
 "final": {"a": [{"label": "run", "score": 0.8, "segment": [0, 11]},
                 {"label": "jump", "score": 0.7, "segment": [40, 50]}], "b": []}})";

TEST_F(Eval, TellsHowGoodFinalSegmentsAreToAPersonWhoActsOnThem) {
  write_file(ground_truth(), kFinalTruth);
  write_file(predictions(), kFinalResults);
  const Outcome outcome = eval({"--final", "--subset", "test", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  const Json& at_half = json.at("accuracy").at(1);
  EXPECT_EQ(at_half.at("hits"), 1);
  for (const char* figure : {"precision", "recall", "f1"}) {
    EXPECT_EQ(at_half.at(figure).at("value"), 0.5) << figure;
  }
  EXPECT_EQ(json.at("boundaries").at("end").at("median"), 1);
  EXPECT_EQ(json.at("false_alarms").at("elsewhere").at("segments"), 1);
  EXPECT_EQ(json.at("false_alarms").at("background").at("per_hour_below"), 1.5);
  EXPECT_EQ(json.at("subset"), "test");
  EXPECT_EQ(outcome.out, eval({"--final", "--subset", "test", "--json"}).out);

  const Outcome table = eval({"--final", "--subset", "test"});
  EXPECT_NE(table.out.find("background           1      2.00         0    < 1.50\n"),
            std::string::npos)
      << table.out;
  EXPECT_NE(table.out.find("\njump for none          1\n"), std::string::npos) << table.out;
  EXPECT_TRUE(table.says("2 final segments, 2 of the ground truth in 2 videos")) << table.err;
  EXPECT_TRUE(eval({"--final"}).says("without results: 1 video;")) << "c";

  eval({"--final", "-o", path("figures")});
  EXPECT_EQ(read_file(path("figures")), eval({"--final"}).out);
  EXPECT_EQ(eval({"--final", "-o", predictions()}).code, 2);
}

TEST_F(Eval, FinalOfAFileWithoutFinalSegmentsIsAnErrorThatSaysWhichHaveThem) {
  const Outcome outcome = eval({"--final"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.says("results.json: 'a' has no final segments")) << outcome.err;
  EXPECT_TRUE(outcome.says("JSON lines")) << outcome.err;
}

TEST_F(Eval, WritesAFileAndNeverOverItsInputs) {
  const Outcome outcome = eval({"--json", "-o", path("out/eval.json")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(read_file(path("out/eval.json")), eval({"--json"}).out);
  for (const std::string& input : {predictions(), ground_truth()}) {
    const Outcome over = eval({"-o", input});
    EXPECT_EQ(over.code, 2);
    EXPECT_TRUE(over.says("overwrite")) << over.err;
  }
  EXPECT_EQ(read_file(predictions()), kPredictions);
  write_file(path("ambiguous.txt"), "a 0 1\n");
  save_scores("a", 1, 2);
  for (const auto& [option, input, output] :
       std::vector<std::array<std::string, 3>>{{"--ambiguous", "ambiguous.txt", "ambiguous.txt"},
                                               {"--scores", "scores", "scores/a.npz"}}) {
    const std::string before = read_file(path(output));
    const Outcome over = eval({"--protocol", "thumos", option, path(input), "-o", path(output)});
    EXPECT_EQ(over.code, 2);
    EXPECT_TRUE(over.says("overwrite")) << over.err;
    EXPECT_EQ(read_file(path(output)), before);
  }
}

TEST_F(Eval, BadFilesExitWith1AndNameTheDefect) {
  write_file(path("bad.json"), R"({"results": {"a": [{"label": "run", "segment": [0, 1]}]}})");
  const auto said = [&](const Strings& arguments, const std::string& words) {
    const Outcome outcome = co2net(Strings{"eval"} + arguments);
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
  };
  said({path("bad.json"), "--ground-truth", ground_truth()},
       "bad.json: results of 'a': segment 0: 'score' is missing");
  said({path("none.json"), "--ground-truth", ground_truth()}, "none.json");
  said({predictions(), "--ground-truth", path("none.json")}, "none.json");
  said({predictions(), "--ground-truth", predictions()}, "results.json");
  said({predictions(), "--ground-truth", ground_truth(), "--scores", path("none")}, "none");
  write_file(path("scores/a.npz"), "no zip");
  said({predictions(), "--ground-truth", ground_truth(), "--scores", path("scores")}, "a.npz");
}

TEST_F(Eval, WrongUseExitsWith2) {
  for (const auto& [options, words] : std::vector<std::pair<Strings, std::string>>{
           {{"--subset", "tset"}, "test, training"},
           {{"--protocol", "x"}, "activitynet, co2net, thumos"},
           {{"--tiou", "0.5:0.1"}, "FIRST:STEP:LAST"},
           {{"--paper", "x"}, "thumos14, activitynet1.2"},
           {{"--ambiguous", "x"}, "activitynet"},
           {{"--final", "--tiou", "0.5"}, "--tiou has no meaning with --final"},
           {{"--final", "--ignore-unknown-videos"}, "--ignore-unknown-videos has no meaning"},
           {{"--final", "--per-class"}, "--per-class has no meaning"},
           {{"--final", "--report", "x"}, "--report has no meaning"},
           {{"-o", path("")}, "folder"}}) {
    const Outcome outcome = eval(options);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(options);
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
  }
  EXPECT_TRUE(co2net({"eval"}).says("PREDICTIONS"));
  EXPECT_TRUE(co2net({"eval", predictions()}).says("--ground-truth"));
}

}  // namespace
}  // namespace co2net::test
