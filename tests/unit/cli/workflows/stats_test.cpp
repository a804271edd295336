#include "cli/workflows/stats.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

constexpr StageTiming kHit = {.hit = true, .seconds = 0}, kComputed = {.hit = false, .seconds = 1};

bool reused(const std::map<std::string, StageTiming>& timings) {
  return is_reused({.entry = {}, .timings = timings});
}

TEST(IsReused, OfAVideoWhoseFeaturesOrScoresWereThere) {
  EXPECT_TRUE(reused({{"proposals", kHit}}));
  EXPECT_TRUE(reused({{"features", kHit}, {"localization", kComputed}, {"proposals", kComputed}}));
  EXPECT_TRUE(reused({{"localization", kHit}, {"proposals", kComputed}}));
}

TEST(IsReused, OfNothingThatTookItsTime) {
  EXPECT_FALSE(reused({{"features", kComputed}, {"localization", kComputed}}));
  EXPECT_FALSE(reused({{"frames", kHit}, {"flow", kComputed}, {"features", kComputed}}));
  EXPECT_FALSE(reused({{"frames", kComputed}, {"features", kHit}})) << "kept only now";
  EXPECT_FALSE(reused({{"scores", kComputed}, {"proposals", kComputed}})) << "of files of scores";
}

}  // namespace
}  // namespace co2net
