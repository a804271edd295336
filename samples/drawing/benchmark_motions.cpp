// The motions of the benchmark come in pairs. Those of stop and go, and of squat and lift, are
// equal, and what the hands hold tells them apart; the poses of hammer and toss, and of wind and
// unwind, are equal, and their order in time tells them apart.

#include "samples/drawing/curves.h"
#include "samples/drawing/motion_sets.h"
#include "samples/drawing/motions.h"

namespace co2net {
namespace {

Pose signal(double seconds) {
  Pose pose = standing();
  pose[kLeftArm] = 140;
  pose[kLeftElbow] = 10 + 45 * wave_of(seconds, 0.8);
  return pose;
}

Pose squat(double seconds) {
  const double depth = pulse(seconds, 1.6);
  Pose pose = standing();
  pose[kLeftArm] = 75;
  pose[kLeftElbow] = 80;
  pose[kRightArm] = -75;
  pose[kRightElbow] = -80;
  pose[kLeftThigh] += 60 * depth;
  pose[kLeftKnee] -= 95 * depth;
  pose[kRightThigh] -= 60 * depth;
  pose[kRightKnee] += 95 * depth;
  return pose;
}

// An arm goes up slowly and down fast.
Pose hammer(double seconds) {
  const double height = lopsided_pulse(seconds, 1.0, 0.75);
  Pose pose = standing();
  pose[kLeftArm] = 40 + 125 * height;
  pose[kLeftElbow] = 15;
  pose[kLean] = 8 * (1 - height);
  return pose;
}

Pose toss(double seconds) { return hammer(-seconds); }

// The arms turn like a propeller.
Pose wind(double seconds) {
  const double turn = 360 * seconds / 1.5;
  Pose pose = standing();
  pose[kLeftArm] = 90 - turn;
  pose[kRightArm] = -90 - turn;
  return pose;
}

Pose unwind(double seconds) { return wind(-seconds); }

}  // namespace

const std::array<Motion, 8> kBenchmarkMotions = {
    {{.label = "stop", .pose = signal, .prop = Prop::kRedPaddle, .frequency = 3},
     {.label = "go", .pose = signal, .prop = Prop::kGreenPaddle, .frequency = 2},
     {.label = "squat", .pose = squat, .frequency = 3},
     {.label = "lift", .pose = squat, .prop = Prop::kBarbell, .frequency = 1},
     {.label = "hammer", .pose = hammer, .frequency = 2},
     {.label = "toss", .pose = toss, .frequency = 2},
     {.label = "wind", .pose = wind, .is_chiral = true, .frequency = 1},
     {.label = "unwind", .pose = unwind, .is_chiral = true, .frequency = 2}}};

}  // namespace co2net
