#include "cli/workflows/scaled_settings.h"

#include <gtest/gtest.h>

namespace co2net::test {
namespace {

TrainingSettings scaled(std::size_t videos, std::int64_t snippets) {
  return scaled_to({}, {videos, snippets});
}

TEST(ScaledSettings, IterationsGrowWithTheSetWithinLimits) {
  EXPECT_EQ(scaled(2, 30).options.iterations, 2000);
  EXPECT_EQ(scaled(60, 30).options.iterations, 6000);
  EXPECT_EQ(scaled(100000, 30).options.iterations, 20000);
}

TEST(ScaledSettings, FewerIterationsTakeLargerSteps) {
  const double published = TrainingOptions{}.learning_rate;
  EXPECT_DOUBLE_EQ(scaled(2, 30).options.learning_rate, 4 * published);
  EXPECT_DOUBLE_EQ(scaled(50, 30).options.learning_rate, 2 * published);
  EXPECT_DOUBLE_EQ(scaled(200, 30).options.learning_rate, published);
}

TEST(ScaledSettings, JudgesAModelEachFortiethAndNeverStopsBefore) {
  for (const std::size_t videos : {2u, 60u, 1000u}) {
    const TrainingOptions options = scaled(videos, 30).options;
    EXPECT_EQ(options.evaluate_every * 40, options.iterations) << videos;
    EXPECT_EQ(options.patience, 0);
  }
}

TEST(ScaledSettings, SequencesAreAsLongAsTheMedianVideoWithinLimits) {
  EXPECT_EQ(scaled(10, 4).options.length, 30);
  EXPECT_EQ(scaled(10, 120).options.length, 120);
  EXPECT_EQ(scaled(10, 1'000'000'000'000).options.length, 500);
}

TEST(ScaledSettings, PoolsAsThePublishedSettingsOfThatLengthDo) {
  EXPECT_EQ(scaled(10, 99).options.loss.top_k_ratio, 5);
  EXPECT_EQ(scaled(10, 100).options.loss.top_k_ratio, 7);
}

TEST(ScaledSettings, HoldsOutTenVideosFromATenthToAQuarter) {
  EXPECT_DOUBLE_EQ(scaled(12, 30).held_out_share, 0.25);
  EXPECT_DOUBLE_EQ(scaled(50, 30).held_out_share, 0.2);
  EXPECT_DOUBLE_EQ(scaled(1000, 30).held_out_share, 0.1);
}

TEST(ScaledSettings, OfAWtalcAreThePublishedButForIterations) {
  TrainingSettings settings;
  settings.options = training_preset(Variant::kThumos14, NetworkKind::kWtalc);
  const TrainingOptions options = scaled_to(settings, {50, 30}).options;
  EXPECT_EQ(options.iterations, 5000);
  EXPECT_EQ(options.evaluate_every, 125);
  EXPECT_EQ(options.length, 750);
  EXPECT_EQ(options.learning_rate, 1e-4);
  EXPECT_EQ(options.loss.top_k_ratio, 8);
}

TEST(ScaledSettings, LeavesOutNoVideoForItsLength) {
  TrainingSettings settings;
  settings.options = training_preset("activitynet1.2");
  EXPECT_EQ(scaled_to(settings, {10, 30}).options.min_snippets, 1);
}

}  // namespace
}  // namespace co2net::test
