#include "postprocess/report/report_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace co2net {
namespace {

// What a script hands to the page's function of that name.
Json argument(const std::string& script, const std::string& function) {
  const std::string begin = function + "(", end = ");\n";
  EXPECT_EQ(script.substr(0, begin.size()), begin);
  EXPECT_EQ(script.substr(script.size() - end.size()), end);
  return parse_json(script.substr(begin.size(), script.size() - begin.size() - end.size()),
                    "argument", ErrorKind::kInput);
}

Json list_of(const std::vector<ReportVideo>& videos) {
  const std::vector<std::string> strips(videos.size(), "");
  return argument(list_script({}, videos, strips), "receiveReport");
}

Json page_of(const ReportVideo& video, const std::optional<ReportScores>& scores = {}) {
  return argument(video_script(0, video, {}, scores), "receiveVideo");
}

VideoPredictions predictions(std::vector<Segment> segments,
                             std::optional<std::vector<Segment>> final_segments = {}) {
  VideoPredictions video;
  video.segments = std::move(segments);
  video.final_segments = std::move(final_segments);
  return video;
}

ReportVideo found(const VideoPredictions& video) {
  return {.id = "a", .found = video, .other = {}, .truth = {}};
}

std::vector<double> scores_in(const Json& segments) {
  std::vector<double> scores;
  for (const Json& segment : segments) scores.push_back(segment.at("score"));
  return scores;
}

using Values = std::vector<double>;

TEST(ReportData, NoTextOfAFileEndsAScriptOrIsLost) {
  const std::string evil = "</script><script>alert(1)</script><!-- \xE2\x80\xA8 \" \\ \n";
  ReportVideo video = found(predictions({{evil, 1, 0, 2}}));
  video.id = evil;
  for (const std::string& script :
       {list_script({"key", evil, evil}, {video}, {""}), video_script(0, video, {}, {})}) {
    EXPECT_EQ(script.find('<'), std::string::npos) << script;
    EXPECT_EQ(std::ranges::count(script, '\n'), 1) << script;
  }
  EXPECT_EQ(list_of({video}).at("videos").at(0).at("id"), evil);
  EXPECT_EQ(page_of(video).at("found").at("final").at(0).at("label"), evil);
}

TEST(ReportData, NamesThatAreNotUtf8AreShownAsFarAsTheyAre) {
  ReportVideo video = found(predictions({}));
  video.id = "a\xFF.mp4";
  EXPECT_EQ(list_of({video}).at("videos").at(0).at("id"), "a\xEF\xBF\xBD.mp4");
}

TEST(ReportData, FinalSegmentsComeFirstAndOtherCandidatesOnce) {
  const std::vector<Segment> candidates = {
      {"run", 0.9, 0, 2}, {"run", 0.1, 0, 2}, {"run", 0.5, 4, 6}, {"run", 0.7, 1, 9}};
  const Json page = page_of(found(predictions(candidates, {{{"run", 0.3, 4, 6}}})));
  EXPECT_EQ(scores_in(page.at("found").at("final")), Values{0.3});
  EXPECT_EQ(scores_in(page.at("found").at("candidates")), (Values{0.9, 0.7}));
  EXPECT_EQ(page.at("found").at("hasFinal"), true);
}

TEST(ReportData, TellsWhyAVideoWasDecodedOnlyInPart) {
  VideoPredictions video = predictions({});
  EXPECT_EQ(list_of({found(video)}).at("videos").at(0).at("isIncomplete"), false);
  video.incomplete = "ends at 3 s";
  EXPECT_EQ(list_of({found(video)}).at("videos").at(0).at("isIncomplete"), true);
  EXPECT_EQ(page_of(found(video)).at("found").at("incomplete"), "ends at 3 s");
}

TEST(ReportData, WithoutFinalSegmentsTheBestThatDoNotOverlapStandForThem) {
  const Json page = page_of(found(predictions({{"run", 0.9, 0, 2}, {"run", 0.5, 1, 3}})));
  EXPECT_EQ(scores_in(page.at("found").at("final")), Values{0.9});
  EXPECT_EQ(scores_in(page.at("found").at("candidates")), Values{0.5});
  EXPECT_EQ(page.at("found").at("hasFinal"), false);
}

TEST(ReportData, HasTheBestCandidatesAlone) {
  std::vector<Segment> candidates;
  for (int i = 0; i < 80; ++i) candidates.push_back({"run", i / 100., i * 1., i + 1.});
  const Json page = page_of(found(predictions(candidates, std::vector<Segment>())));
  const Values scores = scores_in(page.at("found").at("candidates"));
  ASSERT_EQ(scores.size(), kMostCandidates);
  EXPECT_EQ(scores.front(), 0.79);
  EXPECT_EQ(scores.back(), 0.30);
}

TEST(ReportData, AVideoOfTheOtherFileAloneIsListedAsSuch) {
  const ReportVideo video = {
      .id = "b", .found = {}, .other = predictions({{"jump", 1, 0, 2}}), .truth = {}};
  const Json list = list_of({video});
  EXPECT_EQ(list.at("videos").at(0).at("isFound"), false);
  EXPECT_EQ(list.at("classes"), Json({"jump"}));
  EXPECT_EQ(list.at("videos").at(0).at("classes"), Json({"jump"}));
  const Json page = page_of(video);
  EXPECT_TRUE(page.at("found").is_null());
  EXPECT_EQ(page.at("other").at("final").size(), 1u);
}

TEST(ReportData, TheListHasEachFinalClassByItsBestScoreAndWhatIsTrue) {
  const std::vector<Segment> segments = {
      {"run", 0.2, 0, 1}, {"jump", 0.5, 0, 1}, {"run", 0.6, 2, 3}};
  ReportVideo video = found(predictions({}, segments));
  video.truth = {.id = "a", .subset = "test", .duration_s = 9, .labels = {"fly"}, .segments = {}};
  const Json entry = list_of({video}).at("videos").at(0);
  EXPECT_EQ(entry.at("labels"),
            Json({{{"label", "run"}, {"score", 0.6}}, {{"label", "jump"}, {"score", 0.5}}}));
  EXPECT_EQ(entry.at("segments"), 3);
  EXPECT_EQ(entry.at("classes"), Json({"fly", "jump", "run"}));
}

TEST(ReportData, ADurationIsThatOfWhoeverSaysItFirstOrNotKnown) {
  const auto duration = [](const ReportVideo& video) {
    return list_of({video}).at("videos").at(0).at("duration");
  };
  ReportVideo video = found(predictions({{"run", 0.2, 0, 1}}));
  EXPECT_EQ(duration(video), Json());
  video.file_duration_s = 7;
  EXPECT_EQ(duration(video), 7);
  video.truth = {.id = "a", .subset = "test", .duration_s = 9, .labels = {}, .segments = {}};
  EXPECT_EQ(duration(video), 9);
  video.found->duration_s = 8;
  EXPECT_EQ(duration(video), 8);
}

TEST(ReportData, NamesTheFileThatTheResultsName) {
  ReportVideo video = found(predictions({}));
  EXPECT_EQ(page_of(video).at("found").at("path"), "");
  video.found->facts = {{"path", "videos/a.mp4"}};
  EXPECT_EQ(page_of(video).at("found").at("path"), "videos/a.mp4");
}

TEST(ReportData, HeatsTheClassesThatAreFoundThenTheHighest) {
  ReportScores scores = {.step_s = 0.64, .classes = {}, .cas = Array({2, 21}), .curves = {}};
  for (int i = 0; i < 20; ++i) scores.classes.push_back("class " + std::to_string(i));
  scores.cas.row(1)[7] = 5;
  scores.cas.row(0)[20] = 99;  // the background
  scores.curves["attn"] = {0.25, 0.1234567F};
  const Json page = page_of(found(predictions({{"class 3", 1, 0, 2}})), scores);
  const Json& shown = page.at("scores");
  ASSERT_EQ(shown.at("heat").size(), kMostHeatedClasses);
  EXPECT_EQ(shown.at("heat").at(0).at("label"), "class 3");
  EXPECT_EQ(shown.at("heat").at(1), Json({{"label", "class 7"}, {"values", {0., 5.}}}));
  EXPECT_EQ(shown.at("curves").at("attn"), Json({0.25, 0.123}));
  EXPECT_EQ(shown.at("step"), 0.64);
}

}  // namespace
}  // namespace co2net
