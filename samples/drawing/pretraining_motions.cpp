// The motions that an I3D learns features from. None is the benchmark's, but they are told apart by
// the same kinds of things: a prop or its colour, the order in time, the direction of a turn, how
// far limbs move, and how many.

#include <algorithm>

#include "samples/drawing/curves.h"
#include "samples/drawing/motion_sets.h"
#include "samples/drawing/motions.h"

namespace co2net {
namespace {

// Both arms the same way, on the figure's left and right.
void set_arms(Pose& pose, double arm, double elbow) {
  pose[kLeftArm] = arm;
  pose[kRightArm] = -arm;
  pose[kLeftElbow] = elbow;
  pose[kRightElbow] = -elbow;
}

Pose wave_flag(double seconds) {
  Pose pose = standing();
  pose[kLeftArm] = 105 + 50 * wave_of(seconds, 1.3);
  return pose;
}

Pose bow(double seconds) {
  Pose pose = standing();
  pose[kLean] = 50 * pulse(seconds, 1.7);
  return pose;
}

// The hands go straight up above the shoulders.
Pose press(double seconds) {
  const double height = pulse(seconds, 1.5);
  Pose pose = standing();
  set_arms(pose, 65 + 95 * height, 115 - 95 * height);
  return pose;
}

// A leg goes up fast and down slowly.
Pose kick(double seconds) {
  const double height = lopsided_pulse(seconds, 1.3, 0.22);
  Pose pose = standing();
  pose[kLeftThigh] = 6 + 80 * height;
  pose[kLeftKnee] = -10 * height;
  pose[kRightArm] = -10 - 30 * height;
  return pose;
}

Pose hoist(double seconds) { return kick(-seconds); }

// The trunk goes aside fast and up slowly.
Pose duck(double seconds) {
  const double depth = lopsided_pulse(seconds, 1.4, 0.22);
  Pose pose = standing();
  pose[kLean] = -55 * depth;
  set_arms(pose, 45, -60);
  return pose;
}

Pose rise(double seconds) { return duck(-seconds); }

// A forearm goes out fast and back slowly.
Pose jab(double seconds) {
  const double reach = lopsided_pulse(seconds, 1.0, 0.25);
  Pose pose = standing();
  pose[kRightArm] = -75;
  pose[kRightElbow] = -130 * (1 - reach);
  pose[kLeftArm] = 30;
  pose[kLeftElbow] = 110;
  return pose;
}

Pose reel(double seconds) { return jab(-seconds); }

// A forearm turns about its elbow.
Pose stir(double seconds) {
  Pose pose = standing();
  pose[kRightArm] = -65;
  pose[kRightElbow] = -360 * seconds / 1.2;
  return pose;
}

Pose unstir(double seconds) { return stir(-seconds); }

// A foot goes around.
Pose pedal(double seconds) {
  Pose pose = standing();
  pose[kLeftThigh] = 45 + 32 * wave_of(seconds, 1.4);
  pose[kLeftKnee] = -50 - 40 * wave_of(seconds + 0.35, 1.4);
  set_arms(pose, 55, -20);
  return pose;
}

Pose pedal_back(double seconds) { return pedal(-seconds); }

Pose flutter(double seconds) {
  Pose pose = standing();
  set_arms(pose, 85 + 14 * wave_of(seconds, 0.5), 0);
  return pose;
}

Pose flap(double seconds) {
  Pose pose = standing();
  set_arms(pose, 85 + 55 * wave_of(seconds, 1.1), 0);
  return pose;
}

Pose point(double seconds) {
  Pose pose = standing();
  pose[kLeftArm] = 10 + 85 * pulse(seconds, 1.6);
  return pose;
}

Pose embrace(double seconds) {
  Pose pose = standing();
  set_arms(pose, 10 + 85 * pulse(seconds, 1.6), 0);
  return pose;
}

Pose march(double seconds) {
  const double left = std::max(0., wave_of(seconds, 1.1)),
               right = std::max(0., -wave_of(seconds, 1.1));
  Pose pose = standing();
  pose[kLeftThigh] += 55 * left;
  pose[kLeftKnee] -= 75 * left;
  pose[kRightThigh] -= 55 * right;
  pose[kRightKnee] += 75 * right;
  return pose;
}

// Both hands carry something from one side to the other.
Pose rock(double seconds) {
  const double side = wave_of(seconds, 1.5);
  Pose pose = standing();
  pose[kLean] = 10 * side;
  pose[kLeftArm] = -5 + 60 * side;
  pose[kRightArm] = 5 + 60 * side;
  return pose;
}

// A stroke with a stick in both hands.
Pose row(double seconds) {
  const double stroke = pulse(seconds, 1.5);
  Pose pose = standing();
  pose[kLean] = 20 - 30 * stroke;
  pose[kLeftArm] = 70 - 50 * stroke;
  pose[kLeftElbow] = 30 * stroke;
  pose[kRightArm] = 30 - 40 * stroke;
  pose[kRightElbow] = 60 * stroke;
  return pose;
}

}  // namespace

const std::array<Motion, 24> kPretrainingMotions = {
    {{.label = "blue_flag", .pose = wave_flag, .prop = Prop::kBlueFlag},
     {.label = "yellow_flag", .pose = wave_flag, .prop = Prop::kYellowFlag},
     {.label = "blue_hat", .pose = bow, .prop = Prop::kBlueHat},
     {.label = "white_hat", .pose = bow, .prop = Prop::kWhiteHat},
     {.label = "press", .pose = press},
     {.label = "press_box", .pose = press, .prop = Prop::kBox},
     {.label = "rock", .pose = rock},
     {.label = "rock_ball", .pose = rock, .prop = Prop::kBall},
     {.label = "kick", .pose = kick},
     {.label = "hoist", .pose = hoist},
     {.label = "duck", .pose = duck},
     {.label = "rise", .pose = rise},
     {.label = "jab", .pose = jab},
     {.label = "reel", .pose = reel},
     {.label = "stir", .pose = stir, .is_chiral = true},
     {.label = "unstir", .pose = unstir, .is_chiral = true},
     {.label = "pedal", .pose = pedal, .is_chiral = true},
     {.label = "pedal_back", .pose = pedal_back, .is_chiral = true},
     {.label = "flutter", .pose = flutter},
     {.label = "flap", .pose = flap},
     {.label = "point", .pose = point},
     {.label = "embrace", .pose = embrace},
     {.label = "march", .pose = march},
     {.label = "row", .pose = row, .prop = Prop::kStick}}};

}  // namespace co2net
