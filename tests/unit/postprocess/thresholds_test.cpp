#include "postprocess/thresholds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Videos = std::vector<HeldOutVideo>;

// Scores of so few values that many are equal; a quarter of the videos is background.
Videos random_videos(int classes, int videos, std::mt19937_64& random) {
  const auto draw = [&](int last) { return std::uniform_int_distribution(0, last)(random); };
  Videos drawn;
  for (int i = 0; i < videos; ++i) {
    HeldOutVideo video;
    video.hours = 0.1 + 0.01 * draw(20);
    const bool is_background = draw(3) == 0;
    for (int label = 0; label < classes; ++label) {
      const bool is_positive = !is_background && draw(2) == 0;
      if (is_positive) video.labels.push_back(label);
      video.scores.push_back(0.02 * draw(40) + (is_positive ? 0.1 : 0));
    }
    if (video.labels.empty()) {
      for (int label = 0; label < classes; ++label) video.segments.push_back(draw(3));
    }
    drawn.push_back(video);
  }
  return drawn;
}

struct Example {
  double score;
  bool is_positive;
};

std::vector<Example> examples_of(const Videos& videos, int label) {
  std::vector<Example> examples;
  for (const HeldOutVideo& video : videos) {
    examples.push_back({video.scores[static_cast<std::size_t>(label)],
                        std::ranges::count(video.labels, label) > 0});
  }
  return examples;
}

double f1_at(const std::vector<Example>& examples, double threshold) {
  int hits = 0, found = 0, positives = 0;
  for (const Example& example : examples) {
    const bool is_found = example.score >= threshold;
    found += is_found;
    positives += example.is_positive;
    hits += is_found && example.is_positive;
  }
  return 2.0 * hits / (found + positives);
}

double logit(double score) {
  const double inside = std::clamp(score, 1e-12, 1 - 1e-12);
  return std::log(inside / (1 - inside));
}

// Tries every gap between neighbouring scores, and that below all of them, from `least` on.
void expect_largest_f1(double threshold, const std::vector<Example>& examples, double least) {
  std::set<double> scores;
  for (const Example& example : examples) scores.insert(example.score);
  double best = 0, width = 0, want = least;
  for (auto high = scores.upper_bound(least); high != scores.end(); ++high) {
    const double low = high == scores.begin() ? *high : std::max(*std::prev(high), least);
    const double f1 = f1_at(examples, *high), gap = logit(*high) - logit(low);
    // Of equal gaps, the higher.
    if (f1 < best || (f1 == best && gap < width)) continue;
    best = f1;
    width = gap;
    want = 1 / (1 + std::exp(-(logit(low) + logit(*high)) / 2));
  }
  EXPECT_NEAR(threshold, want, 1e-12);
}

TEST(ThresholdsByF1, AreTheBestOfAllInTheWidestGap) {
  std::mt19937_64 random(1);
  int with_own = 0;
  for (int draw = 0; draw < 300; ++draw) {
    const int classes = 1 + draw % 5;
    const Videos videos = random_videos(classes, 20 + draw % 30, random);
    std::vector<Example> all;
    std::set<int> with_examples;
    for (int label = 0; label < classes; ++label) {
      const std::vector<Example> examples = examples_of(videos, label);
      all.insert(all.end(), examples.begin(), examples.end());
      const auto positives = std::ranges::count(examples, true, &Example::is_positive);
      if (positives >= 10 && std::ssize(examples) - positives >= 10) with_examples.insert(label);
    }
    const bool has_background =
        std::ranges::any_of(videos, [](const HeldOutVideo& video) { return video.labels.empty(); });
    const double least = (has_background ? 1 : 1.5) / (classes + 1);
    const std::optional<ClassThresholds> found = thresholds_by_f1(videos);
    const bool are_enough = std::ranges::count(all, true, &Example::is_positive) >= 10;
    ASSERT_EQ(found.has_value(), are_enough);
    if (!found) continue;
    expect_largest_f1(found->all, all, least);
    std::set<int> own;
    for (const auto& [label, threshold] : found->own) {
      own.insert(label);
      expect_largest_f1(threshold, examples_of(videos, label), least);
    }
    EXPECT_EQ(own, with_examples);
    with_own += !own.empty();
  }
  EXPECT_GT(with_own, 50);
}

// So many videos that have the only class, at 0.8, and that have not, at `low`.
Videos told_apart(int with, int without, double low = 0.1) {
  Videos videos(static_cast<std::size_t>(with), HeldOutVideo{{0}, {0.8}});
  videos.insert(videos.end(), static_cast<std::size_t>(without), HeldOutVideo{{}, {low}, {1}});
  return videos;
}

TEST(ThresholdsByF1, LieInTheMiddleInLogits) {
  // Odds of 4 and 1.5: the middle's are their geometric mean.
  const double odds = std::sqrt(4 * 1.5);
  EXPECT_NEAR(thresholds_by_f1(told_apart(10, 10, 0.6))->all, odds / (1 + odds), 1e-12);
}

TEST(ThresholdsByF1, AreNotBelowWhatEachClassScoresWithoutAttention) {
  EXPECT_NEAR(thresholds_by_f1(told_apart(10, 10, 0.1))->all, 2. / 3, 1e-12);  // odds of 4 and 1
  const Videos low(10, HeldOutVideo{{0}, {0.4, 0.1}});
  EXPECT_NEAR(thresholds_by_f1(low)->all, 0.5, 1e-12)
      << "with no background, half as much again: 1.5 / 3, although all are below";
}

TEST(ThresholdsByF1, NeedTenPairsAndForAClassTenVideosThatHaveItAndTenThatHaveNot) {
  EXPECT_FALSE(thresholds_by_f1({}).has_value());
  EXPECT_FALSE(thresholds_by_f1(told_apart(9, 30)).has_value());
  EXPECT_TRUE(thresholds_by_f1(told_apart(10, 9))->own.empty());
  EXPECT_EQ(thresholds_by_f1(told_apart(10, 10))->own.size(), 1u);
}

TEST(ThresholdsByF1, TellScoresApartThatAreAllButCertain) {
  Videos videos(10, HeldOutVideo{{0}, {1}});
  videos.push_back({{}, {std::nextafter(1.0, 0.0)}, {1}});
  EXPECT_EQ(thresholds_by_f1(videos)->all, 1);
}

int alarms_at(const Videos& videos, double threshold) {
  int alarms = 0;
  for (const HeldOutVideo& video : videos) {
    for (std::size_t label = 0; label < video.segments.size(); ++label) {
      if (video.scores[label] >= threshold) alarms += video.segments[label];
    }
  }
  return alarms;
}

TEST(ThresholdsByFalseAlarms, AreTheLowestWithAtMostSoManyAnHour) {
  std::mt19937_64 random(2);
  for (int draw = 0; draw < 300; ++draw) {
    const int classes = 1 + draw % 5;
    const Videos videos = random_videos(classes, 60, random);
    double hours = 0;
    for (const HeldOutVideo& video : videos) hours += video.labels.empty() ? video.hours : 0;
    const double per_hour = 3.01 / hours + draw % 40;
    const ClassThresholds found = thresholds_by_false_alarms(videos, per_hour);
    EXPECT_TRUE(found.own.empty());
    EXPECT_LE(alarms_at(videos, found.all), per_hour * hours);
    const double least = 1.5 / (classes + 1);
    EXPECT_GE(found.all, least);
    const double lower = std::nextafter(found.all, 0.0);
    if (found.all > least) {
      EXPECT_GT(alarms_at(videos, lower), per_hour * hours);
    }
  }
}

TEST(ThresholdsByFalseAlarms, RefuseARateThatTheHoursCannotShow) {
  Videos videos(4, HeldOutVideo{{}, {0.9}, {2}, 0.25});
  videos.push_back({{0}, {0.9}, {}, 100});  // not background
  EXPECT_EQ(thresholds_by_false_alarms(videos, 8).all, 0.75);
  EXPECT_GT(thresholds_by_false_alarms(videos, 7).all, 0.9);
  EXPECT_GT(thresholds_by_false_alarms(videos, 3).all, 0.9);
  test::expect_error(ErrorKind::kUsage, {"2.9 false alarms an hour", "1 hours", "3 / H"},
                     [&] { thresholds_by_false_alarms(videos, 2.9); });
  test::expect_error(ErrorKind::kUsage, {"0 hours"}, [] { thresholds_by_false_alarms({}, 5); });
}

TEST(ChosenThresholds, AreOfTheChoice) {
  Videos videos = told_apart(10, 10);
  for (HeldOutVideo& video : videos) video.hours = 1;
  EXPECT_EQ(chosen_thresholds(videos, {}), thresholds_by_f1(videos));
  EXPECT_EQ(chosen_thresholds(videos, {.false_alarms = 1}), thresholds_by_false_alarms(videos, 1));
  EXPECT_EQ(chosen_thresholds(videos, {.threshold = 0.3}), (ClassThresholds{0.3}));
}

}  // namespace
}  // namespace co2net
