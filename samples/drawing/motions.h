#pragma once

#include <opencv2/core/matx.hpp>
#include <span>
#include <string>

#include "pipeline/base/choice.h"

namespace co2net {

// Angles in degrees, positive towards the figure's left (the image's right). Upper arms and thighs:
// from hanging straight down; elbows and knees: from the limb above; lean: from upright. Shift: of
// the whole figure to its left, as a fraction of its height.
enum Joint {
  kLean,
  kLeftArm,
  kLeftElbow,
  kRightArm,
  kRightElbow,
  kLeftThigh,
  kLeftKnee,
  kRightThigh,
  kRightKnee,
  kShift,
  kJointCount
};
using Pose = cv::Vec<double, kJointCount>;
using PoseAt = Pose (*)(double seconds);  // since the movement's start

// What hands hold, or the head wears.
enum class Prop {
  kNone,
  // Of the benchmark.
  kRedPaddle,
  kGreenPaddle,
  kBarbell,
  // Of pretraining.
  kBlueFlag,
  kYellowFlag,
  kBlueHat,
  kWhiteHat,
  kBall,
  kBox,
  kStick
};

// Where something is done; each pair of the benchmark's motions has its own, and the others are
// nobody's.
enum class Scenery { kRoad, kGym, kWorkshop, kMill, kPark, kRoom };
inline constexpr Scenery kSceneries[] = {Scenery::kRoad, Scenery::kGym,  Scenery::kWorkshop,
                                         Scenery::kMill, Scenery::kPark, Scenery::kRoom};

// A motion with a name.
struct Motion {
  const char* label;
  PoseAt pose;
  Prop prop = Prop::kNone;
  // Whether a mirror image shows the partner: then it shows the motion itself when played
  // backwards.
  bool is_chiral = false;
  int frequency = 1;  // how often it is drawn, compared with the others of its set
};

// Two sets that have no label, function and prop in common: an I3D learns from the second what the
// first is told apart by.
enum class MotionSet { kBenchmark, kPretraining };
template <>
inline constexpr Choice<MotionSet> kChoices<MotionSet>[] = {
    {MotionSet::kBenchmark, "benchmark"}, {MotionSet::kPretraining, "pretraining"}};
std::span<const Motion> motions_of(MotionSet set);
inline std::span<const Motion> benchmark_motions() { return motions_of(MotionSet::kBenchmark); }

// What goes with the ith of the benchmark's motions.
Scenery scenery_of_benchmark(std::size_t i);

// How a figure stands that does nothing; motions start from there.
Pose standing();
// It stands and sways a little.
Pose idle(double seconds);
// It walks on the spot.
Pose walk(double seconds);
// What it does when it does nothing that has a name: it strolls to one side and back, scratches its
// head, stretches, looks about, claps, hops, reads.
std::span<const PoseAt> pastimes();

}  // namespace co2net
