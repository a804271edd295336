#include "pipeline/base/statistics.h"

#include <gtest/gtest.h>

namespace co2net::test {
namespace {

TEST(Median, IsTheUpperOne) {
  EXPECT_EQ(median<int>({7}), 7);
  EXPECT_EQ(median<int>({9, 1, 5}), 5);
  EXPECT_EQ(median<int>({9, 1, 5, 7}), 7);
}

TEST(Deviation, IsThatOfASampleAndNothingForOneValue) {
  EXPECT_DOUBLE_EQ(mean({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(*deviation({1, 2, 6}), std::sqrt(7.0));
  EXPECT_EQ(deviation({5}), std::nullopt);
}

}  // namespace
}  // namespace co2net::test
