#include "postprocess/predictions.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

// "id: label score start end; ..." of all videos.
std::string summary(const Predictions& predictions) {
  std::string text;
  for (const VideoPredictions& video : predictions) {
    text += video.id + ":";
    for (const Segment& segment : video.segments) {
      text += " " + segment.label + " " + Json(segment.score).dump() + " " +
              Json(segment.start_s).dump() + " " + Json(segment.end_s).dump() + ";";
    }
  }
  return text;
}

std::string parsed(const std::string& text) { return summary(parse_predictions(text, "file")); }

const VideoResult kFirst = {
    "a", {{"run", 0.5, 0, 1.25}, {"long, jump", -2, 3, 4}}, {{"fps", 25}, {"duration", 4}}};
const VideoResult kSecond = {"b", {{"run", 0.25, 1, 2}}, {{"fps", 50}, {"duration", 4}}};
constexpr const char* kBoth = "a: run 0.5 0.0 1.25; long, jump -2.0 3.0 4.0;b: run 0.25 1.0 2.0;";

TEST(ParsePredictions, ReadsEveryFormatThatWeWrite) {
  const Json document =
      results_document({kFirst, kSecond}, {{"c", "decode", "broken"}}, {}, {{"stride", 16}});
  EXPECT_EQ(parsed(to_text(document)), std::string(kBoth) + "c:");
  EXPECT_EQ(parsed(document.dump(2)), std::string(kBoth) + "c:");
  EXPECT_EQ(parsed(std::string(kCsvHeader) + csv_rows(kFirst) + csv_rows(kSecond)), kBoth);
  EXPECT_EQ(parsed(jsonl_line(kFirst) + "\n" + jsonl_line(kSecond)), kBoth);
  EXPECT_EQ(parsed(jsonl_line(kSecond)), "b: run 0.25 1.0 2.0;");
  EXPECT_EQ(parsed(jsonl_line(VideoError{"c", "decode", "broken"}) + jsonl_line(kSecond)),
            "c:b: run 0.25 1.0 2.0;");
}

TEST(ParsePredictions, KeepsTheOrderOfTheFile) {
  EXPECT_EQ(parsed(R"({"results": {"b": [], "a": [], "c": []}})"), "b:a:c:");
  EXPECT_EQ(parsed(R"({"id": "b", "segments": []})"
                   "\n"
                   R"({"id": "a", "segments": []})"),
            "b:a:");
  EXPECT_EQ(parsed(std::string(kCsvHeader) + "b,run,3,0,1\na,run,2,0,1\nb,run,1,0,1\n"),
            "b: run 3.0 0.0 1.0; run 1.0 0.0 1.0;a: run 2.0 0.0 1.0;");
}

TEST(ParsePredictions, ReadsNumbersThatAreWrittenAsText) {
  const std::string segment = R"({"label": "run", "score": "0.5", "segment": ["0.01", "12.26"]})";
  EXPECT_EQ(parsed(R"({"results": {"v": [)" + segment + "]}}"), "v: run 0.5 0.01 12.26;");
  EXPECT_EQ(parsed(R"({"id": "v", "segments": [)" + segment + "]}"), "v: run 0.5 0.01 12.26;");
}

TEST(ParsePredictions, ReadsOtherPeoplesResults) {
  EXPECT_EQ(parsed(R"( {"version": "VERSION 1.3", "external_data": {},
    "results": {"v": [{"label": "run", "score": 1, "segment": [0, 2], "note": null}], "w": []}} )"),
            "v: run 1.0 0.0 2.0;w:");
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   R"({"results": {"v": [{"label": "run", "score": 1, "segment": [2, 2]}]}})"),
            "v: run 1.0 2.0 2.0;");
}

TEST(ParsePredictions, KnowsTheSnippetRateOfOurResults) {
  const Predictions ours = parse_predictions(
      to_text(results_document({kFirst, kSecond}, {}, {}, {{"stride", 10}})), "file");
  EXPECT_EQ(ours.at(0).snippets_per_second, 2.5);
  EXPECT_EQ(ours.at(1).snippets_per_second, 5);
  EXPECT_FALSE(ours.at(0).rate_is_assumed);
  EXPECT_TRUE(parse_predictions(jsonl_line(kFirst), "file").at(0).rate_is_assumed);
  EXPECT_EQ(parse_predictions(jsonl_line(kFirst), "file").at(0).snippets_per_second, 25.0 / 16);
  EXPECT_EQ(parse_predictions(R"({"results": {"a": []}, "videos": [1], "recipe": "x"})", "file")
                .at(0)
                .snippets_per_second,
            25.0 / 16);
}

TEST(ParsePredictions, HasFinalSegmentsAndDurationsWhereTheFileHas) {
  VideoResult first = kFirst, second = kSecond;
  first.final_segments = {{"run", 0.5, 1, 2}};
  second.final_segments = std::vector<Segment>();
  for (const std::string& text :
       {to_text(results_document({first, second}, {}, {}, {{"stride", 16}})),
        jsonl_line(first) + jsonl_line(second)}) {
    EXPECT_EQ(parsed(text), kBoth);
    const Predictions predictions = parse_predictions(text, "file");
    ASSERT_TRUE(predictions.at(0).final_segments && predictions.at(1).final_segments);
    ASSERT_EQ(predictions.at(0).final_segments->size(), 1u);
    EXPECT_EQ(predictions.at(0).final_segments->front().start_s, 1);
    EXPECT_TRUE(predictions.at(1).final_segments->empty());
    EXPECT_EQ(predictions.at(1).duration_s, 4);
  }
  for (const std::string& text :
       {to_text(results_document({kFirst}, {}, {}, {})), jsonl_line(kFirst),
        std::string(kCsvHeader) + csv_rows(first), std::string(R"({"results": {"a": []}})")}) {
    EXPECT_FALSE(parse_predictions(text, "file").at(0).final_segments) << text;
  }
  EXPECT_FALSE(
      parse_predictions(R"({"results": {"a": []}, "videos": {"a": {"duration": "x"}}})", "file")
          .at(0)
          .duration_s);
}

TEST(ParsePredictions, HasTheFactsOfVideosAndThoseThatFailed) {
  const VideoError failed = {"c", "decode", "no frame"};
  for (const std::string& text : {to_text(results_document({kFirst, kSecond}, {failed}, {}, {})),
                                  jsonl_line(kFirst) + jsonl_line(kSecond) + jsonl_line(failed)}) {
    const Predictions predictions = parse_predictions(text, "file");
    ASSERT_EQ(predictions.size(), 3u);
    EXPECT_EQ(predictions.at(0).facts, kFirst.video);
    EXPECT_EQ(predictions.at(0).error, "");
    EXPECT_EQ(predictions.at(2).id, "c");
    EXPECT_EQ(predictions.at(2).error, "decode: no frame");
    EXPECT_FALSE(predictions.at(2).final_segments);
  }
  EXPECT_EQ(parsed(R"({"results": {"a": []}, "errors": {"a": {"message": "x"}}})"), "a:");
  EXPECT_EQ(parsed(R"({"results": {"a": []}, "errors": [1]})"), "a:");
}

TEST(ParsePredictions, KnowsWhatWasDecodedOnlyInPart) {
  const auto incomplete = [](const std::string& decode) {
    return parse_predictions(
               R"({"results": {"a": []}, "videos": {"a": {"decode": )" + decode + "}}}", "file")
        .at(0)
        .incomplete;
  };
  EXPECT_EQ(incomplete(R"({"complete": false, "first_error": "ends at 3 s"})"), "ends at 3 s");
  EXPECT_EQ(incomplete(R"({"complete": false})"), "something is missing");
  EXPECT_EQ(incomplete(R"({"complete": true})"), "");
  EXPECT_EQ(incomplete("null"), "");
}

TEST(ParsePredictions, NamesThePlaceAndTheDefect) {
  struct Case {
    std::string text;
    std::vector<std::string> parts;
  };
  const auto results = [](const std::string& items) {
    return R"({"results": {"v": )" + items + "}}";
  };
  const std::string good = R"({"label": "run", "score": 1, "segment": [0, 1]})";
  const std::string header(kCsvHeader);
  for (const Case& bad : std::vector<Case>{
           {"", {"neither JSON nor CSV", "id, label, score, start_s, end_s"}},
           {"\n \n", {"neither JSON nor CSV"}},
           {"id,label\n", {"neither JSON nor CSV"}},
           {"{\"results\"", {"not valid JSON"}},
           {"{\"results\": {}} x", {"not valid JSON"}},
           {"[]", {"results"}},
           {"{}", {"results"}},
           {R"({"results": []})", {"results"}},
           {results("{}"), {"'v'", "not a list"}},
           {results("[1]"), {"'v'", "segment 0", "'segment' is missing"}},
           {results("[" + good + R"(, {"label": 3, "score": 1, "segment": [0, 1]}])"),
            {"'v'", "segment 1", "'label'"}},
           {results(R"([{"label": "run", "score": "x", "segment": [0, 1]}])"),
            {"'v'", "segment 0", "'score'", "'x' is not a number"}},
           {results(R"([{"label": "run", "score": "nan", "segment": [0, 1]}])"), {"'nan'"}},
           {results(R"([{"label": "run", "score": true, "segment": [0, 1]}])"), {"'score'"}},
           {results(R"([{"label": "run", "segment": [0, 1]}])"), {"'score' is missing"}},
           {results(R"([{"label": "run", "score": 1, "segment": ["0", "1 s"]}])"),
            {"'v'", "segment 0", "'segment'", "'1 s' is not a number"}},
           {results(R"([{"label": "run", "score": 1, "segment": [0, null]}])"), {"'segment'"}},
           {results(R"([{"label": "run", "score": NaN, "segment": [0, 1]}])"),
            {"not valid JSON", "line 1", "NaN"}},
           {R"({"results": {"v": [], "w": [], "v": []}})", {"not valid JSON", "\"v\" twice"}},
           {results(R"([{"label": "run", "score": 1e999, "segment": [0, 1]}])"), {"JSON"}},
           {results(R"([{"label": "run", "score": 1, "segment": [0, 1, 2]}])"),
            {"'segment' is not [start, end]"}},
           {results(R"([{"label": "run", "score": 1, "segment": {"0": 1}}])"), {"'segment'"}},
           {results(R"([{"label": "run", "score": 1, "segment": [2, 1]}])"),
            {"'v'", "segment 0", "ends before it starts: 2.0 to 1.0 s"}},
           {header + "v,run,1,2,1\n", {"line 2", "ends before it starts"}},
           {results(std::string(100000, '[')), {"nested in more than 100 levels"}},
           {R"({"results": {"v": []}, "videos": {"v": {"fps": 25}}, "recipe": {"stride": 0}})",
            {"'v'", "snippet rate"}},
           {R"({"id": "v", "segments": []})"
            "\n{",
            {"line 2", "not valid JSON"}},
           {R"({"id": "v", "segments": []})"
            "\n\n"
            R"({"id": "v", "segments": []})",
            {"line 3", "'v' comes a second time"}},
           {R"({"id": "v"})", {"line 1", "'segments'"}},
           {R"({"id": 1, "segments": []})", {"line 1", "'id'"}},
           {R"({"id": "v", "segments": [], "final": {}})", {"line 1", "final", "not a list"}},
           {R"({"results": {"v": []}, "final": {"v": [1]}})", {"'v'", "final", "segment 0"}},
           {header + "v,run,1,0\n", {"line 2", "want 5 fields, got 4"}},
           {header + "v,run,1,0,1\nv,run,x,0,1\n", {"line 3", "'x' is not a number"}},
           {header + "v,run,nan,0,1\n", {"'nan'"}},
           {header + "v,run,1,0,inf\n", {"'inf'"}},
           {header + "v,run,1,0,1e999\n", {"'1e999'"}},
           {header + "v,run,1,,1\n", {"'' is not a number"}},
           {header + "v,run,1,0,\"1\n", {"line 2", "never closed"}},
       }) {
    SCOPED_TRACE(bad.text.substr(0, 100));
    test::expect_error(ErrorKind::kInput, std::vector<std::string>{"file: "},
                       [&] { parse_predictions(bad.text, "file"); });
    test::expect_error(ErrorKind::kInput, bad.parts, [&] { parse_predictions(bad.text, "file"); });
  }
}

TEST(ReadPredictions, NamesAFileThatIsMissing) {
  test::expect_error(ErrorKind::kIo, {"/no/such.json"}, [] { read_predictions("/no/such.json"); });
}

}  // namespace
}  // namespace co2net
