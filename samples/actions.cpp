#include "samples/actions.h"

#include <cmath>
#include <numbers>

namespace co2net {
namespace {

double wave_of(double seconds, double period) {
  return std::sin(2 * std::numbers::pi * seconds / period);
}

// Rises from 0 to 1 and falls back once a period.
double pulse(double seconds, double period) {
  return 0.5 - 0.5 * wave_of(seconds + period / 4, period);
}

// From 0 at 0 to 1 at 1, at rest at both.
double eased(double share) { return pulse(share, 2); }

Pose standing() {
  Pose pose;
  pose[kLeftArm] = 10;
  pose[kRightArm] = -10;
  pose[kLeftThigh] = 6;
  pose[kRightThigh] = -6;
  return pose;
}

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
  constexpr double kPeriod = 1.2, kRise = 0.75;
  const double phase = seconds / kPeriod - std::floor(seconds / kPeriod);
  const double height = phase < kRise ? eased(phase / kRise) : eased((1 - phase) / (1 - kRise));
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

constexpr Action kActions[] = {{"stop", signal, Prop::kRedPaddle},
                               {"go", signal, Prop::kGreenPaddle},
                               {"squat", squat},
                               {"lift", squat, Prop::kBarbell},
                               {"hammer", hammer},
                               {"toss", toss},
                               {.label = "wind", .pose = wind, .is_chiral = true},
                               {.label = "unwind", .pose = unwind, .is_chiral = true}};

}  // namespace

std::span<const Action> all_actions() { return kActions; }

Pose idle(double seconds) {
  Pose pose = standing();
  pose[kLean] = 2 * wave_of(seconds, 3.1);
  pose[kLeftArm] = 10 + 4 * wave_of(seconds, 2.3);
  pose[kRightArm] = -10 + 4 * wave_of(seconds, 2.7);
  return pose;
}

Pose stroll(double seconds) {
  Pose pose = idle(seconds);
  const double swing = wave_of(seconds, 0.9);
  pose[kLeftThigh] += 20 * swing;
  pose[kRightThigh] -= 20 * swing;
  pose[kLeftArm] -= 20 * swing;
  pose[kRightArm] += 20 * swing;
  pose[kShift] = 0.2 * wave_of(seconds, 4);
  return pose;
}

}  // namespace co2net
