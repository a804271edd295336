#include "postprocess/final_evaluation.h"

#include <gtest/gtest.h>

#include "postprocess/final_evaluation_table.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

VideoPredictions found(const std::string& id, std::vector<Segment> segments,
                       std::optional<double> duration_s = 3600) {
  return {
      .id = id, .segments = {}, .final_segments = std::move(segments), .duration_s = duration_s};
}

AnnotatedVideo video(const std::string& id, std::vector<AnnotatedSegment> segments) {
  AnnotatedVideo annotated;
  annotated.id = id;
  annotated.subset = "test";
  annotated.duration_s = 3600;
  for (const AnnotatedSegment& segment : segments) annotated.labels.push_back(segment.label);
  annotated.segments = std::move(segments);
  return annotated;
}

Annotations truth(std::vector<AnnotatedVideo> videos) {
  Annotations annotations;
  annotations.videos = std::move(videos);
  return annotations;
}

FinalEvaluation judged(const Predictions& predictions, std::vector<AnnotatedVideo> videos) {
  return evaluate_final(predictions, truth(std::move(videos)), "");
}

// In "a" a run and a jump are found, the latter 52 s too long, another jump is taken for a run, and
// a run is seen where nothing happens; "b" is background.
FinalEvaluation judged_example() {
  return judged(
      {found("a", {{"run", 4, 0, 101},
                   {"run", 3, 1000, 1100},
                   {"run", 1, 3000, 3010},
                   {"jump", 2, 198, 352}}),
       found("b", {})},
      {video("a", {{"run", 0, 100}, {"jump", 200, 300}, {"jump", 1000, 1100}}), video("b", {})});
}

TEST(EvaluateFinal, CountsHitsOverAllClassesAtThreeThresholds) {
  const FinalEvaluation result = judged_example();
  ASSERT_EQ(result.accuracy.size(), 3u);
  EXPECT_EQ(result.accuracy[0].hits, 2);
  EXPECT_EQ(result.accuracy[1].hits, 2);
  EXPECT_EQ(result.accuracy[2].hits, 1) << "100 of 154 s are shared";
  EXPECT_EQ(result.accuracy[1].tiou, 0.5);
  EXPECT_DOUBLE_EQ(result.accuracy[1].precision->value, 2. / 4);
  EXPECT_DOUBLE_EQ(result.accuracy[1].recall->value, 2. / 3);
  EXPECT_DOUBLE_EQ(result.accuracy[1].f1->value, 4. / 7);
  EXPECT_EQ(result.segments, 4);
  EXPECT_EQ(result.truths, 3);
  EXPECT_EQ(result.videos, 2);
}

TEST(EvaluateFinal, TellsHowFarBoundariesAreOffInPairs) {
  const FinalEvaluation result = judged_example();
  EXPECT_EQ(result.pairs, 2);
  EXPECT_DOUBLE_EQ(result.start->median_s, -1) << "of 0 and -2";
  EXPECT_DOUBLE_EQ(result.start->median_absolute_s, 1);
  EXPECT_DOUBLE_EQ(result.end->median_s, 26.5) << "of 1 and 52";
  EXPECT_FALSE(judged({found("a", {})}, {video("a", {})}).start);
}

TEST(EvaluateFinal, CountsAlarmsWhereNothingHappensByTheHour) {
  const FinalEvaluation result = judged_example();
  EXPECT_EQ(result.elsewhere.videos, 1);
  EXPECT_EQ(result.elsewhere.segments, 1) << "a wrong label is no false alarm";
  EXPECT_DOUBLE_EQ(result.elsewhere.hours, 3300. / 3600);
  EXPECT_DOUBLE_EQ(*result.elsewhere.per_hour(), 3600. / 3300);
  EXPECT_EQ(result.background.videos, 1);
  EXPECT_EQ(result.background.segments, 0);
  EXPECT_EQ(result.background.hours, 1);
  EXPECT_EQ(*result.background.most_per_hour(), 3);
  EXPECT_FALSE(judged({found("a", {})}, {video("a", {})}).elsewhere.per_hour());
}

TEST(EvaluateFinal, CountsTimeThatSeveralTruthsShareOnceAndNoneOutsideTheVideo) {
  const auto hours = [](std::vector<AnnotatedSegment> segments) {
    return judged({found("a", {}, 7200)}, {video("a", std::move(segments))}).elsewhere.hours;
  };
  EXPECT_DOUBLE_EQ(hours({{"run", 1800, 5400}, {"jump", 3600, 4000}, {"jump", 3600, 6300}}), 0.75);
  EXPECT_DOUBLE_EQ(hours({{"run", 3600, 9999}}), 1);
  EXPECT_DOUBLE_EQ(hours({{"run", 9999, 10000}}), 2);
}

TEST(EvaluateFinal, SaysWhatIsFoundInThePlaceOfWhat) {
  const FinalEvaluation result = judged_example();
  const std::map<Mistaken, int> want = {
      {{"jump", "jump"}, 1}, {{"run", "run"}, 1}, {{"run", "jump"}, 1}, {{"run", {}}, 1}};
  EXPECT_EQ(result.confusion, want);
  const FinalEvaluation twice =
      judged({found("a", {{"run", 1, 0, 1}})}, {video("a", {{"run", 0, 1}, {"jog", 0, 1}})});
  EXPECT_EQ(twice.confusion, (std::map<Mistaken, int>{{{"run", "run"}, 1}}));
}

TEST(EvaluateFinal, GivesAGroundTruthToTheBestScoreAndASegmentTheTruthItOverlapsMost) {
  const FinalEvaluation result =
      judged({found("a", {{"run", 1, 0, 10}, {"run", 2, 1, 10}, {"run", 3, 20, 31}})},
             {video("a", {{"run", 0, 10}, {"run", 20, 40}, {"run", 20, 30}})});
  EXPECT_EQ(result.accuracy[1].hits, 2);
  EXPECT_EQ(result.start->median_s, 0.5) << "of 1 and 0";
  EXPECT_EQ(result.end->median_s, 0.5) << "of 0 and 1";
}

TEST(EvaluateFinal, CountsALabelThatTheGroundTruthLacksAsWrong) {
  const FinalEvaluation result =
      judged({found("a", {{"fly", 1, 0, 10}, {"run", 1, 0, 10}})}, {video("a", {{"run", 0, 10}})});
  EXPECT_EQ(result.accuracy[1].precision->value, 0.5);
}

TEST(EvaluateFinal, LeavesOutVideosWithoutTruthAndSaysWhichLackResultsOrDuration) {
  AnnotatedVideo unmarked = video("unmarked", {});
  unmarked.labels = {"run"};
  AnnotatedVideo endless = video("endless", {{"run", 0, 1}});
  endless.duration_s = 0;
  const FinalEvaluation result =
      judged({found("unmarked", {{"run", 1, 0, 1}}), found("foreign", {{"run", 1, 0, 1}}),
              found("endless", {{"run", 1, 0, 1}, {"run", 1, 5, 6}}, std::nullopt)},
             {unmarked, endless, video("failed", {{"run", 0, 1}})});
  EXPECT_EQ(result.videos, 2);
  EXPECT_EQ(result.segments, 2);
  EXPECT_EQ(result.accuracy[1].recall->value, 0.5);
  EXPECT_EQ(result.videos_without_final, 1);
  EXPECT_EQ(result.videos_without_duration, 1);
  EXPECT_EQ(result.elsewhere.segments + result.background.segments, 0);
  EXPECT_EQ(result.unmarked_videos, (std::set<std::string>{"unmarked"}));
  EXPECT_EQ(result.foreign_videos, (std::set<std::string>{"foreign"}));
  EXPECT_EQ(result.foreign_segments, 1);
}

TEST(EvaluateFinal, TakesTheSubsetAlone) {
  Annotations annotations = truth({video("a", {{"run", 0, 1}}), video("b", {{"run", 0, 1}})});
  annotations.videos[1].subset = "training";
  const FinalEvaluation result =
      evaluate_final({found("a", {}), found("b", {{"run", 1, 0, 1}})}, annotations, "test");
  EXPECT_EQ(result.videos, 1);
  EXPECT_EQ(result.truths, 1);
  EXPECT_EQ(result.foreign_segments, 1);
}

TEST(EvaluateFinal, BoundsAShareAsDrawnVideosDo) {
  Predictions predictions;
  std::vector<AnnotatedVideo> videos;
  for (int i = 0; i < 100; ++i) {
    const std::string id = std::to_string(i);
    const double start_s = i < 70 ? 0 : 50;
    predictions.push_back(found(id, {{"run", 1, start_s, start_s + 10}}));
    videos.push_back(video(id, {{"run", 0, 10}}));
  }
  const Estimate precision = *judged(predictions, videos).accuracy[1].precision;
  EXPECT_DOUBLE_EQ(precision.value, 0.7);
  EXPECT_NEAR(precision.low, 0.7 - 0.09, 0.02) << "1.96 * sqrt(0.7 * 0.3 / 100) = 0.09";
  EXPECT_NEAR(precision.high, 0.7 + 0.09, 0.02);
  EXPECT_EQ(to_json(judged(predictions, videos)), to_json(judged(predictions, videos)));

  const Estimate alone = *judged({predictions[0]}, {videos[0]}).accuracy[1].recall;
  EXPECT_EQ(alone.low, 1);
  EXPECT_EQ(alone.high, 1);
}

TEST(EvaluateFinal, HasNoShareOfNothing) {
  const FinalAccuracy at = judged({found("a", {})}, {video("a", {})}).accuracy[0];
  EXPECT_FALSE(at.precision || at.recall || at.f1);
}

TEST(EvaluateFinal, RefusesPredictionsWithoutFinalSegments) {
  const VideoPredictions old = {.id = "a", .segments = {{"run", 1, 0, 1}}};
  const VideoPredictions empty = {.id = "b", .segments = {}};
  const auto refuses = [](const Predictions& predictions, const std::string& words) {
    test::expect_error(ErrorKind::kInput, {words, "JSON lines", "localize"},
                       [&] { judged(predictions, {video("a", {})}); });
  };
  refuses({old}, "'a' has no final segments");
  refuses({old, found("c", {})}, "'a' has no final segments");
  refuses({empty}, "no final segments");
  EXPECT_EQ(judged({empty, found("a", {})}, {video("a", {})}).videos, 1);
}

TEST(FinalTable, AnswersAQuestionATable) {
  EXPECT_EQ(to_table(judged({found("a", {{"run", 1, 0, 12}}), found("b", {})},
                            {video("a", {{"run", 0, 10}}), video("b", {})})),
            "tIoU precision      from        to    recall      from        to        F1      from"
            "        to\n"
            "0.3      100.0     100.0     100.0     100.0     100.0     100.0     100.0     100.0"
            "     100.0\n"
            "0.5      100.0     100.0     100.0     100.0     100.0     100.0     100.0     100.0"
            "     100.0\n"
            "0.7      100.0     100.0     100.0     100.0     100.0     100.0     100.0     100.0"
            "     100.0\n"
            "\n"
            "found - true, s    median  absolute\n"
            "start                0.00      0.00\n"
            "end                  2.00      2.00\n"
            "\n"
            "false alarms    videos     hours  segments   an hour\n"
            "background           1      1.00         0    < 3.00\n"
            "elsewhere            1      1.00         0    < 3.01\n"
            "\n"
            "found for true  segments\n"
            "run for run            1\n");
}

TEST(FinalTable, SaysWithDashesAndNullWhatThereIsNothingToSayOf) {
  const FinalEvaluation none = judged({found("a", {}, 0)}, {video("a", {})});
  const std::string table = to_table(none);
  EXPECT_NE(table.find("0.3          -"), std::string::npos) << table;
  EXPECT_NE(table.find("start                   -"), std::string::npos) << table;
  EXPECT_NE(table.find("background           0      0.00         0         -"), std::string::npos)
      << table;
  const Json json = to_json(none);
  EXPECT_TRUE(json.at("accuracy").at(0).at("precision").is_null());
  EXPECT_TRUE(json.at("boundaries").at("start").is_null());
  EXPECT_TRUE(json.at("false_alarms").at("background").at("per_hour").is_null());
  EXPECT_FALSE(json.at("false_alarms").at("background").contains("per_hour_below"));
}

TEST(FinalTable, GivesProgramsTheSameAsJson) {
  const Json json = to_json(judged_example());
  EXPECT_EQ(json.at("accuracy").at(1).at("hits"), 2);
  EXPECT_EQ(json.at("accuracy").at(1).at("recall").at("value"), 2. / 3);
  EXPECT_EQ(json.at("boundaries").at("end").at("median"), 26.5);
  EXPECT_EQ(json.at("false_alarms").at("background").at("per_hour"), 0);
  EXPECT_EQ(json.at("false_alarms").at("background").at("per_hour_below"), 3);
  EXPECT_FALSE(json.at("false_alarms").at("elsewhere").contains("per_hour_below"));
  EXPECT_EQ(json.at("confusion").at(3),
            Json({{"found", "run"}, {"truth", "run"}, {"segments", 1}}));
  EXPECT_TRUE(json.at("confusion").at(1).at("truth").is_null());
}

}  // namespace
}  // namespace co2net
