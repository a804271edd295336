#include "postprocess/exporters.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "pipeline/base/version.h"

namespace co2net {
namespace {

const std::vector<std::string> kClasses = {"Run", "Long jump"};

Segment segment(const std::string& label, double score, double start_s, double end_s) {
  return {label, score, start_s, end_s};
}

bool operator==(const Segment& a, const Segment& b) {
  return a.label == b.label && a.score == b.score && a.start_s == b.start_s && a.end_s == b.end_s;
}

VideoResult some_result() {
  return {
      "a", {segment("Run", 0.5, 0, 1.28), segment("Long jump", 0.1, 1.28, 2)}, {{"duration", 2}}};
}

TEST(ToSegments, AreInSecondsAndEndWithTheVideo) {
  const std::vector<Proposal> proposals = {{0, 2, 1, 0.75}, {3, 10, 0, 0.5}};
  const std::vector<Segment> segments = to_segments(proposals, kClasses, 16, 25, 5);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_TRUE(segments[0] == segment("Long jump", 0.75, 0, 1.28));
  EXPECT_TRUE(segments[1] == segment("Run", 0.5, 1.92, 5)) << segments[1].end_s;
  EXPECT_EQ(to_segments(proposals, kClasses, 4, 30, 5)[0].end_s, 2 * 4 / 30.);
}

TEST(ToJson, IsReadBack) {
  const std::vector<Segment> segments = some_result().segments;
  const Json json = to_json(segments);
  EXPECT_EQ(json[0], Json({{"label", "Run"}, {"score", 0.5}, {"segment", {0., 1.28}}}));
  const std::vector<Segment> again = segments_from_json(json);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_TRUE(again[0] == segments[0] && again[1] == segments[1]);
  EXPECT_EQ(to_json(std::vector<Segment>()), Json::array());
}

TEST(Filtered, KeepsEverythingInOrderByDefault) {
  const std::vector<Segment> segments = {segment("a", 0.1, 0, 1), segment("b", 0.9, 0, 1)};
  const std::vector<Segment> kept = filtered(segments, {});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].label, "a");
}

TEST(Filtered, DropsLowScoresAndKeepsTheBestFirst) {
  const std::vector<Segment> segments = {segment("a", 0.1, 0, 1), segment("b", 0.5, 0, 1),
                                         segment("c", 0.9, 0, 1), segment("d", 0.5, 0, 1)};
  EXPECT_EQ(filtered(segments, {.min_score = 0.5, .top_k = {}}).size(), 3u);
  const std::vector<Segment> best = filtered(segments, {.min_score = {}, .top_k = 2});
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0].label, "c");
  EXPECT_EQ(best[1].label, "b") << "of equals the first";
  EXPECT_EQ(filtered(segments, {.min_score = {}, .top_k = 9}).size(), 4u);
  EXPECT_EQ(filtered(segments, {.min_score = {}, .top_k = 0}).size(), 0u);
  EXPECT_EQ(filtered(segments, {.min_score = 0.6, .top_k = 2}).size(), 1u);
}

TEST(ResultsDocument, HasTheKeysOfItsSchema) {
  const Json document = results_document({some_result()}, {{"b", "decode", "broken"}},
                                         {{"name", "m"}}, {{"name", "wtalc-cpu"}});
  EXPECT_EQ(document.at("schema"), "co2net.results/1");
  EXPECT_EQ(document.at("version"), "co2net " + std::string(version()));
  EXPECT_EQ(document.at("results").at("a").size(), 2u);
  EXPECT_EQ(document.at("videos").at("a"), Json({{"duration", 2}}));
  EXPECT_EQ(document.at("errors"), Json({{"b", {{"stage", "decode"}, {"message", "broken"}}}}));
  EXPECT_EQ(document.at("model"), Json({{"name", "m"}}));
  EXPECT_EQ(document.at("recipe"), Json({{"name", "wtalc-cpu"}}));
  EXPECT_EQ(document.at("final"), Json::object());
  EXPECT_EQ(document.size(), 8u);
}

TEST(ResultsDocument, HasFinalSegmentsBesideWhatIsTheSameWithoutThem) {
  VideoResult result = some_result();
  const auto documented = [&] { return results_document({result}, {}, {}, {}); };
  const Json before = documented();
  result.final_segments = {segment("Run", 0.5, 0, 1.28)};
  Json document = documented();
  EXPECT_EQ(document.at("final").at("a"), to_json(*result.final_segments));
  document["final"] = Json::object();
  EXPECT_EQ(to_text(document), to_text(before));
}

TEST(ResultsDocument, HasItsObjectsEvenIfThereIsNothingInThem) {
  const Json document = results_document({}, {}, Json::object(), Json::object());
  for (const char* key : {"results", "final", "videos", "errors"}) {
    EXPECT_EQ(document.at(key), Json::object()) << key;
  }
}

TEST(JsonlLine, IsALineOfJsonForAVideoOrAnError) {
  EXPECT_EQ(jsonl_line(VideoResult{"a\nb", {}, {{"duration", 2}}}),
            "{\"id\":\"a\\nb\",\"segments\":[],\"video\":{\"duration\":2}}\n");
  EXPECT_EQ(jsonl_line(VideoError{"b", "decode", "broken"}),
            "{\"error\":{\"message\":\"broken\",\"stage\":\"decode\"},\"id\":\"b\"}\n");
  EXPECT_EQ(jsonl_line(VideoError{"\xff", "", ""}).find('\xff'), std::string::npos);
}

TEST(JsonlLine, HasFinalSegmentsBesideTheCandidates) {
  EXPECT_EQ(jsonl_line(VideoResult{"a", {}, {{"duration", 2}}, {{segment("Run", 0.5, 0, 1.5)}}}),
            "{\"final\":[{\"label\":\"Run\",\"score\":0.5,\"segment\":[0.0,1.5]}],\"id\":\"a\","
            "\"segments\":[],\"video\":{\"duration\":2}}\n");
}

TEST(JsonlLine, NamesWhatMadeIt) {
  EXPECT_EQ(jsonl_line(VideoResult{"a", {}, {}}, "f00d"),
            "{\"id\":\"a\",\"made_by\":\"f00d\",\"segments\":[],\"video\":null}\n");
}

TEST(CsvRows, QuoteWhatNeedsIt) {
  EXPECT_EQ(kCsvHeader, "id,label,score,start_s,end_s\n");
  EXPECT_EQ(csv_rows(some_result()), "a,Run,0.5,0.0,1.28\na,Long jump,0.1,1.28,2.0\n");
  EXPECT_EQ(csv_rows({"a,b", {segment("say \"hi\"\n", 1, 0, 1)}, {}}),
            "\"a,b\",\"say \"\"hi\"\"\n\",1.0,0.0,1.0\n");
  EXPECT_EQ(csv_rows({"a", {}, {}}), "");
}

TEST(CsvRows, KeepEveryDigit) {
  const double score = 0.1 + 0.2;
  const std::string rows = csv_rows({"a", {segment("x", score, 0, 1)}, {}});
  EXPECT_EQ(std::stod(rows.substr(4)), score) << rows;
}

}  // namespace
}  // namespace co2net
