#pragma once

#include <opencv2/core/matx.hpp>
#include <span>

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

enum class Prop { kNone, kRedPaddle, kGreenPaddle, kBarbell };

// The actions come in pairs. The motions of stop and go, and of squat and lift, are equal, and what
// the hands hold tells them apart; the poses of hammer and toss, and of wind and unwind, are equal,
// and their order in time tells them apart.
struct Action {
  const char* label;
  Pose (*pose)(double seconds);  // since the action's start
  Prop prop = Prop::kNone;
  // Whether a mirror image shows the partner: then it shows the action itself when played
  // backwards.
  bool is_chiral = false;
};

// What the figure can do.
std::span<const Action> all_actions();

// What it does between actions: it stands and sways a little, or strolls to one side and back.
Pose idle(double seconds);
Pose stroll(double seconds);

}  // namespace co2net
