// Against what the official evaluation scripts gave random cases; of equal scores and overlaps,
// what they give with a stable sort. Cases that a script ends in an error on are not compared.
#include <gtest/gtest.h>

#include <set>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "postprocess/classification.h"
#include "postprocess/evaluation.h"
#include "tests/golden/golden.h"
#include "tests/support.h"

namespace co2net {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;  // the order of keys decides between equal scores

// Those in the repository, or the larger set of which they are a part.
class OfficialEvaluation : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT(folder()); }

  static fs::path folder() {
    return GetParam() == "Kept" ? test::golden_copy("evaluation")
                                : test::golden_dir() / "evaluation";
  }
  static OrderedJson cases(const std::string& protocol) {
    return OrderedJson::parse(read_file(folder() / (protocol + ".json"))).at("cases");
  }
};

std::string trace_of(const OrderedJson& one) {
  return one.at("id").get<std::string>() + ", " + one.at("kind").get<std::string>();
}

// `result` has "thresholds", "mAP" and "ap".
void expect_same(const OrderedJson& result, const Predictions& predictions,
                 const Annotations& annotations, const EvaluationOptions& options) {
  const std::vector<double> thresholds = result.at("thresholds"), want = result.at("mAP");
  ASSERT_EQ(thresholds.size(), options.tiou.size());
  const Evaluation got = evaluate(predictions, annotations, options);
  test::expect_near(got.tiou, thresholds, 1e-9);
  test::expect_near(got.mAP, want, 1e-9);
  ASSERT_EQ(got.per_class.size(), result.at("ap").size());
  for (const auto& [label, precisions] : result.at("ap").items()) {
    test::expect_near(got.per_class.at(label), precisions, 1e-9);
  }
}

TEST_P(OfficialEvaluation, OfActivityNetGivesTheSame) {
  const TempDir dir;
  int compared = 0;
  for (const OrderedJson& one : cases("activitynet")) {
    SCOPED_TRACE(trace_of(one));
    const OrderedJson& known =
        one.contains("without_unknown_labels") ? one.at("without_unknown_labels") : one;
    const OrderedJson& runs = known.contains("stable") ? known.at("stable") : known.at("runs");
    write_file(dir.path() / "gt.json", one.at("gt").dump());
    write_file(dir.path() / "predictions.json", one.at("pred").dump());
    for (const auto& [grid, run] : runs.items()) {
      if (run.contains("error")) continue;
      expect_same(run, read_predictions(dir.path() / "predictions.json"),
                  read_annotations(dir.path() / "gt.json"),
                  {Protocol::kActivityNet, one.at("subset"), parse_tiou(grid)});
      ++compared;
    }
  }
  EXPECT_EQ(compared, 116);
}

Annotations annotations_in(const OrderedJson& one) {
  Annotations annotations;
  annotations.classes = one.at("classlist").get<std::vector<std::string>>();
  for (const OrderedJson& entry : one.at("videos")) {
    AnnotatedVideo video{entry.at("name"), entry.at("subset"), entry.at("duration"), {}, {}};
    const std::set<std::string> labels = entry.at("labels");
    video.labels.assign(labels.begin(), labels.end());
    for (std::size_t i = 0; i < entry.at("segments").size(); ++i) {
      const OrderedJson& segment = entry.at("segments")[i];
      video.segments.push_back({entry.at("labels")[i], segment[0], segment[1]});
    }
    annotations.videos.push_back(video);
  }
  const TempDir dir;
  std::string lines;
  for (const OrderedJson& line : one.at("ambiguous")) lines += line.get<std::string>() + "\n";
  write_file(dir.path() / "list", lines);
  annotations.ambiguous = read_ambiguous(dir.path() / "list");
  return annotations;
}

TEST_P(OfficialEvaluation, OfCo2NetGivesTheSame) {
  int compared = 0;
  for (const OrderedJson& one : cases("co2net")) {
    if (!one.contains("detection") || one.at("detection").contains("error")) continue;
    SCOPED_TRACE(trace_of(one));
    const Annotations annotations = annotations_in(one);
    Predictions predictions;
    for (const OrderedJson& row : one.at("predictions")) {  // video, start, end, class, score
      test::add_prediction(
          predictions, row[0],
          {annotations.classes.at(row[3]), row[4], row[1].get<double>() / kSnippetsPerSecond,
           row[2].get<double>() / kSnippetsPerSecond});
    }
    const bool is_thumos = one.at("form") == "thumos14";
    expect_same(one.contains("stable") ? one.at("stable") : one.at("detection"), predictions,
                annotations,
                {Protocol::kCo2Net, is_thumos ? "test" : "validation",
                 parse_tiou(is_thumos ? "0.1:0.1:0.9" : "0.5:0.05:0.95")});
    ++compared;
  }
  EXPECT_EQ(compared, 18);
}

// Where a class has no video theirs gives NaN; ours leaves the class out. Theirs adds up in
// float32.
TEST_P(OfficialEvaluation, OfClassificationGivesTheSame) {
  int compared = 0;
  for (const OrderedJson& one : cases("co2net")) {
    if (!one.contains("classification")) continue;
    const OrderedJson& given = one.at("classification");
    const OrderedJson& percent =
        given.contains("percent_stable") ? given.at("percent_stable") : given.at("percent");
    if (percent.is_null()) continue;
    SCOPED_TRACE(trace_of(one));
    std::vector<std::vector<bool>> labels;
    for (const OrderedJson& row : given.at("labels")) {
      std::vector<bool>& has = labels.emplace_back();
      for (const int value : row) has.push_back(value == 1);
    }
    EXPECT_NEAR(100 * classification_map(given.at("confidence"), labels), percent, 1e-5);
    ++compared;
  }
  EXPECT_GE(compared, 16);
}

// Files of the THUMOS14 kit's form, in a folder.
void write_thumos(const OrderedJson& one, const fs::path& folder) {
  const auto write = [&](const std::string& name, const OrderedJson& rows) {
    std::string lines;
    for (const OrderedJson& row : rows) {
      lines += row[0].get<std::string>() + "  " + row[1].dump() + " " + row[2].dump() + "\n";
    }
    write_file(folder / (name + "_" + one.at("subset").get<std::string>() + ".txt"), lines);
  };
  for (const auto& [label, rows] : one.at("truth").items()) {
    if (!rows.empty()) write(label, rows);
  }
  write("Ambiguous", one.at("ambiguous"));
}

TEST_P(OfficialEvaluation, OfThumosGivesTheSame) {
  int compared = 0;
  for (const OrderedJson& one : cases("thumos")) {
    if (one.at("result").contains("error")) continue;
    SCOPED_TRACE(trace_of(one));
    const TempDir dir;
    write_thumos(one, dir.path());
    Annotations annotations = read_annotations(dir.path());
    annotations.ambiguous =
        read_ambiguous(dir.path() / ("Ambiguous_" + one.at("subset").get<std::string>() + ".txt"));
    std::map<int, std::string> labels;
    for (const OrderedJson& row : one.at("classes")) labels[row[0]] = row[1];
    Predictions predictions;
    for (const OrderedJson& row :
         one.at("detections")) {  // video, start, end, class id, confidence
      const auto label = labels.find(row[3]);
      test::add_prediction(
          predictions, row[0],
          {label != labels.end() ? label->second : "none", row[4], row[1], row[2]});
    }
    expect_same(one.at("result"), predictions, annotations,
                {Protocol::kThumos, one.at("subset") == "test" ? "test" : "validation",
                 parse_tiou("0.1:0.1:0.9")});
    ++compared;
  }
  EXPECT_EQ(compared, 14);
}

INSTANTIATE_TEST_SUITE_P(Of, OfficialEvaluation, testing::Values("Kept", "Shared"),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace co2net
