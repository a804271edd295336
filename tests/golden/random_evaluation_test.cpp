// Against transcriptions of the definitions in Python, tests/python/evaluation.py,
// final_evaluation.py and error_analysis.py.
#include <gtest/gtest.h>

#include <sstream>

#include "pipeline/base/json.h"
#include "pipeline/datasets/annotation_formats.h"
#include "postprocess/evaluation.h"
#include "postprocess/evaluation_report.h"
#include "postprocess/final_evaluation_table.h"
#include "tests/golden/golden.h"
#include "tests/support.h"

namespace co2net {
namespace {

Evaluation evaluated(const Json& run, const Json& set) {
  return evaluate(parse_predictions(set.at("predictions").get<std::string>(), "predictions"),
                  parse_activitynet(set.at("ground_truth").get<std::string>(), "ground truth"),
                  {*named<Protocol>(run.at("protocol").get<std::string>()), run.at("subset"),
                   parse_tiou(run.at("tiou")), run.at("ignore_unknown_videos")});
}

// The lines that a script prints for so many sets.
std::istringstream drawn_sets(const std::string& script, int sets) {
  return std::istringstream(test::run_shell("/usr/bin/python3 -B " + test::shell_quoted(script) +
                                            " 1 " + std::to_string(sets)));
}

// Within 1e-9 where numbers have a fraction.
void expect_same(const Json& got, const Json& want) {
  if (want.is_number_float() && got.is_number()) {
    EXPECT_NEAR(got.get<double>(), want.get<double>(), 1e-9);
    return;
  }
  if (!want.is_structured()) {
    EXPECT_EQ(got, want);
    return;
  }
  ASSERT_EQ(got.size(), want.size()) << got << want;
  for (const auto& [key, value] : want.items()) {
    SCOPED_TRACE(key);
    ASSERT_TRUE(!want.is_object() || got.contains(key)) << got;
    expect_same(want.is_object() ? got.at(key) : got.at(std::stoul(key)), value);
  }
}

TEST(RandomEvaluation, GivesWhatTheTranscriptionGives) {
  constexpr int kSets = 2000;
  std::istringstream sets = drawn_sets(CO2NET_RANDOM_EVALUATIONS, kSets);
  std::map<std::string, int> compared;
  int number = 0;
  for (std::string line; std::getline(sets, line) && !HasFailure(); ++number) {
    const Json set = parse_json(line, "set", ErrorKind::kInput);
    for (const Json& run : set.at("runs")) {
      SCOPED_TRACE("set " + std::to_string(number) + ", " + to_text(run) + "\n" + line);
      const Evaluation got = evaluated(run, set);
      test::expect_near(got.mAP, run.at("mAP"), 1e-12);
      ASSERT_EQ(got.per_class.size(), run.at("per_class").size());
      for (const auto& [label, precisions] : run.at("per_class").items()) {
        test::expect_near(got.per_class.at(label), precisions, 1e-12);
      }
      ++compared[run.at("protocol")];
    }
  }
  EXPECT_EQ(number, kSets);
  for (const char* protocol : {"activitynet", "co2net", "thumos"}) {
    EXPECT_GT(compared[protocol], kSets * 3 / 4) << protocol;
  }
}

TEST(RandomEvaluation, OfFinalSegmentsGivesWhatTheTranscriptionGives) {
  constexpr int kSets = 500;
  std::istringstream sets = drawn_sets(CO2NET_RANDOM_FINAL_EVALUATIONS, kSets);
  int number = 0;
  for (std::string line; std::getline(sets, line) && !HasFailure(); ++number) {
    SCOPED_TRACE("set " + std::to_string(number) + "\n" + line);
    const Json set = parse_json(line, "set", ErrorKind::kInput);
    const FinalEvaluation got =
        evaluate_final(parse_predictions(set.at("results").get<std::string>(), "results"),
                       parse_activitynet(set.at("ground_truth").get<std::string>(), "ground truth"),
                       set.at("subset"));
    expect_same(to_json(got), set.at("figures"));
  }
  EXPECT_EQ(number, kSets);
}

BinsBy bins_in(const Json& edges) {
  BinsBy bins;
  for (const auto& [characteristic, name] : kChoices<Characteristic>) {
    bins[characteristic].edges = edges.at(name).get<std::vector<double>>();
    bins[characteristic].names.resize(bins[characteristic].edges.size() - 1);
  }
  return bins;
}

TEST(RandomEvaluation, OfErrorsGivesWhatTheTranscriptionGives) {
  constexpr int kSets = 1000;
  std::istringstream sets = drawn_sets(CO2NET_RANDOM_ERROR_ANALYSES, kSets);
  int number = 0;
  for (std::string line; std::getline(sets, line) && !HasFailure(); ++number) {
    SCOPED_TRACE("set " + std::to_string(number) + "\n" + line);
    const Json set = parse_json(line, "set", ErrorKind::kInput);
    Json got = to_json(
        analyze_errors(parse_predictions(set.at("predictions").get<std::string>(), "predictions"),
                       parse_activitynet(set.at("ground_truth").get<std::string>(), "ground truth"),
                       {set.at("subset"), set.at("tiou"), set.at("ignore_unknown_videos"),
                        bins_in(set.at("edges"))}));
    got.erase("bins");
    got.erase("kinds");
    expect_same(got, set.at("analysis"));
  }
  EXPECT_EQ(number, kSets);
}

}  // namespace
}  // namespace co2net
