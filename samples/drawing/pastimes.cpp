#include <array>

#include "samples/drawing/curves.h"
#include "samples/drawing/motion_sets.h"
#include "samples/drawing/motions.h"

namespace co2net {
namespace {

Pose stroll(double seconds) {
  Pose pose = walk(seconds);
  pose[kShift] = 0.2 * wave_of(seconds, 4);
  return pose;
}

Pose scratch(double seconds) {
  Pose pose = idle(seconds);
  pose[kRightArm] = -120;
  pose[kRightElbow] = -105 + 12 * wave_of(seconds, 0.4);
  return pose;
}

Pose stretch(double seconds) {
  const double height = pulse(seconds, 4);
  Pose pose = idle(seconds);
  pose[kLeftArm] += 150 * height;
  pose[kRightArm] -= 120 * height;
  pose[kRightElbow] = -70 * height;
  pose[kLean] += 8 * height;
  return pose;
}

Pose look_about(double seconds) {
  Pose pose = idle(seconds);
  pose[kLean] = 14 * wave_of(seconds, 2.6);
  pose[kShift] = 0.05 * wave_of(seconds, 2.6);
  return pose;
}

Pose clap(double seconds) {
  Pose pose = standing();
  const double apart = pulse(seconds, 0.45);
  pose[kLeftArm] = 35 + 8 * apart;
  pose[kRightArm] = -35 - 8 * apart;
  pose[kLeftElbow] = -100 + 40 * apart;
  pose[kRightElbow] = 100 - 40 * apart;
  return pose;
}

Pose hop(double seconds) {
  const double bend = pulse(seconds, 0.5);
  Pose pose = standing();
  pose[kLeftThigh] += 16 * bend;
  pose[kLeftKnee] -= 30 * bend;
  pose[kRightThigh] -= 16 * bend;
  pose[kRightKnee] += 30 * bend;
  return pose;
}

Pose read(double seconds) {
  Pose pose = idle(seconds);
  pose[kLeftArm] = 25;
  pose[kLeftElbow] = 115 + 5 * wave_of(seconds, 1.9);
  return pose;
}

constexpr std::array<PoseAt, 7> kPastimes = {stroll, scratch, stretch, look_about, clap, hop, read};

}  // namespace

Pose standing() {
  Pose pose;
  pose[kLeftArm] = 10;
  pose[kRightArm] = -10;
  pose[kLeftThigh] = 6;
  pose[kRightThigh] = -6;
  return pose;
}

Pose idle(double seconds) {
  Pose pose = standing();
  pose[kLean] = 2 * wave_of(seconds, 3.1);
  pose[kLeftArm] = 10 + 4 * wave_of(seconds, 2.3);
  pose[kRightArm] = -10 + 4 * wave_of(seconds, 2.7);
  return pose;
}

Pose walk(double seconds) {
  Pose pose = idle(seconds);
  const double swing = wave_of(seconds, 0.9);
  pose[kLeftThigh] += 20 * swing;
  pose[kRightThigh] -= 20 * swing;
  pose[kLeftArm] -= 20 * swing;
  pose[kRightArm] += 20 * swing;
  return pose;
}

std::span<const PoseAt> pastimes() { return kPastimes; }

std::span<const Motion> motions_of(MotionSet set) {
  if (set == MotionSet::kPretraining) return kPretrainingMotions;
  return kBenchmarkMotions;
}

// Road, gym, workshop and mill, a pair each.
Scenery scenery_of_benchmark(std::size_t i) { return kSceneries[i / 2]; }

}  // namespace co2net
