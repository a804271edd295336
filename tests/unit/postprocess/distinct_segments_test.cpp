#include "postprocess/distinct_segments.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

std::vector<double> scores(const std::vector<Segment>& segments) {
  std::vector<double> values;
  for (const Segment& segment : segments) values.push_back(segment.score);
  return values;
}

using Values = std::vector<double>;

TEST(DistinctBest, KeepsTheBestOfRepeatsAndNoMoreThanAsked) {
  const std::vector<Segment> segments = {
      {"a", 0.1, 0, 2}, {"a", 0.4, 0, 2}, {"b", 0.3, 0, 2}, {"a", 0.2, 0, 1}};
  EXPECT_EQ(scores(distinct_best(segments, 9)), (Values{0.4, 0.3, 0.2}));
  EXPECT_EQ(scores(distinct_best(segments, 2)), (Values{0.4, 0.3}));
  EXPECT_EQ(scores(distinct_best({}, 2)), Values());
}

TEST(WithoutOverlaps, KeepsTheBestOfAClassAndWhatOnlyTouchesIt) {
  const std::vector<Segment> segments = {
      {"a", 0.1, 0, 9}, {"a", 0.4, 2, 4}, {"a", 0.3, 4, 5}, {"b", 0.2, 0, 9}};
  EXPECT_EQ(scores(without_overlaps(segments)), (Values{0.4, 0.3, 0.2}));
}

}  // namespace
}  // namespace co2net
