#include <gtest/gtest.h>

#include "pipeline/base/statistics.h"
#include "postprocess/evaluation.h"

namespace co2net {
namespace {

// Videos in which less and less is found, the second of another class and the last one unknown.
struct Example {
  Annotations annotations;
  Predictions predictions;
};

// Each video so often, under names of their own.
Example example(const Copies& copies) {
  Example made;
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const std::string label = i == 1 ? "jump" : "run";
    const double late = static_cast<double>(i), score = 1 / (1 + late);
    for (int copy = 0; copy < copies[i]; ++copy) {
      const std::string id = std::to_string(i) + "-" + std::to_string(copy);
      if (i + 1 < copies.size()) {
        made.annotations.videos.push_back(
            {id, "test", 100, {label}, {{label, 0, 10}, {label, 40, 50}}});
      }
      made.predictions.push_back({id,
                                  {{label, score, late, 10},
                                   {label, score / 2, 40 + late, 50},
                                   {label, score / 3, 60, 70}}});
    }
  }
  return made;
}

EvaluationDetails detailed(const Example& made, Protocol protocol,
                           const std::vector<double>& tiou = {0.5, 0.7}) {
  return evaluate_in_detail(made.predictions, made.annotations, {protocol, "test", tiou});
}

TEST(EvaluateInDetail, BoundsAreThoseOfDrawnSetsOfVideosEvaluatedByThemselves) {
  const Copies once(7, 1);
  for (const auto& [protocol, name] : kChoices<Protocol>) {
    SCOPED_TRACE(name);
    const EvaluationOptions options{protocol, "test", {0.5, 0.7}};
    std::vector<double> averages, first;
    for_each_drawn_set(once.size(), [&](const Copies& copies) {
      const Example drawn = example(copies);
      if (drawn.annotations.videos.empty()) return;
      const Evaluation evaluation = evaluate(drawn.predictions, drawn.annotations, options);
      averages.push_back(evaluation.average);
      first.push_back(evaluation.mAP[0]);
    });
    const Example all = example(once);
    const EvaluationDetails details = detailed(all, protocol);
    EXPECT_EQ(details.average.value, evaluate(all.predictions, all.annotations, options).average);
    EXPECT_LT(details.average.low, details.average.high);
    EXPECT_DOUBLE_EQ(details.average.low, quantile(averages, 0.025));
    EXPECT_DOUBLE_EQ(details.average.high, quantile(averages, 0.975));
    EXPECT_DOUBLE_EQ(details.mAP.at(0).low, quantile(first, 0.025));
    EXPECT_DOUBLE_EQ(details.mAP.at(0).high, quantile(first, 0.975));
  }
}

TEST(EvaluateInDetail, VideosThatAreIgnoredAreNotDrawn) {
  Example made = example({1, 0, 0});
  made.predictions.push_back({"unknown", {{"run", 2, 0, 10}}});
  EXPECT_LT(detailed(made, Protocol::kActivityNet).average.low, 1);
  const EvaluationDetails details = evaluate_in_detail(
      made.predictions, made.annotations, {Protocol::kActivityNet, "test", {0.5}, true});
  EXPECT_EQ(details.average.low, 1);
  EXPECT_EQ(details.average.high, 1);
}

TEST(EvaluateInDetail, ACurveHasTheHighestPrecisionAtEachRecallOrMore) {
  Example made = example({1, 0});
  made.annotations.videos = {{"0-0", "test", 100, {"run"}, {{"run", 0, 10}, {"run", 40, 50}}}};
  made.predictions = {{"0-0", {{"run", 0.9, 60, 70}, {"run", 0.8, 0, 10}, {"run", 0.7, 40, 46}}}};
  const ClassDetails run = detailed(made, Protocol::kActivityNet).per_class.at("run");
  EXPECT_EQ(run.segments, 2u);
  EXPECT_EQ(run.predictions, 3u);
  ASSERT_EQ(run.curves.size(), 2u);
  ASSERT_EQ(run.curves[0].size(), EvaluationDetails::kRecalls);
  // Both are found at 0.5, one at 0.7.
  for (const std::size_t recall : {0, 50, 51, 100}) EXPECT_EQ(run.curves[0][recall], 2. / 3);
  for (const std::size_t recall : {0, 50}) EXPECT_EQ(run.curves[1][recall], 1. / 2);
  EXPECT_EQ(run.curves[1][51], 0);
}

TEST(EvaluateInDetail, OfManyThresholdsAFewHaveCurves) {
  const Example made = example({1, 1});
  EXPECT_EQ(detailed(made, Protocol::kThumos, parse_tiou("0.1:0.1:0.9")).curve_tiou,
            (std::vector<double>{0.1, 0.3, 0.5, 0.7, 0.9}));
  EXPECT_EQ(detailed(made, Protocol::kThumos, parse_tiou("0.1:0.1:0.4")).curve_tiou.size(), 4u);
}

}  // namespace
}  // namespace co2net
