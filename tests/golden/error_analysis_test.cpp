// Against what DETAD's own code gave random cases (README.md).
#include "postprocess/error_analysis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "pipeline/base/files.h"
#include "pipeline/datasets/annotation_formats.h"
#include "postprocess/evaluation_report.h"
#include "tests/golden/golden.h"

namespace co2net {
namespace {

constexpr double kTolerance = 1e-9;

Bins bins_in(const Json& json) {
  Bins bins{json.at("labels"), {}};
  for (const Json& edge : json.at("edges")) {
    bins.edges.push_back(edge.is_null() ? INFINITY : edge.get<double>());
  }
  return bins;
}

ErrorAnalysis analyzed(const Json& one) {
  const Json& bins = one.at("bins");
  return analyze_errors(parse_predictions(one.at("predictions").dump(), "predictions"),
                        parse_activitynet(one.at("ground_truth").dump(), "ground truth"),
                        {one.at("subset"),
                         one.at("tiou_thresholds"),
                         false,
                         {{Characteristic::kLength, bins_in(bins.at("length"))},
                          {Characteristic::kCoverage, bins_in(bins.at("coverage"))},
                          {Characteristic::kInstances, bins_in(bins.at("num-instances"))}}});
}

// Numbers in arrays, to any depth; for nothing of several they have several times nothing.
void expect_near(const Json& got, const Json& want) {
  if (got.is_null() && want.is_array()) {
    for (const Json& value : want) EXPECT_EQ(value, nullptr);
  } else if (want.is_number_float() && got.is_number()) {
    EXPECT_NEAR(got.get<double>(), want.get<double>(), kTolerance);
  } else if (want.is_array()) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) expect_near(got.at(i), want.at(i));
  } else {
    EXPECT_EQ(got, want);
  }
}

void expect_same_map(const Json& got, const Json& want) {
  expect_near(got.at("average"), want.at("average_mAP_N"));
  if (want.contains("mAP_N")) expect_near(got.at("mAP"), want.at("mAP_N"));
}

void expect_same_false_positives(const Json& got, const Json& want) {
  expect_same_map(got, want);
  expect_near(got.at("predictions"), want.at("num_predictions"));
  for (const char* key : {"band_size", "count"}) expect_near(got.at(key), want.at(key));
  expect_near(got.at("shares"), want.at("share"));
  expect_near(got.at("shares_of_all"), want.at("share_all"));
  const Json& gain = got.at("gain");
  expect_near({gain.at("double_detection"), gain.at("wrong_label"), gain.at("localization"),
               gain.at("confusion"), gain.at("background")},
              want.at("gain"));
}

std::string their_name(const std::string& characteristic) {
  return characteristic == "instances" ? "num-instances" : characteristic;
}

void expect_same_false_negatives(const Json& got, const Json& want) {
  expect_same_map(got, want);
  for (const auto& [name, figures] : got.at("by").items()) {
    SCOPED_TRACE(name);
    const Json& theirs = want.at("by").at(their_name(name));
    expect_near(figures.at("missed"), theirs.at("rate"));
    expect_near(figures.at("missed_at"), theirs.at("rate_by_tiou"));
    expect_near(figures.at("share_of_truths"), theirs.at("truth_share"));
  }
}

// Theirs ends in an error where a class has no predictions.
void expect_same_sensitivity(const Json& got, const Json& want) {
  expect_same_map(got, want);
  if (want.at("by").is_null()) return;
  for (const auto& [name, figures] : got.at("by").items()) {
    SCOPED_TRACE(name);
    expect_near(figures, want.at("by").at(their_name(name)));
  }
}

TEST(ErrorAnalysisGolden, GivesDetadsNumbers) {
  const std::filesystem::path folder = test::golden_copy("detad");
  const std::vector<std::string> names = names_in(folder);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const Json one = parse_json(read_file(folder / name), name, ErrorKind::kInput);
    const Json got = to_json(analyzed(one));
    const Json& want = one.at("expected");
    EXPECT_EQ(got.at("bins").size(), 3u);
    expect_same_false_positives(got.at("false_positives"), want.at("false_positive"));
    expect_same_false_negatives(got.at("false_negatives"), want.at("false_negative"));
    expect_same_sensitivity(got.at("sensitivity"), want.at("sensitivity"));
  }
  EXPECT_EQ(names.size(), 15u);
}

}  // namespace
}  // namespace co2net
