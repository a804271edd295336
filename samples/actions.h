#pragma once

#include <opencv2/core/matx.hpp>
#include <span>

namespace co2net {

// Angles in degrees, positive towards the figure's left (the image's right). Upper arms and thighs:
// from hanging straight down; elbows and knees: from the limb above; lean: from upright. Lift: the
// lowest foot's height above the ground, as a fraction of the body's.
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
  kLift,
  kJointCount
};
using Pose = cv::Vec<double, kJointCount>;

struct Action {
  const char* label;
  Pose (*pose)(double seconds);  // since the action's start
};

// What the figure can do.
std::span<const Action> all_actions();

// What it does between actions: it stands and sways a little.
Pose idle(double seconds);

}  // namespace co2net
