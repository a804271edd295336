#include "samples/drawing/motions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace co2net {
namespace {

template <class Member>
auto all_of(MotionSet set, Member member) {
  std::set<std::decay_t<decltype(std::declval<Motion>().*member)>> values;
  for (const Motion& motion : motions_of(set)) values.insert(motion.*member);
  return values;
}

template <class T>
bool are_disjoint(const std::set<T>& a, const std::set<T>& b) {
  return std::ranges::none_of(a, [&](const T& value) { return b.contains(value); });
}

std::set<std::string> labels_of(MotionSet set) {
  const std::set<const char*> labels = all_of(set, &Motion::label);
  return {labels.begin(), labels.end()};
}

TEST(MotionSets, ShareNoLabelNoFunctionAndNoProp) {
  EXPECT_TRUE(are_disjoint(labels_of(MotionSet::kBenchmark), labels_of(MotionSet::kPretraining)));
  EXPECT_TRUE(are_disjoint(all_of(MotionSet::kBenchmark, &Motion::pose),
                           all_of(MotionSet::kPretraining, &Motion::pose)));
  std::set<Prop> props = all_of(MotionSet::kBenchmark, &Motion::prop);
  props.erase(Prop::kNone);
  EXPECT_EQ(props.size(), 3u);
  EXPECT_TRUE(are_disjoint(props, all_of(MotionSet::kPretraining, &Motion::prop)));
}

// How far a motion is from another at its farthest, shifted in time and played as is nearest.
double distance(PoseAt one, PoseAt other) {
  double least = 1e9;
  for (const double direction : {1., -1.}) {
    for (double lag = 0; lag < 2; lag += 0.1) {
      double most = 0;
      for (double seconds = 0; seconds < 3; seconds += 0.1) {
        most = std::max(most, cv::norm(one(direction * seconds + lag) - other(seconds)));
      }
      least = std::min(least, most);
    }
  }
  return least;
}

// A function may call another one, which comparing addresses does not show.
TEST(MotionSets, ShareNoPose) {
  for (const Motion& learned : motions_of(MotionSet::kPretraining)) {
    for (const Motion& motion : benchmark_motions()) {
      EXPECT_GT(distance(learned.pose, motion.pose), 30) << learned.label << ", " << motion.label;
    }
  }
  EXPECT_LT(distance(benchmark_motions()[4].pose, benchmark_motions()[5].pose), 5);
}

TEST(MotionSets, HaveEightMotionsToFindAndThriceAsManyToLearnFrom) {
  EXPECT_EQ(labels_of(MotionSet::kBenchmark).size(), 8u);
  EXPECT_EQ(labels_of(MotionSet::kPretraining).size(), 24u);
  EXPECT_EQ(benchmark_motions().size(), 8u);
  EXPECT_EQ(motions_of(MotionSet::kPretraining).size(), 24u);
}

TEST(MotionSets, HaveNoPastime) {
  for (const MotionSet set : {MotionSet::kBenchmark, MotionSet::kPretraining}) {
    for (const PoseAt pastime : pastimes()) {
      EXPECT_FALSE(all_of(set, &Motion::pose).contains(pastime));
    }
  }
}

TEST(BenchmarkMotions, GoInPairsWithASceneryEach) {
  std::set<Scenery> sceneries;
  for (std::size_t i = 0; i < benchmark_motions().size(); i += 2) {
    EXPECT_EQ(scenery_of_benchmark(i), scenery_of_benchmark(i + 1));
    sceneries.insert(scenery_of_benchmark(i));
  }
  EXPECT_EQ(sceneries.size(), 4u);
}

}  // namespace
}  // namespace co2net
