#pragma once

#include <optional>
#include <span>
#include <vector>

#include "samples/drawing/dice.h"
#include "samples/drawing/figure.h"
#include "samples/drawing/motions.h"

namespace co2net {

constexpr int kFps = 25;
int frames_of(double seconds);

// Frames, half-open.
struct Interval {
  int first, end;
  int length() const { return end - first; }
};

// What a figure does during some frames.
struct Spell {
  Interval frames;
  PoseAt pose;
  double since_s = 0;              // into the movement, at its first frame
  const Motion* action = nullptr;  // whose pose it is; none while nothing with a name happens
  bool is_chiral = false;
  bool is_frozen = false;                // holds the pose that there is at since_s
  int rise = kFps / 5, fall = kFps / 5;  // frames until it fully moves, and until it is over
  std::vector<Interval> pauses = {};     // in which it holds still
};

// When a prop is to be seen: it fades in and out at both ends.
struct PropShow {
  Prop prop;
  Interval frames;
};

// All that the main figure of a video does, from its first frame to its last.
struct Script {
  std::vector<Spell> spells;
  std::vector<PropShow> props;
};

// An untrimmed video: idle and acting in turn, mostly `main` alone, sometimes also one or two other
// motions of the set; `main` happens surely.
Script plan_untrimmed(std::span<const Motion* const> motions, const Motion& main, int frames,
                      Dice& dice);
// One where nothing with a name happens, with the same props.
Script plan_background(std::span<const Motion* const> motions, int frames, Dice& dice);
// One motion from beginning to end; without one, one idle spell.
Script plan_trimmed(std::span<const Motion* const> motions, const Motion* motion, int frames,
                    Dice& dice);
// What people do around it: nothing with a name.
std::vector<Spell> plan_pastimes(int frames, Dice& dice);

Pose pose_at(int frame, std::span<const Spell> spells, const Figure& figure);

struct ShownProp {
  Prop prop = Prop::kNone;
  int opacity = 0;
};
ShownProp prop_at(int frame, std::span<const PropShow> shows);

}  // namespace co2net
