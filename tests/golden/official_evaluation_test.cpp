// Against the mAP that the official evaluation scripts gave random cases. Kinds of cases in which
// ours departs from a script on purpose (postprocess/evaluation.h) are not compared.
#include <gtest/gtest.h>

#include <set>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "postprocess/evaluation.h"
#include "tests/golden/golden.h"

namespace co2net {
namespace {

namespace fs = std::filesystem;
using Kinds = std::set<std::string>;

Json cases_of(const std::string& protocol) {
  const fs::path file = test::golden_copy("evaluation/" + protocol + ".json");
  return parse_json(read_file(file), file.string(), ErrorKind::kInput).at("cases");
}

// `result` has "thresholds" and "mAP".
void expect_map(const Json& result, const Predictions& predictions, const Annotations& annotations,
                Protocol protocol, const std::string& subset) {
  const std::vector<double> thresholds = result.at("thresholds"), want = result.at("mAP");
  const Evaluation got = evaluate(predictions, annotations, {protocol, subset, thresholds});
  ASSERT_EQ(got.mAP.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got.mAP[i], want[i], 1e-9) << "tIoU " << thresholds[i];
  }
}

TEST(OfficialEvaluation, OfActivityNetGivesTheSame) {
  const Kinds ours = {"other_videos",      // predictions for videos outside the subset are ignored
                      "subsets",           // likewise
                      "score_ties",        // of equal scores: by id, not by place in the file
                      "zero_length_both",  // tIoU is 0, not 0 / 0
                      "mixed"};            // of all
  const TempDir dir;
  int compared = 0;
  for (const Json& one : cases_of("activitynet")) {
    if (ours.contains(one.at("kind"))) continue;
    SCOPED_TRACE(one.at("id").get<std::string>() + ", " + one.at("kind").get<std::string>());
    write_file(dir.path() / "gt.json", one.at("gt").dump());
    write_file(dir.path() / "predictions.json", one.at("pred").dump());
    for (const Json& run : one.at("runs")) {
      expect_map(run, read_predictions(dir.path() / "predictions.json"),
                 read_annotations(dir.path() / "gt.json"), Protocol::kActivityNet,
                 one.at("subset"));
      ++compared;
    }
  }
  EXPECT_GE(compared, 50);
}

Annotations annotations_in(const Json& one) {
  Annotations annotations;
  annotations.classes = one.at("classlist").get<std::vector<std::string>>();
  for (const Json& entry : one.at("videos")) {
    AnnotatedVideo video{entry.at("name"), entry.at("subset"), entry.at("duration"), {}, {}};
    const std::set<std::string> labels = entry.at("labels");
    video.labels.assign(labels.begin(), labels.end());
    for (std::size_t i = 0; i < entry.at("segments").size(); ++i) {
      const Json& segment = entry.at("segments")[i];
      video.segments.push_back({entry.at("labels")[i], segment[0], segment[1]});
    }
    annotations.videos.push_back(video);
  }
  const TempDir dir;
  std::string lines;
  for (const Json& line : one.at("ambiguous")) lines += line.get<std::string>() + "\n";
  write_file(dir.path() / "list", lines);
  annotations.ambiguous = read_ambiguous(dir.path() / "list");
  return annotations;
}

TEST(OfficialEvaluation, OfCo2NetGivesTheSame) {
  const Kinds ours = {"rounding",     // ground truth without length after rounding is never matched
                      "score_ties"};  // as above
  int compared = 0;
  for (const Json& one : cases_of("co2net")) {
    if (ours.contains(one.at("kind"))) continue;
    SCOPED_TRACE(one.at("id").get<std::string>() + ", " + one.at("kind").get<std::string>());
    const Annotations annotations = annotations_in(one);
    Predictions predictions;
    for (const Json& row : one.at("predictions")) {  // video, start, end, class, score
      predictions[row[0]].segments.push_back({annotations.classes.at(row[3]), row[4],
                                              row[1].get<double>() / kSnippetsPerSecond,
                                              row[2].get<double>() / kSnippetsPerSecond});
    }
    expect_map(one, predictions, annotations, Protocol::kCo2Net,
               one.at("form") == "thumos14" ? "test" : "validation");
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

// Files of the THUMOS14 kit's form, in a folder.
void write_thumos(const Json& one, const fs::path& folder) {
  const auto write = [&](const std::string& name, const Json& rows) {
    std::string lines;
    for (const Json& row : rows) {
      lines += row[0].get<std::string>() + "  " + row[1].dump() + " " + row[2].dump() + "\n";
    }
    write_file(folder / (name + "_" + one.at("subset").get<std::string>() + ".txt"), lines);
  };
  for (const auto& [label, rows] : one.at("truth").items()) {
    if (!rows.empty()) write(label, rows);
  }
  write("Ambiguous", one.at("ambiguous"));
}

TEST(OfficialEvaluation, OfThumosGivesTheSame) {
  const Kinds ours = {"other_videos"};  // as above
  int compared = 0;
  for (const Json& one : cases_of("thumos")) {
    if (ours.contains(one.at("kind"))) continue;
    SCOPED_TRACE(one.at("id").get<std::string>() + ", " + one.at("kind").get<std::string>());
    const TempDir dir;
    write_thumos(one, dir.path());
    Annotations annotations = read_annotations(dir.path());
    annotations.ambiguous =
        read_ambiguous(dir.path() / ("Ambiguous_" + one.at("subset").get<std::string>() + ".txt"));
    std::map<int, std::string> labels;
    for (const Json& row : one.at("classes")) labels[row[0]] = row[1];
    Predictions predictions;
    for (const Json& row : one.at("detections")) {  // video, start, end, class id, confidence
      const auto label = labels.find(row[3]);
      predictions[row[0]].segments.push_back(
          {label != labels.end() ? label->second : "none", row[4], row[1], row[2]});
    }
    expect_map(one, predictions, annotations, Protocol::kThumos,
               one.at("subset") == "test" ? "test" : "validation");
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

}  // namespace
}  // namespace co2net
