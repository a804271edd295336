#include "postprocess/error_analysis.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Kind = PredictionKind;

// One video of a minute with a run and a jump of ten seconds each.
Annotations run_and_jump() {
  Annotations annotations;
  annotations.videos = {{"a", "test", 60, {"jump", "run"}, {{"run", 0, 10}, {"jump", 20, 30}}}};
  return annotations;
}

ErrorAnalysis analyzed(const Predictions& predictions, const Annotations& annotations,
                       std::vector<double> tiou = {0.5}) {
  return analyze_errors(predictions, annotations,
                        {"test", std::move(tiou), false, usual_bins(annotations, "test")});
}

int counted(const ErrorAnalysis& analysis, Kind kind, std::size_t band) {
  return analysis.false_positives.count.at(0).at(band)[static_cast<std::size_t>(kind)];
}

double gain(const ErrorAnalysis& analysis, Kind kind) {
  return analysis.false_positives.gain[static_cast<std::size_t>(kind)];
}

TEST(ErrorAnalysis, TellsEachKindOfPredictionByWhatItOverlapsMost) {
  const ErrorAnalysis analysis = analyzed({{"a",
                                            {{"run", 0.9, 0, 10},       // found
                                             {"run", 0.8, 0, 9},        // found already
                                             {"run", 0.7, 20, 30},      // jump
                                             {"run", 0.6, 0, 4},        // tIoU 0.4
                                             {"run", 0.5, 20, 24},      // tIoU 0.4 with a jump
                                             {"run", 0.4, 9.5, 19}}}},  // tIoU below 0.1
                                          run_and_jump());
  const std::vector<Kind> kinds = {Kind::kTruePositive, Kind::kDoubleDetection, Kind::kWrongLabel,
                                   Kind::kLocalization, Kind::kConfusion,       Kind::kBackground};
  for (std::size_t band = 0; band < kinds.size(); ++band) {
    EXPECT_EQ(analysis.false_positives.band_size[band], 1);
    EXPECT_EQ(counted(analysis, kinds[band], band), 1) << band;
    EXPECT_EQ((*analysis.false_positives.shares_of_all)[band], 1. / 6);
  }
  EXPECT_EQ(analysis.false_positives.shares[6], std::nullopt);
}

TEST(ErrorAnalysis, LooksForFalsePositivesAmongTenTimesAsManyAsThereAreSegments) {
  Predictions predictions = {{"a", {}}};
  for (int i = 0; i < 15; ++i) predictions[0].segments.push_back({"run", 1 - i / 20., 40, 50});
  predictions[0].segments.push_back({"run", 0.1, 0, 10});
  const ErrorAnalysis analysis = analyzed(predictions, run_and_jump());
  EXPECT_EQ(analysis.false_positives.predictions, 10);
  EXPECT_EQ(analysis.false_positives.map.average, 0);
  EXPECT_DOUBLE_EQ(analysis.map.average, (1. / 16 + 0) / 2);
}

TEST(ErrorAnalysis, GainIsWhatTheMapWouldBeWithoutThePredictionsOfAKind) {
  const ErrorAnalysis analysis = analyzed(
      {{"a", {{"run", 0.9, 20, 30}, {"run", 0.8, 0, 4}, {"run", 0.7, 0, 10}}}}, run_and_jump());
  // Of run the third is right, of jump nothing is found.
  EXPECT_DOUBLE_EQ(analysis.map.average, (1. / 3 + 0) / 2);
  EXPECT_DOUBLE_EQ(gain(analysis, Kind::kWrongLabel), (1. / 2 - 1. / 3) / 2);
  EXPECT_DOUBLE_EQ(gain(analysis, Kind::kLocalization), (1. / 2 - 1. / 3) / 2);
  EXPECT_EQ(gain(analysis, Kind::kBackground), 0);
}

TEST(ErrorAnalysis, CountsPrecisionAsIfClassesHadEquallyManySegments) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].segments.push_back({"run", 30, 40});
  annotations.videos[0].segments.push_back({"run", 40, 50});
  // 2 segments a class; recall of jump 1: 2 hits to 1 miss, not 1 to 1.
  const ErrorAnalysis analysis =
      analyzed({{"a", {{"jump", 0.9, 0, 4}, {"jump", 0.8, 20, 30}}}}, annotations);
  EXPECT_DOUBLE_EQ(analysis.map.average, (2. / 3 + 0) / 2);
}

TEST(ErrorAnalysis, AllInAVideoWithoutSegmentsIsBackground) {
  const Predictions predictions = {{"a", {{"run", 0.9, 0, 10}}},
                                   {"z", {{"run", 0.8, 0, 10}, {"run", 0.7, 0, 10}}}};
  EXPECT_EQ(counted(analyzed(predictions, run_and_jump()), Kind::kBackground, 1), 1);
  EXPECT_EQ(counted(analyzed(predictions, run_and_jump()), Kind::kBackground, 2), 1);
  const ErrorAnalysis without = analyze_errors(
      predictions, run_and_jump(), {"test", {0.5}, true, usual_bins(run_and_jump(), "test")});
  EXPECT_EQ(without.false_positives.predictions, 1);
}

TEST(ErrorAnalysis, LeavesOutLabelsThatTheGroundTruthLacks) {
  const ErrorAnalysis analysis =
      analyzed({{"a", {{"fly", 0.9, 0, 10}, {"run", 0.8, 0, 10}}}}, run_and_jump());
  EXPECT_EQ(analysis.false_positives.predictions, 1);
  EXPECT_EQ(analysis.map.average, 0.5);
}

TEST(ErrorAnalysis, LeavesOutGroundTruthWithoutLengthOrLongerThanItsVideo) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].segments.push_back({"fly", 5, 5});
  annotations.videos[0].segments.push_back({"fly", 0, 61});
  const ErrorAnalysis analysis = analyzed({{"a", {{"run", 0.8, 0, 10}}}}, annotations);
  EXPECT_EQ(analysis.map.average, 0.5);
  // They are instances all the same.
  EXPECT_EQ(analysis.by.at(Characteristic::kInstances).at(1).share_of_truths, 1);

  annotations.videos[0].segments = {{"fly", 5, 5}};
  test::expect_error(ErrorKind::kInput, {"have a length"}, [&] {
    analyzed({{"a", {{"run", 0.8, 0, 10}}}}, annotations);
  });
}

TEST(ErrorAnalysis, TakesADurationFromThePredictionsWhereTheGroundTruthHasNone) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].duration_s = 0;
  Predictions predictions = {{"a", {{"run", 0.8, 0, 10}}}};
  const auto by_coverage = [&] {
    return analyzed(predictions, annotations).by.at(Characteristic::kCoverage);
  };
  const std::vector<BinFigures> unknown = by_coverage();
  for (const BinFigures& bin : unknown) {
    EXPECT_EQ(bin.share_of_truths, 0);
    EXPECT_EQ(bin.missed, std::nullopt);
  }
  predictions[0].duration_s = 200;  // both cover 0.05
  EXPECT_EQ(by_coverage().at(2).share_of_truths, 1);
}

TEST(ErrorAnalysis, ABinHoldsItsUpperEdgeAndTheFirstAlsoItsLowerOne) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].segments = {{"run", 0, 3}, {"run", 10, 16}, {"jump", 20, 26.5}};
  const BinsBy bins = {{Characteristic::kLength, {{"S", "M"}, {3, 6, 20}}}};
  const ErrorAnalysis analysis =
      analyze_errors({{"a", {}}}, annotations, {"test", {0.5}, false, bins});
  const std::vector<BinFigures>& by_length = analysis.by.at(Characteristic::kLength);
  EXPECT_DOUBLE_EQ(by_length.at(0).share_of_truths, 2. / 3);
  EXPECT_DOUBLE_EQ(by_length.at(1).share_of_truths, 1. / 3);
}

TEST(ErrorAnalysis, WhatComesAfterSoManyWrongOnesIsMissed) {
  Predictions predictions = {{"a", {{"jump", 0.9, 20, 30}, {"run", 0.1, 0, 10}}}};
  for (int i = 0; i < 18; ++i) predictions[0].segments.push_back({"run", 0.9, 40, 50});
  const auto missed = [&] {
    return analyzed(predictions, run_and_jump()).by.at(Characteristic::kLength).at(2).missed;
  };
  EXPECT_EQ(missed(), 0);  // precision 1 / 19
  predictions[0].segments.push_back({"run", 0.9, 40, 50});
  EXPECT_EQ(missed(), 0.5);  // 1 / 20, the least
}

TEST(ErrorAnalysis, SensitivityIsTheMapOfABinAlone) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].segments = {{"run", 0, 10}, {"run", 20, 22}, {"jump", 30, 40}};
  // The wrong prediction counts in both bins, the found segments in their own.
  const ErrorAnalysis analysis = analyzed(
      {{"a", {{"run", 0.9, 50, 60}, {"run", 0.8, 0, 10}, {"run", 0.7, 20, 22}}}}, annotations);
  const std::vector<BinFigures>& by_length = analysis.by.at(Characteristic::kLength);
  // As if a class had 1.5 segments.
  EXPECT_DOUBLE_EQ(*by_length.at(0).map, 1.5 / 2.5);
  EXPECT_EQ(by_length.at(1).map, std::nullopt);
  // Of jump, which is in this bin alone, nothing is predicted.
  EXPECT_DOUBLE_EQ(*by_length.at(2).map, (1.5 / 2.5 + 0) / 2);
}

TEST(ErrorAnalysis, SensitivityLeavesOutWhatIsMatchedOutsideTheBinAtAnyThreshold) {
  Annotations annotations = run_and_jump();
  annotations.videos[0].segments = {{"run", 0, 10}, {"run", 0, 4}};
  // At 0.3 it takes the short one, at 0.5 nothing.
  const Predictions predictions = {{"a", {{"run", 0.9, 2, 4.5}, {"run", 0.8, 0, 10}}}};
  const auto of_long = [&](const std::vector<double>& tiou) {
    return *analyzed(predictions, annotations, tiou).by.at(Characteristic::kLength).at(2).map;
  };
  EXPECT_DOUBLE_EQ(of_long({0.5}), 2. / 3);
  EXPECT_DOUBLE_EQ(of_long({0.3, 0.5}), 1);
}

TEST(ErrorAnalysis, TakesTheBinsOfTheBenchmarkWhoseSegmentsAreAsLong) {
  Annotations annotations = run_and_jump();
  const auto first_of_length = [&] {
    return usual_bins(annotations, "test").at(Characteristic::kLength).edges.at(1);
  };
  EXPECT_EQ(first_of_length(), 3);
  annotations.videos[0].segments = {{"run", 0, 10}, {"run", 0, 19}};
  EXPECT_EQ(first_of_length(), 30);
  annotations.videos[0].subset = "training";
  EXPECT_EQ(first_of_length(), 3);
}

}  // namespace
}  // namespace co2net
