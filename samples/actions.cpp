#include "samples/actions.h"

#include <algorithm>
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

Pose standing() {
  Pose pose;
  pose[kLeftArm] = 10;
  pose[kRightArm] = -10;
  pose[kLeftThigh] = 6;
  pose[kRightThigh] = -6;
  return pose;
}

void spread_arms(Pose& pose, double degrees) {
  pose[kLeftArm] = degrees;
  pose[kRightArm] = -degrees;
}

void bend_legs(Pose& pose, double degrees) {
  pose[kLeftThigh] += degrees;
  pose[kLeftKnee] -= 1.6 * degrees;
  pose[kRightThigh] -= degrees;
  pose[kRightKnee] += 1.6 * degrees;
}

Pose wave(double seconds) {
  Pose pose = standing();
  pose[kLeftArm] = 130;
  pose[kLeftElbow] = 40 + 40 * wave_of(seconds, 0.6);
  return pose;
}

Pose jump(double seconds) {
  constexpr double kPeriod = 0.9;
  const double flight = std::max(0.0, wave_of(seconds, kPeriod));
  Pose pose = standing();
  pose[kLift] = 0.22 * flight;
  spread_arms(pose, 20 + 60 * flight);
  bend_legs(pose, 40 * std::max(0.0, -wave_of(seconds, kPeriod)));
  return pose;
}

Pose squat(double seconds) {
  const double depth = pulse(seconds, 1.8);
  Pose pose = standing();
  spread_arms(pose, 10 + 80 * depth);
  bend_legs(pose, 65 * depth);
  return pose;
}

Pose kick(double seconds) {
  const double height = pulse(seconds, 1.1);
  Pose pose = standing();
  pose[kLean] = -18 * height;
  spread_arms(pose, 10 + 45 * height);
  pose[kLeftThigh] += 85 * height;
  return pose;
}

Pose bow(double seconds) {
  Pose pose = standing();
  pose[kLean] = 75 * pulse(seconds, 2.2);
  return pose;
}

Pose jumping_jack(double seconds) {
  const double open = pulse(seconds, 0.8);
  Pose pose = standing();
  pose[kLift] = 0.05 * pulse(seconds, 0.4);
  spread_arms(pose, 10 + 150 * open);
  pose[kLeftThigh] += 22 * open;
  pose[kRightThigh] -= 22 * open;
  return pose;
}

constexpr Action kActions[] = {{"wave", wave}, {"jump", jump}, {"squat", squat},
                               {"kick", kick}, {"bow", bow},   {"jumping_jack", jumping_jack}};

}  // namespace

std::span<const Action> all_actions() { return kActions; }

Pose idle(double seconds) {
  Pose pose = standing();
  pose[kLean] = 2 * wave_of(seconds, 3.1);
  spread_arms(pose, 10 + 3 * wave_of(seconds, 2.3));
  return pose;
}

}  // namespace co2net
