#include "cli/result_sink.h"

#include <gtest/gtest.h>

#include <sstream>

#include "pipeline/base/files.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using Size = std::size_t;

std::string written(const VideoResult& result, const ResultOptions& options, bool is_terminal) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err, false, is_terminal};
  ResultSink sink(options, {Json::object(), Json::object()}, io);
  sink.add(result);
  sink.finish();
  return out.str();
}

std::string csv_of(const VideoResult& result, bool is_terminal) {
  ResultOptions options;
  options.format = ResultFormat::kCsv;
  return written(result, options, is_terminal);
}

TEST(ResultSink, GivesCsvAsItIsToAllButTerminals) {
  const VideoResult result = {"a\x1b[31m\x07", {{"\u009bred", 0.5, 1, 2}}, Json::object()};
  const std::string header = "id,label,score,start_s,end_s\n";
  EXPECT_EQ(csv_of(result, false), header + "a\x1b[31m\x07,\u009bred,0.5,1.0,2.0\n");
  EXPECT_EQ(csv_of(result, true), header + R"(a\x1b[31m\x07,\u009bred,0.5,1.0,2.0)" + "\n");
}

TEST(ResultSink, FiltersFinalSegmentsLikeCandidatesAndPutsThemInTheirPlaceIfAsked) {
  const VideoResult result = {"a",
                              {{"run", 0.5, 1, 2}, {"run", 0.4, 1, 3}, {"run", 0.1, 5, 6}},
                              Json::object(),
                              {{{"run", 0.5, 1, 2}, {"run", 0.1, 5, 6}}}};
  ResultOptions options;
  const auto sizes = [&] {
    const Json document = Json::parse(written(result, options, false));
    return std::pair(document.at("results").at("a").size(), document.at("final").at("a").size());
  };
  EXPECT_EQ(sizes(), std::pair(Size{3}, Size{2}));
  options.filter.min_score = 0.3;
  EXPECT_EQ(sizes(), std::pair(Size{2}, Size{1}));
  options.only_final = true;
  EXPECT_EQ(sizes(), std::pair(Size{1}, Size{1}));
}

TEST(ResultSink, SaysInTheEndHowManyFinalSegmentsThereAreOfWhichClasses) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  const test::LogCapture log;
  ResultSink sink({}, {Json::object(), Json::object()}, io);
  sink.add(VideoResult{"a", {}, Json::object(), {{{"run", 1, 0, 1}, {"bow", 1, 1, 2}}}});
  sink.add(VideoResult{"b", {}, Json::object(), {{{"run", 1, 0, 1}}}});
  sink.add(VideoResult{"idle", {}, Json::object(), {std::vector<Segment>()}});
  sink.finish();
  EXPECT_NE(log.lines().find("final segments in 2 of 3 videos, 3 in all: run 2, bow 1\n"),
            std::string::npos)
      << log.lines();
}

TEST(ResultSink, WritesTheFinalSegmentsOfEachVideoIntoAFileOfAFolder) {
  const TempDir dir;
  ResultOptions options;
  options.format = ResultFormat::kWebVtt;
  options.output = dir.path() / "new/subtitles";
  options.filter.min_score = 0.3;
  const VideoResult result = {
      "a", {{"run", 0.9, 1, 4}}, Json::object(), {{{"run", 0.5, 1, 2}, {"run", 0.1, 5, 6}}}};
  EXPECT_EQ(written(result, options, false), "");
  EXPECT_EQ(read_file(options.output / "a.vtt"), "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nrun\n");
}

TEST(ResultSink, WritesLinesInTheOrderThatItIsGivenHoweverTheyCome) {
  const auto lines = [](ResultFormat format, const std::vector<std::string>& order) {
    std::istringstream in;
    std::ostringstream out, err;
    Io io{in, out, err};
    ResultOptions options;
    options.format = format;
    ResultSink sink(options, {Json::object(), Json::object(), Json::object(), nullptr, order}, io);
    sink.add(VideoResult{"c", {{"run", 1, 0, 1}}, Json::object()});
    sink.add(VideoError{"b", "decode", "broken"});
    EXPECT_EQ(out.str().find("run"), std::string::npos) << "before its turn";
    sink.add(VideoResult{"a", {{"bow", 1, 0, 1}}, Json::object()});
    sink.finish();
    return out.str();
  };
  EXPECT_EQ(lines(ResultFormat::kCsv, {"a", "b", "c"}),
            "id,label,score,start_s,end_s\na,bow,1.0,0.0,1.0\nc,run,1.0,0.0,1.0\n");
  const std::string jsonl = lines(ResultFormat::kJsonLines, {"a", "b", "c"});
  EXPECT_LT(jsonl.find("bow"), jsonl.find("broken")) << jsonl;
  EXPECT_LT(jsonl.find("broken"), jsonl.find("run")) << jsonl;
}

}  // namespace
}  // namespace co2net
