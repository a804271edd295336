#include "samples/drawing/curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "samples/drawing/dice.h"

namespace co2net {
namespace {

TEST(Curves, KnowTheSine) {
  for (double turns = -3; turns < 3; turns += 0.0137) {
    EXPECT_NEAR(sine(turns), std::sin(2 * std::numbers::pi * turns), 1e-8) << turns;
  }
}

TEST(Curves, RiseForTheirShareOfAPeriod) {
  EXPECT_NEAR(lopsided_pulse(0, 2, 0.25), 0, 1e-8);
  EXPECT_NEAR(lopsided_pulse(0.5, 2, 0.25), 1, 1e-8);
  EXPECT_NEAR(lopsided_pulse(1.25, 2, 0.25), 0.5, 1e-8);
  EXPECT_NEAR(lopsided_pulse(-1.5, 2, 0.25), 1, 1e-8);
  EXPECT_NEAR(pulse(0.75, 1.5), 1, 1e-8);
}

TEST(Dice, FallAsTheyDoEverywhere) {
  Dice dice(5489);
  for (int i = 1; i < 10000; ++i) dice.bits();
  EXPECT_EQ(dice.bits(), 9981545732273789042u);  // as the standard says of mt19937_64
}

TEST(Dice, FallOnEachOctaveAsOften) {
  Dice dice(3);
  int low = 0;
  for (int i = 0; i < 1000; ++i) {
    const double value = dice.by_octaves(1, 16);
    ASSERT_GE(value, 1);
    ASSERT_LE(value, 16);
    if (value < 4) ++low;
  }
  EXPECT_NEAR(low, 500, 60);
}

}  // namespace
}  // namespace co2net
