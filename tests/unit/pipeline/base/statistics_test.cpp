#include "pipeline/base/statistics.h"

#include <gtest/gtest.h>

namespace co2net::test {
namespace {

TEST(Median, IsTheUpperOne) {
  EXPECT_EQ(median<int>({7}), 7);
  EXPECT_EQ(median<int>({9, 1, 5}), 5);
  EXPECT_EQ(median<int>({9, 1, 5, 7}), 7);
}

TEST(Quantile, IsBetweenTwoValuesInProportion) {
  EXPECT_DOUBLE_EQ(quantile({9, 1, 5, 7}, 0.5), 6);
  EXPECT_DOUBLE_EQ(quantile({9, 1, 5}, 0.25), 3);
  EXPECT_DOUBLE_EQ(quantile({9, 1, 5}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile({9, 1, 5}, 1), 9);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.3), 7);
}

TEST(Deviation, IsThatOfASampleAndNothingForOneValue) {
  EXPECT_DOUBLE_EQ(mean({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(*deviation({1, 2, 6}), std::sqrt(7.0));
  EXPECT_EQ(deviation({5}), std::nullopt);
}

}  // namespace
}  // namespace co2net::test
