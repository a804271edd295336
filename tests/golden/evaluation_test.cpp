#include "postprocess/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "pipeline/base/files.h"
#include "pipeline/formats/csv.h"
#include "tests/golden/golden.h"
#include "tests/support.h"

namespace co2net {
namespace {

namespace fs = std::filesystem;

fs::path annotations_of(const std::string& name) { return test::data_dir() / "annotations" / name; }

// Rows of video, start and end in snippets, label as its position among the classes, score.
Predictions read_in_snippets(const fs::path& path, const std::vector<std::string>& classes) {
  Predictions predictions;
  const std::vector<CsvRow> rows = parse_csv(read_file(path), path.string());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& row = rows[i].fields;
    test::add_prediction(
        predictions, row.at(0),
        {classes.at(std::stoul(row.at(3))), std::stod(row.at(4)),
         std::stod(row.at(1)) / kSnippetsPerSecond, std::stod(row.at(2)) / kSnippetsPerSecond});
  }
  return predictions;
}

// The reference breaks ties of tIoU by an unstable sort, hence the tolerance.
TEST(EvaluationGolden, GivesTheAuthorsMapInSnippets) {
  const fs::path golden = test::golden_dir() / "thumos_predictions.csv";
  SKIP_WITHOUT(golden);
  SKIP_WITHOUT(annotations_of("thumos14_reduced.json"));
  const Annotations annotations = read_annotations(annotations_of("thumos14_reduced.json"));
  const Predictions predictions = read_in_snippets(golden, annotations.classes);
  const Json want = parse_json(read_file(test::golden_dir() / "proposals_golden.json"), "golden",
                               ErrorKind::kInput)
                        .at("thumos_map");
  const EvaluationOptions options{Protocol::kCo2Net, "test", want.at("tiou")};
  ASSERT_EQ(options.tiou, parse_tiou("0.1:0.1:0.9"));

  const Evaluation evaluation = evaluate(predictions, annotations, options);
  EXPECT_EQ(evaluation.predictions, want.at("n_predictions").get<int>());
  EXPECT_EQ(evaluation.videos, 212);
  EXPECT_EQ(evaluation.per_class.size(), 20u);
  const auto map = want.at("mAP").get<std::vector<double>>();
  ASSERT_EQ(evaluation.mAP.size(), map.size());
  for (std::size_t i = 0; i < map.size(); ++i) {
    EXPECT_NEAR(evaluation.mAP[i], map[i], 5e-4) << options.tiou[i];
  }
}

// Published with one decimal, 4.99 as 4.9. Another evaluator, whose unstable sort breaks ties
// otherwise, gave the figures here.
TEST(EvaluationGolden, GivesThePublishedMapOfOthersDetectionsInSeconds) {
  const fs::path detections = test::data_dir() / "detections" / "stpn_thumos14_results.json";
  SKIP_WITHOUT(detections);
  const Evaluation evaluation = evaluate(
      read_predictions(detections), read_annotations(annotations_of("thumos14_stpn_gt.json")),
      {Protocol::kActivityNet, "test", parse_tiou("0.1:0.1:0.9")});
  const std::vector<double> want = {52.12, 44.20, 34.70, 26.06, 17.70, 10.09, 4.99, 1.34, 0.10};
  ASSERT_EQ(evaluation.mAP.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(100 * evaluation.mAP[i], want[i], 0.03) << evaluation.tiou[i];
    EXPECT_EQ(std::round(1000 * evaluation.mAP[i]), std::round(10 * want[i])) << evaluation.tiou[i];
  }
  EXPECT_EQ(std::round(1000 * evaluation.average), 213);
}

}  // namespace
}  // namespace co2net
