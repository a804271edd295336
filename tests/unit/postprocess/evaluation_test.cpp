#include "postprocess/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "postprocess/evaluation_table.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"

namespace co2net {
namespace {

using Segments = std::vector<AnnotatedSegment>;

AnnotatedVideo video(const std::string& id, const Segments& segments,
                     const std::string& subset = "test") {
  return {id, subset, 0, {}, segments};
}

Annotations ground_truth(const std::vector<AnnotatedVideo>& videos) {
  Annotations annotations;
  std::set<std::string> labels;
  for (const AnnotatedVideo& annotated : videos) {
    for (const AnnotatedSegment& segment : annotated.segments) labels.insert(segment.label);
  }
  annotations.classes.assign(labels.begin(), labels.end());
  annotations.videos = videos;
  return annotations;
}

Evaluation evaluated(Protocol protocol, const Annotations& annotations,
                     const Predictions& predictions, const std::vector<double>& tiou = {0.5},
                     const std::string& subset = "") {
  return evaluate(predictions, annotations, {protocol, subset, tiou});
}

// One video, one class.
double average_precision(Protocol protocol, const std::vector<Interval>& truths,
                         const std::vector<Segment>& predictions, double threshold = 0.5,
                         const std::vector<Interval>& ambiguous = {}) {
  Segments segments;
  for (const Interval& truth : truths) segments.push_back({"run", truth.start_s, truth.end_s});
  Annotations annotations = ground_truth({video("a", segments)});
  if (!ambiguous.empty()) annotations.ambiguous["a"] = ambiguous;
  return evaluated(protocol, annotations, {{"a", predictions}}, {threshold}).mAP.at(0);
}

constexpr Protocol kAll[] = {Protocol::kActivityNet, Protocol::kCo2Net, Protocol::kThumos};
// Seconds that are whole snippets.
constexpr double kSnippet = 16 / 25.;

TEST(Protocol, HasNamesThatAreReadBack) { test::expect_names_read_back<Protocol>(); }

TEST(Evaluate, FindsAllOrNothing) {
  for (const Protocol protocol : kAll) {
    EXPECT_EQ(average_precision(protocol, {{0, 10}}, {{"run", 0.1, 0, 10}}), 1);
    EXPECT_EQ(average_precision(protocol, {{0, 10}}, {{"run", 0.1, 20, 30}}), 0);
    EXPECT_EQ(average_precision(protocol, {{0, 10}}, {}), 0);
    EXPECT_EQ(average_precision(protocol, {{0, 10}, {20, 30}}, {{"run", 0.1, 0, 10}}), 0.5);
  }
}

TEST(Evaluate, InterpolatesPrecisionExceptAsTheThumosKit) {
  const std::vector<Segment> predictions = {
      {"run", 0.9, 40, 50}, {"run", 0.8, 0, 10}, {"run", 0.7, 20, 30}};
  const auto precision = [&](Protocol protocol) {
    return average_precision(protocol, {{0, 10}, {20, 30}}, predictions);
  };
  EXPECT_DOUBLE_EQ(precision(Protocol::kActivityNet), 2. / 3);
  EXPECT_DOUBLE_EQ(precision(Protocol::kCo2Net), 2. / 3);
  EXPECT_DOUBLE_EQ(precision(Protocol::kThumos), (1. / 2 + 2. / 3) / 2);
}

TEST(Evaluate, CountsASecondDetectionOfTheSameAgainst) {
  for (const Protocol protocol : kAll) {
    EXPECT_DOUBLE_EQ(
        average_precision(protocol, {{0, 10}, {20, 30}},
                          {{"run", 0.7, 20, 30}, {"run", 0.9, 0, 10}, {"run", 0.8, 0, 10}}),
        (1 + 2. / 3) / 2);
  }
}

TEST(Evaluate, EqualityWithTheThresholdMatchesExceptInTheThumosKit) {
  const std::vector<Segment> half = {{"run", 1, 0, 8}};
  const std::vector<Interval> whole = {{0, 16}};
  EXPECT_EQ(average_precision(Protocol::kActivityNet, whole, half), 1);
  EXPECT_EQ(average_precision(Protocol::kThumos, whole, half), 0);
  EXPECT_EQ(average_precision(Protocol::kThumos, whole, half, 0.49), 1);
  const std::vector<Segment> half_in_snippets = {{"run", 1, 0, 5 * kSnippet}};
  EXPECT_EQ(average_precision(Protocol::kCo2Net, {{0, 10 * kSnippet}}, half_in_snippets), 1);
}

TEST(Evaluate, ADetectionTakesTheBestThatIsLeft) {
  const std::vector<Interval> truths = {{0, 10}, {5, 15}};
  const std::vector<Segment> predictions = {{"run", 0.9, 4, 14}, {"run", 0.8, 5, 15}};
  EXPECT_EQ(average_precision(Protocol::kActivityNet, truths, predictions, 0.3), 1);
  EXPECT_EQ(average_precision(Protocol::kActivityNet, truths, predictions, 0.4), 0.5);
}

TEST(Evaluate, OfEquallyGoodGroundTruthTheLaterIsTaken) {
  const std::vector<Interval> truths = {{0, 10}, {20, 30}};
  const Segment both = {"run", 0.9, 0, 30};
  EXPECT_EQ(average_precision(Protocol::kActivityNet, truths, {both, {"run", 0.8, 0, 10}}, 0.1), 1);
  EXPECT_EQ(average_precision(Protocol::kActivityNet, truths, {both, {"run", 0.8, 20, 30}}, 0.1),
            0.5);
}

TEST(Evaluate, OfEqualScoresTheLaterComesFirstExceptInTheThumosKit) {
  const std::vector<Segment> hit_and_miss = {{"run", 0.5, 0, 10}, {"run", 0.5, 50, 60}};
  EXPECT_EQ(average_precision(Protocol::kActivityNet, {{0, 10}}, hit_and_miss), 0.5);
  EXPECT_EQ(average_precision(Protocol::kThumos, {{0, 10}}, hit_and_miss), 1);

  const Annotations annotations = ground_truth({video("b", {}), video("a", {{"run", 0, 10}})});
  const VideoPredictions miss = {"b", {{"run", 0.5, 0, 10}}}, hit = {"a", {{"run", 0.5, 0, 10}}};
  for (const Protocol protocol : {Protocol::kActivityNet, Protocol::kCo2Net}) {
    EXPECT_EQ(evaluated(protocol, annotations, {miss, hit}).average, 1) << "the later in the file";
    EXPECT_EQ(evaluated(protocol, annotations, {hit, miss}).average, 0.5);
  }
  EXPECT_EQ(evaluated(Protocol::kThumos, annotations, {miss, hit}).average, 1) << "by name";
}

TEST(Evaluate, ThumosGroundTruthTakesTheDetectionThatFitsBest) {
  const std::vector<Segment> predictions = {{"run", 0.9, 0, 6}, {"run", 0.8, 0, 9}};
  EXPECT_EQ(average_precision(Protocol::kThumos, {{0, 10}}, predictions), 0.5);
  EXPECT_EQ(average_precision(Protocol::kActivityNet, {{0, 10}}, predictions), 1);
}

TEST(Evaluate, ThumosAmbiguousIntervalsNeitherRewardNorPunish) {
  const std::vector<Interval> ambiguous = {{40, 50}};
  const auto precision = [&](const Segment& first) {
    return average_precision(Protocol::kThumos, {{0, 10}}, {first, {"run", 0.5, 0, 10}}, 0.5,
                             ambiguous);
  };
  EXPECT_EQ(precision({"run", 0.9, 40, 50}), 1);
  EXPECT_EQ(precision({"run", 0.9, 49, 90}), 1) << "any overlap will do";
  EXPECT_EQ(precision({"run", 0.9, 50, 60}), 0.5) << "touching is none";
  EXPECT_EQ(precision({"run", 0.9, 9, 41}), 1) << "also what overlaps ground truth too little";
  EXPECT_EQ(average_precision(Protocol::kThumos, {{0, 10}}, {{"run", 0.9, 0, 10}}, 0.5, {{5, 6}}),
            1)
      << "a match stays one";
  EXPECT_EQ(average_precision(Protocol::kThumos, {{0, 10}}, {{"run", 0.9, 40, 50}}, 0.5, ambiguous),
            0);
}

TEST(Evaluate, AmbiguousIntervalsAreThoseOfTheVideoAndOfAllClasses) {
  Annotations annotations =
      ground_truth({video("a", {{"run", 0, 10}}), video("b", {{"jump", 0, 9}})});
  annotations.ambiguous["b"] = {{40, 50}};
  const Predictions predictions = {
      {"a", {{"run", 0.9, 40, 50}, {"run", 0.5, 0, 10}}},
      {"b", {{"jump", 0.9, 40, 50}, {"run", 0.8, 40, 50}, {"jump", 0.5, 0, 9}}}};
  const Evaluation thumos = evaluated(Protocol::kThumos, annotations, predictions);
  EXPECT_EQ(thumos.per_class.at("run").at(0), 0.5);
  EXPECT_EQ(thumos.per_class.at("jump").at(0), 1);
  const Evaluation co2net = evaluated(Protocol::kCo2Net, annotations, predictions);
  EXPECT_EQ(co2net.per_class.at("run").at(0), 0.5);
  EXPECT_EQ(co2net.per_class.at("jump").at(0), 1);
  EXPECT_EQ(co2net.ambiguous_predictions, 2);
  EXPECT_EQ(co2net.predictions, 3);
  const Evaluation seconds = evaluated(Protocol::kActivityNet, annotations, predictions);
  EXPECT_EQ(seconds.per_class.at("jump").at(0), 0.5);
}

TEST(Evaluate, Co2NetComparesWholeSnippets) {
  // 1.6 s are 2.5 snippets, rounded to 2; 2.24 s are 3.5, rounded to 4.
  const std::vector<Segment> predictions = {{"run", 1, 0, 2 * kSnippet}};
  EXPECT_EQ(average_precision(Protocol::kCo2Net, {{0, 1.6}}, predictions, 0.9), 1);
  EXPECT_EQ(average_precision(Protocol::kActivityNet, {{0, 1.6}}, predictions, 0.9), 0);
  EXPECT_EQ(average_precision(Protocol::kCo2Net, {{0, 2.24}}, predictions, 0.5), 1);
  EXPECT_EQ(average_precision(Protocol::kCo2Net, {{0, 2.24}}, predictions, 0.51), 0);
}

TEST(Evaluate, Co2NetUsesTheSnippetRateOfEachVideo) {
  const Annotations annotations = ground_truth({video("a", {{"run", 0, 10.4}})});
  Predictions predictions = {{"a", {{"run", 1, 0, 10}}, 1.0}};
  EXPECT_EQ(evaluated(Protocol::kCo2Net, annotations, predictions, {1.0}).average, 1);
  predictions[0].snippets_per_second = 5;
  EXPECT_EQ(evaluated(Protocol::kCo2Net, annotations, predictions, {1.0}).average, 0);
}

TEST(Evaluate, Co2NetTakesPredictionsInFractionsOfSnippetsAsTheyAre) {
  // 4 of 10 snippets are 0.4; 4.4 of 10 are not 0.45.
  const std::vector<Interval> truth = {{0, 10 * kSnippet}};
  const auto precision = [&](double snippets, double threshold) {
    return average_precision(Protocol::kCo2Net, truth, {{"run", 1, 0, snippets * kSnippet}},
                             threshold);
  };
  EXPECT_EQ(precision(4, 0.4), 1);
  EXPECT_EQ(precision(4.4, 0.45), 0);
  EXPECT_EQ(precision(4.5, 0.45), 1);
  EXPECT_EQ(precision(4.6, 0.5), 0);
}

TEST(Evaluate, GroundTruthWithoutLengthCountsAndIsFoundByPredictionsWithoutLengthAlone) {
  const std::vector<Interval> truths = {{0, 10}, {20, 20}};
  const Segment hit = {"run", 0.9, 0, 10}, short_one = {"run", 0.8, 20, 20.5},
                empty = {"run", 0.7, 33, 33};
  for (const Protocol protocol : {Protocol::kActivityNet, Protocol::kThumos}) {
    EXPECT_EQ(average_precision(protocol, truths, {hit, short_one}), 0.5);
  }
  EXPECT_EQ(average_precision(Protocol::kActivityNet, truths, {hit, empty}, 0.95), 1)
      << "wherever it lies";
  EXPECT_EQ(average_precision(Protocol::kThumos, truths, {hit, empty}), 0.5);
  EXPECT_EQ(average_precision(Protocol::kActivityNet, {{0, 10}, {20, 20}, {25, 25}},
                              {hit, empty, {"run", 0.6, 1, 1}, {"run", 0.5, 2, 2}}, 0.95),
            1)
      << "each is found once";
}

TEST(Evaluate, Co2NetLosesTheLengthOfShortGroundTruth) {
  const Annotations annotations =
      ground_truth({video("a", {{"run", 0, 10 * kSnippet}, {"run", 20 * kSnippet, 12.81}})});
  const Segment hit = {"run", 0.9, 0, 10 * kSnippet};
  const Segment same = {"run", 0.8, 20 * kSnippet, 21 * kSnippet};
  const Evaluation evaluation =
      evaluated(Protocol::kCo2Net, annotations, {{"a", {hit, same}}}, {0.1});
  EXPECT_EQ(evaluation.average, 0.5);
  EXPECT_EQ(evaluation.segments_without_length, 1);
  EXPECT_EQ(evaluation.predictions_without_length, 0);
  const Evaluation seconds =
      evaluated(Protocol::kActivityNet, annotations, {{"a", {hit, {"run", 1, 5, 5}}}}, {0.1});
  EXPECT_EQ(seconds.segments_without_length, 0);
  EXPECT_EQ(seconds.predictions_without_length, 1);
}

TEST(Evaluate, TimesBeyondAllBoundsFindNothing) {
  for (const Protocol protocol : kAll) {
    EXPECT_EQ(average_precision(protocol, {{0, 10}}, {{"run", 1, -1e308, 1e308}}), 0);
    EXPECT_EQ(average_precision(protocol, {{0, 10}}, {{"run", 1, 1e308, 1e308}}), 0);
  }
}

TEST(Evaluate, ActivityNetComparesWithTheThresholdsOfNumpysLinspace) {
  // The third of 0.1:0.1:0.9 is 0.30000000000000004 there, the ninth of 0.5:0.05:0.95
  // 0.8999999999999999.
  const auto found = [](Protocol protocol, double length, const std::string& tiou, double at) {
    const Evaluation evaluation =
        evaluated(protocol, ground_truth({video("a", {{"run", 0, 10 * kSnippet}})}),
                  {{"a", {{"run", 1, 0, length * kSnippet}}}}, parse_tiou(tiou));
    const auto place = std::ranges::find(evaluation.tiou, at);
    EXPECT_NE(place, evaluation.tiou.end()) << "shown as a decimal";
    return evaluation.mAP.at(static_cast<std::size_t>(place - evaluation.tiou.begin()));
  };
  EXPECT_EQ(found(Protocol::kActivityNet, 3, "0.1:0.1:0.9", 0.3), 0);
  EXPECT_EQ(found(Protocol::kCo2Net, 3, "0.1:0.1:0.9", 0.3), 1);
  EXPECT_EQ(found(Protocol::kActivityNet, 3, "0.3", 0.3), 1);
  EXPECT_THROW(evaluated(Protocol::kActivityNet, ground_truth({video("a", {{"run", 0, 1}})}), {},
                         {0.5, 0.75, 0.95}),
               Error);
}

TEST(Evaluate, PredictionsInOtherVideosAreWrongUnlessTheyAreLeftOut) {
  const Annotations annotations =
      ground_truth({video("a", {{"run", 0, 10}}), video("b", {{"run", 0, 10}}, "training")});
  const Predictions predictions = {{"b", {{"run", 0.9, 0, 10}}},
                                   {"nowhere", {{"run", 0.8, 0, 10}}},
                                   {"a", {{"run", 0.7, 0, 10}}}};
  for (const Protocol protocol : kAll) {
    EvaluationOptions options{protocol, "test", {0.5}};
    const Evaluation evaluation = evaluate(predictions, annotations, options);
    EXPECT_DOUBLE_EQ(evaluation.average, 1. / 3);
    EXPECT_EQ(evaluation.predictions, 3);
    EXPECT_EQ(evaluation.foreign_predictions, 2);
    EXPECT_EQ(evaluation.foreign_videos, (std::set<std::string>{"b", "nowhere"}));

    options.ignore_unknown_videos = true;
    const Evaluation without = evaluate(predictions, annotations, options);
    EXPECT_EQ(without.average, 1);
    EXPECT_EQ(without.predictions, 1);
    EXPECT_EQ(without.foreign_predictions, 2);
  }
}

TEST(Evaluate, AmbiguousIntervalsCountInOtherVideosToo) {
  Annotations annotations = ground_truth({video("a", {{"run", 0, 10}})});
  annotations.ambiguous["z"] = {{40, 50}};
  const Predictions predictions = {{"z", {{"run", 0.9, 40, 50}}}, {"a", {{"run", 0.7, 0, 10}}}};
  EXPECT_EQ(evaluated(Protocol::kThumos, annotations, predictions).average, 1);
  EXPECT_EQ(evaluated(Protocol::kCo2Net, annotations, predictions).average, 1);
  EXPECT_EQ(evaluated(Protocol::kActivityNet, annotations, predictions).average, 0.5);
}

TEST(Evaluate, AveragesOverTheClassesThatHaveGroundTruthInTheSubset) {
  Annotations annotations = ground_truth(
      {video("a", {{"run", 0, 10}, {"jump", 0, 10}}), video("b", {{"swim", 0, 10}}, "training")});
  const Predictions predictions = {{"a", {{"run", 1, 0, 10}, {"swim", 1, 0, 10}}},
                                   {"b", {{"swim", 1, 0, 10}}}};
  const Evaluation test =
      evaluated(Protocol::kActivityNet, annotations, predictions, {0.5}, "test");
  EXPECT_EQ(test.per_class,
            (std::map<std::string, std::vector<double>>{{"jump", {0}}, {"run", {1}}}));
  EXPECT_EQ(test.mAP, std::vector<double>{0.5});
  EXPECT_EQ(test.predictions, 1);
  EXPECT_EQ(test.unknown_label_predictions, 2) << "also where another subset has the label";
  EXPECT_EQ(test.unknown_labels, std::set<std::string>{"swim"});
  const Evaluation all = evaluated(Protocol::kActivityNet, annotations, predictions);
  EXPECT_EQ(all.per_class.size(), 3u);
  EXPECT_EQ(all.unknown_label_predictions, 0);
}

TEST(Evaluate, CountsWhatIsMissingOrUnknown) {
  const Annotations annotations = ground_truth({video("a", {{"run", 0, 10}, {"run", 20, 30}}),
                                                video("b", {{"run", 0, 10}}), video("c", {})});
  const Predictions predictions = {{"z", {{"run", 1, 0, 10}, {"run", 1, 0, 10}}},
                                   {"c", {}},
                                   {"a", {{"run", 1, 0, 10}, {"fly", 1, 0, 10}}}};
  const Evaluation evaluation = evaluated(Protocol::kActivityNet, annotations, predictions);
  EXPECT_DOUBLE_EQ(evaluation.average, 1. / 3);
  EXPECT_EQ(evaluation.videos, 3);
  EXPECT_EQ(evaluation.videos_without_predictions, 2);
  EXPECT_EQ(evaluation.segments, 3);
  EXPECT_EQ(evaluation.predictions, 3);
  EXPECT_EQ(evaluation.foreign_predictions, 2);
  EXPECT_EQ(evaluation.unknown_label_predictions, 1);
}

TEST(Evaluate, EveryThresholdIsMatchedByItself) {
  const Annotations annotations = ground_truth({video("a", {{"run", 0, 10}})});
  const Predictions predictions = {{"a", {{"run", 0.9, 0, 6}, {"run", 0.8, 0, 9}}}};
  const Evaluation evaluation =
      evaluated(Protocol::kActivityNet, annotations, predictions, {0.5, 0.725, 0.95});
  EXPECT_EQ(evaluation.tiou, (std::vector<double>{0.5, 0.725, 0.95}));
  EXPECT_EQ(evaluation.mAP, (std::vector<double>{1, 0.5, 0}));
  EXPECT_EQ(evaluation.average, 0.5);
}

TEST(Evaluate, NamesASubsetThatIsNotThere) {
  const Annotations annotations =
      ground_truth({video("a", {}), video("b", {{"run", 0, 1}}, "training")});
  test::expect_error(ErrorKind::kUsage, {"'tset'", "test, training"},
                     [&] { evaluated(Protocol::kActivityNet, annotations, {}, {0.5}, "tset"); });
  test::expect_error(ErrorKind::kInput, {"no segments"},
                     [&] { evaluated(Protocol::kActivityNet, annotations, {}, {0.5}, "test"); });
  test::expect_error(ErrorKind::kInput, {"no segments"},
                     [&] { evaluated(Protocol::kActivityNet, {}, {}); });
}

TEST(ParseTiou, GivesTheDoublesNearestToTheDecimals) {
  const std::vector<double> tenths = parse_tiou("0.1:0.1:0.9");
  ASSERT_EQ(tenths.size(), 9u);
  for (int i = 1; i <= 9; ++i) EXPECT_EQ(tenths[static_cast<std::size_t>(i - 1)], i / 10.0);
  const std::vector<double> twentieths = parse_tiou("0.5:0.05:0.95");
  ASSERT_EQ(twentieths.size(), 10u);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(twentieths[static_cast<std::size_t>(i)], (50 + 5 * i) / 100.0);
  }
  EXPECT_EQ(parse_tiou("0.5"), std::vector<double>{0.5});
  EXPECT_EQ(parse_tiou("1"), std::vector<double>{1});
  EXPECT_EQ(parse_tiou("0.3:0.2:0.6"), (std::vector<double>{0.3, 0.5}));
  EXPECT_EQ(parse_tiou("0.001:0.001:1").size(), 1000u);
}

TEST(ParseTiou, RefusesWhatIsNoGrid) {
  for (const std::string text :
       {"", ":", "a", "0.1:0.9", "0.1:0.1:0.9:1", "0:0.1:0.5", "0.5:0:0.9", "0.9:0.1:0.5",
        "0.5:0.1:1.1", "-0.5", "0.5 ", "1e-1", ".5", "0.", "0.5:-0.1:0.4", "0.0001:0.0001:1",
        "0.1234567891", "99999999999999999999", "0.1::0.9"}) {
    test::expect_error(ErrorKind::kUsage, {"'" + text + "'", "0.1:0.1:0.9"},
                       [&] { parse_tiou(text); });
  }
}

Evaluation with_figures(const std::string& tiou, const std::vector<double>& figures) {
  Evaluation evaluation;
  evaluation.tiou = parse_tiou(tiou);
  evaluation.mAP = figures;
  evaluation.average = 0.25;
  evaluation.per_class["run"] = figures;
  return evaluation;
}

TEST(Averages, AreThoseWhoseThresholdsWereEvaluated) {
  using Named = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(averages(with_figures("0.1:0.1:0.7", {0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.75})),
            (Named{{"0.1:0.5", 0.5}, {"0.1:0.7", 0.5}}));
  EXPECT_EQ(averages(with_figures("0.5:0.05:0.95", std::vector(10, 0.5))),
            (Named{{"0.5:0.95", 0.5}}));
  EXPECT_EQ(averages(with_figures("0.5", {0.5})), Named());
  EXPECT_EQ(averages(with_figures("0.05:0.05:0.95", std::vector(19, 0.5))).size(), 4u);
}

TEST(ToTable, HasARowOfPercentAndWhatIsAskedFor) {
  const Evaluation evaluation = with_figures("0.1:0.1:0.5", {1, 0.5, 0.4321, 0, 0});
  EXPECT_EQ(to_table(evaluation),
            "tIoU       0.1       0.2       0.3       0.4       0.5   0.1:0.5      mean\n"
            "mAP      100.0      50.0      43.2       0.0       0.0      38.6      25.0\n");
  const std::string full = to_table(
      evaluation, {.beside = &published_figures(Variant::kActivityNet), .per_class = true});
  EXPECT_NE(
      full.find("\nCO2-Net paper         -         -         -         -      43.3         -\n"),
      std::string::npos)
      << full;
  EXPECT_NE(full.find("\nrun               100.0      50.0      43.2       0.0       0.0\n"),
            std::string::npos)
      << full;
}

TEST(PublishedFigures, AreThePapers) {
  EXPECT_EQ(published_figures(Variant::kThumos14).mAP.at(0.5), 0.383);
  EXPECT_EQ(published_figures(Variant::kThumos14).averages.at("0.1:0.7"), 0.446);
}

TEST(EvaluationToJson, HasFractionsAndEveryClass) {
  const Json json = to_json(with_figures("0.1:0.1:0.5", {1, 0.5, 0.5, 0, 0}));
  EXPECT_EQ(json.at("tiou"), Json({0.1, 0.2, 0.3, 0.4, 0.5}));
  EXPECT_EQ(json.at("mAP"), Json({1., 0.5, 0.5, 0., 0.}));
  EXPECT_EQ(json.at("average"), 0.25);
  EXPECT_EQ(json.at("averages"), Json({{"0.1:0.5", 0.4}}));
  EXPECT_EQ(json.at("per_class"), Json({{"run", {1., 0.5, 0.5, 0., 0.}}}));
  EXPECT_EQ(json.at("counts").at("videos"), 0);
}

}  // namespace
}  // namespace co2net
