#include "samples/drawing/motions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

using Course = std::function<Pose(double seconds)>;

// In degrees, a whole turn being none.
double distance(const Pose& one, const Pose& other) {
  double squares = 0;
  for (int joint = 0; joint < kJointCount; ++joint) {
    const double apart = std::remainder(one[joint] - other[joint], 360);
    squares += apart * apart;
  }
  return std::sqrt(squares);
}

Pose mirrored(const Pose& pose) {
  constexpr std::pair<Joint, Joint> kSides[] = {{kLeftArm, kRightArm},
                                                {kLeftElbow, kRightElbow},
                                                {kLeftThigh, kRightThigh},
                                                {kLeftKnee, kRightKnee}};
  Pose mirrored = -pose;
  for (const auto& [left, right] : kSides) std::swap(mirrored[left], mirrored[right]);
  return mirrored;
}

// Over more than a period, at any tempo that somebody can be seen to move at.
std::vector<Pose> poses_of(const Course& motion, double step_s) {
  std::vector<Pose> poses;
  for (double seconds = 0; seconds < 3; seconds += step_s) poses.push_back(motion(seconds));
  return poses;
}

// How far a motion's farthest pose is from all that another shows, or its mirror image, whatever
// their tempo, phase and order in time.
double distance(const Course& motion, const Course& learned) {
  std::vector<Pose> shown = poses_of(learned, 0.01);
  double least = 1e9;
  for (int side = 0; side < 2; ++side) {
    double most = 0;
    for (const Pose& pose : poses_of(motion, 0.04)) {
      double nearest = 1e9;
      for (const Pose& other : shown) nearest = std::min(nearest, distance(pose, other));
      most = std::max(most, nearest);
    }
    least = std::min(least, most);
    std::ranges::transform(shown, shown.begin(), mirrored);
  }
  return least;
}

TEST(MotionDistance, IsNextToNothingFromACopyAtAnotherTempoAndPhaseBackwardsAndMirrored) {
  for (const Motion& motion : benchmark_motions()) {
    for (const double tempo : {1., 1 / 1.3, 1 / 0.9, -1.}) {
      const auto copy = [&](double seconds) { return motion.pose(tempo * seconds + 0.37); };
      const auto mirror = [&](double seconds) { return mirrored(copy(seconds)); };
      EXPECT_LT(distance(motion.pose, copy), 5) << motion.label << " at tempo " << tempo;
      EXPECT_LT(distance(motion.pose, mirror), 5) << motion.label << " at tempo " << tempo;
    }
  }
}

TEST(MotionDistance, MirrorsLeftAndRight) {
  Pose pose = Pose::all(0), mirror = Pose::all(0);
  pose[kLean] = 10;
  mirror[kLean] = -10;
  pose[kLeftElbow] = 20;
  mirror[kRightElbow] = -20;
  pose[kRightKnee] = 30;
  mirror[kLeftKnee] = -30;
  EXPECT_EQ(mirrored(pose), mirror);
}

// A function may call another one, which comparing addresses does not show.
TEST(MotionSets, ShareNoMotionAndTheNearestAreHammerAndTheWavedFlag) {
  for (const Motion& learned : motions_of(MotionSet::kPretraining)) {
    for (const Motion& motion : benchmark_motions()) {
      const double apart = distance(motion.pose, learned.pose);
      const std::string pair = std::string(learned.label) + ", " + motion.label;
      const std::set<std::string> nearest = {"blue_flag, hammer", "blue_flag, toss",
                                             "yellow_flag, hammer", "yellow_flag, toss"};
      if (nearest.contains(pair)) {
        EXPECT_NEAR(apart, 22.7, 0.5) << pair << ": the same arm goes up and down";
      } else {
        EXPECT_GT(apart, 50) << pair;
      }
    }
  }
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
