#include "cli/workflows/convert.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "postprocess/predictions.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::expect_error;
using Segments = std::vector<AnnotatedSegment>;

constexpr const char* kTwo = R"({"database": {
  "v": {"subset": "training", "annotations": [{"label": "Jump", "segment": [1, 2.4]},
                                              {"label": "a --> b", "segment": [4, 6]}]},
  "w": {"subset": "training", "annotations": []}}})";

class Convert : public testing::Test {
 protected:
  fs::path at(const std::string& name) const { return dir_.path() / name; }

  fs::path file(const std::string& name, const std::string& text) const {
    write_file(at(name), text);
    return at(name);
  }
  // Results of one video with two candidates that overlap, and one final segment.
  fs::path results() const {
    const Json facts = {{"path", "videos/v.mp4"}, {"duration", 10}, {"source_fps", 25}};
    const VideoResult video = {
        "v", {{"Jump", 0.5, 1, 3}, {"Jump", 0.75, 2, 4}}, facts, {{{"Jump", 0.7, 2, 3.5}}}};
    return file("results.json", to_text(results_document({video}, {{"x", "decode", "broken"}},
                                                         nullptr, {{"stride", 16}})));
  }
  Converted convert(const fs::path& input, const std::string& format,
                    const ExportTarget& target = {}, std::optional<bool> only_final = {}) const {
    ConvertJob job;
    job.inputs = {input};
    job.target = target;
    job.format = export_row(format).format;
    job.only_final = only_final;
    job.frame_rate = 25;
    return convert_files(job);
  }

  TempDir dir_;
};

TEST_F(Convert, GoesFromAnyFormThatIsReadToAnyOther) {
  const fs::path original = file("a.json", kTwo);
  const Annotations wanted = read_annotations(original);
  fs::path from = original;
  for (const std::string format : {"csv", "elan", "labelstudio", "wtalc", "elan", "csv",
                                   "labelstudio", "csv", "activitynet"}) {
    const bool is_folder = export_row(format).place != ExportPlace::kFile;
    const fs::path to = from.string() + "-" + format;
    convert(from, format, {to, is_folder});
    const Annotations found = read_annotations(to);
    EXPECT_EQ(found.classes, wanted.classes) << format;
    EXPECT_EQ(found.videos, wanted.videos) << format;
    from = to;
  }
}

TEST_F(Convert, GivesPeopleFinalSegmentsAndMachinesEveryCandidate) {
  const std::string final_only = "id,label,score,start_s,end_s\nv,Jump,0.7,2.0,3.5\n";
  const std::string all = "id,label,score,start_s,end_s\nv,Jump,0.5,1.0,3.0\nv,Jump,0.75,2.0,4.0\n";
  EXPECT_EQ(convert(results(), "csv").text, all);
  EXPECT_EQ(convert(results(), "csv", {}, true).text, final_only);
  EXPECT_EQ(convert(results(), "csv", {}, false).text, all);
  EXPECT_EQ(convert(results(), "vtt").text, "WEBVTT\n\n00:00:02.000 --> 00:00:03.500\nJump\n");
  EXPECT_EQ(convert(results(), "vtt", {}, false).text,
            "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nJump\n\n00:00:02.000 --> "
            "00:00:04.000\nJump\n");
}

TEST_F(Convert, TakesTheBestThatDoNotOverlapOfFilesWithoutFinalSegmentsAndSaysSo) {
  const fs::path others =
      file("others.csv", "id,label,score,start_s,end_s\nv,Jump,0.5,1,3\nv,Jump,0.75,2,4\n");
  const test::LogCapture log;
  EXPECT_EQ(convert(others, "vtt").text, "WEBVTT\n\n00:00:02.000 --> 00:00:04.000\nJump\n");
  EXPECT_NE(log.lines().find("1 video (v), hence no operating point"), std::string::npos)
      << log.lines();
}

TEST_F(Convert, KeepsResultsThroughTheirOwnFormats) {
  for (const std::string format : {"activitynet", "jsonl"}) {
    const test::LogCapture log;
    const std::string text = convert(results(), format).text;
    const Predictions found = parse_predictions(text, format);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].segments.size(), 2u);
    EXPECT_EQ(found[0].final_segments.value().at(0).end_s, 3.5);
    EXPECT_EQ(found[0].facts.at("path"), "videos/v.mp4");
    EXPECT_NE(log.lines().find("left out, without results: 1 video (x)"), std::string::npos);
    EXPECT_EQ(parse_predictions(convert(file("x", text), format, {}, true).text, format)
                  .at(0)
                  .segments.at(0)
                  .end_s,
              3.5);
  }
}

TEST_F(Convert, MakesOurResultsOfOthers) {
  const fs::path others = file("others.csv", "id,label,score,start_s,end_s\nv,Jump,0.5,1,3\n");
  EXPECT_EQ(convert(others, "jsonl").text,
            R"({"id":"v","segments":[{"label":"Jump","score":0.5,"segment":[1.0,3.0]}],"video":{}})"
            "\n");
  const Json document =
      parse_json(convert(others, "activitynet").text, "results", ErrorKind::kInput);
  EXPECT_EQ(document.at("schema"), "co2net.results/1");
  EXPECT_EQ(document.at("videos"), (Json{{"v", Json::object()}}));
  EXPECT_EQ(document.at("recipe"), Json::object());
}

TEST_F(Convert, TellsResultsFromAnnotationsByTheirKeysAlone) {
  const fs::path annotations =
      file("a.json", R"({"database": {"results": {"subset": "training", "annotations": []}}})");
  EXPECT_EQ(convert(annotations, "csv").text,
            "id,label,start_s,end_s,subset\nresults,,,,training\n");
  const fs::path both = file("b.json", R"({"results": {"database": []}})");
  EXPECT_EQ(convert(both, "jsonl").videos, 1u);
}

TEST_F(Convert, MakesAnnotationsOfTheFinalSegmentsOfResults) {
  convert(results(), "wtalc", {at("npy"), false});
  const AnnotatedVideo video = read_annotations(at("npy")).videos.at(0);
  EXPECT_EQ(video.segments, (Segments{{"Jump", 2, 3.5}}));
  EXPECT_EQ(video.subset, "training");
  EXPECT_EQ(video.duration_s, 10);
}

TEST_F(Convert, WritesAFileAVideoIntoAFolder) {
  convert(file("a.json", kTwo), "srt", {at("out"), true});
  EXPECT_EQ(read_file(at("out/v.srt")).substr(0, 2), "1\n");
  EXPECT_EQ(read_file(at("out/w.srt")), "");
  expect_error(ErrorKind::kUsage, {"srt holds one video", "-o DIR/"}, [&] {
    convert(at("a.json"), "srt", {at("a.srt"), false});
  });
  EXPECT_FALSE(fs::exists(at("a.srt")));
}

TEST_F(Convert, NeverWritesAFileOfAFolderOverAnInput) {
  convert(file("a.json", kTwo), "elan", {at("out"), true});
  const std::string before = read_file(at("out/v.eaf"));
  expect_error(ErrorKind::kUsage, {"overwrite", "v.eaf"}, [&] {
    convert(at("out/v.eaf"), "elan", {at("out"), true});
  });
  EXPECT_EQ(read_file(at("out/v.eaf")), before);
}

TEST_F(Convert, RefusesWhatHasNoMeaning) {
  const fs::path annotations = file("a.json", kTwo);
  for (const bool only_final : {false, true}) {
    expect_error(ErrorKind::kUsage, {only_final ? "--final" : "--all", "no candidates"},
                 [&] { convert(annotations, "csv", {}, only_final); });
  }
  expect_error(ErrorKind::kUsage, {"jsonl", "scores"}, [&] { convert(annotations, "jsonl"); });
  ConvertJob job;
  job.inputs = {results(), annotations};
  expect_error(ErrorKind::kUsage, {"results.json holds results", "a.json annotations"},
               [&] { convert_files(job); });
  job.inputs = {results(), results()};
  expect_error(ErrorKind::kInput, {"results.json", "video v"}, [&] { convert_files(job); });
  job.inputs = {results()};
  job.ambiguous = annotations;
  expect_error(ErrorKind::kUsage, {"--ambiguous"}, [&] { convert_files(job); });
}

TEST_F(Convert, NamesWhatAFormatCannotHold) {
  const fs::path annotations =
      file("a.json", R"({"ambiguous": {"v": [[0, 1]]}, "database": {"v": {"subset": "test",
                         "duration": 9, "labels": ["Bow"], "annotations": []}}})");
  const auto said = [&](const std::string& format) {
    const test::LogCapture log;
    convert(annotations, format);
    return log.lines();
  };
  const std::string labels =
      "warning: the format cannot hold labels, other than those of the segments, of 1 video (v)\n";
  const std::string durations = "warning: the format cannot hold the durations of 1 video (v)\n";
  const std::string subsets = "warning: the format cannot hold the subsets of 1 video (v)\n";
  const std::string ambiguous = "warning: the format cannot hold ambiguous intervals\n";
  EXPECT_EQ(said("elan"), labels + durations + subsets + ambiguous);
  EXPECT_EQ(said("csv"), labels + durations + ambiguous);
  EXPECT_EQ(said("otio"), labels + subsets + ambiguous);
}

}  // namespace
}  // namespace co2net
