#include "postprocess/report/training_course.h"

#include <gtest/gtest.h>

#include <limits>

namespace co2net {
namespace {

Json update(std::int64_t iteration, const Json& loss) {
  return {{"iteration", iteration},
          {"losses", {{"total", loss}}},
          {"attention", {{"attn", {{"mean", iteration}}}}}};
}

TEST(TrainingCourse, KeepsEveryIterationOfAShortTraining) {
  TrainingCourse course(400);
  course.add(update(1, 3.5));
  course.add(update(2, 2.5));
  EXPECT_EQ(course.json(), Json::parse(R"({"done": 2, "every": 1, "judgements": [], "points": {
    "iteration": [1, 2], "losses": {"total": [3.5, 2.5]},
    "attention": {"attn": {"mean": [1.0, 2.0]}}}})"));
}

TEST(TrainingCourse, OfALongTrainingHasMeansOfAsManyIterationsEach) {
  TrainingCourse course(20000);
  for (std::int64_t i = 1; i <= 120; ++i) course.add(update(i, i));
  const Json json = course.json();
  EXPECT_EQ(json.at("every"), 50);
  EXPECT_EQ(json.at("points").at("iteration"), (Json{50, 100, 120}));
  EXPECT_EQ(json.at("points").at("losses").at("total"), (Json{25.5, 75.5, 110.5}));
}

TEST(TrainingCourse, NeverHasMoreThanFourHundredPoints) {
  for (const std::int64_t iterations : {1, 399, 400, 401, 799, 20001}) {
    TrainingCourse course(iterations);
    for (std::int64_t i = 1; i <= iterations; ++i) course.add(update(i, 1));
    const Json points = course.json().at("points").at("iteration");
    EXPECT_LE(points.size(), 400u) << iterations;
    EXPECT_EQ(points.back(), iterations);
  }
}

TEST(TrainingCourse, HasNoNumberWhereAnIterationHadNone) {
  TrainingCourse course(800);
  course.add(update(1, 1.0));
  course.add(update(2, std::numeric_limits<double>::infinity()));
  course.add(update(3, Json()));
  course.add({{"iteration", 5}, {"losses", {{"total", 2.0}}}});
  const Json points = course.json().at("points");
  EXPECT_EQ(points.at("losses").at("total"), (Json{nullptr, nullptr, 2.0}));
  EXPECT_EQ(points.at("attention").at("attn").at("mean"), (Json{1.5, 3.0, nullptr}));
}

TEST(TrainingCourse, KeepsJudgementsAsTheyAre) {
  TrainingCourse course(10);
  const Json judgement = {{"iteration", 4}, {"score", 0.5}, {"best", true}, {"mAP", {0.5}}};
  course.add(judgement);
  EXPECT_EQ(course.json().at("judgements"), Json::array({judgement}));
}

}  // namespace
}  // namespace co2net
