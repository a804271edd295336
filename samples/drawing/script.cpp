#include "samples/drawing/script.h"

#include <algorithm>
#include <cmath>

#include "samples/drawing/curves.h"
#include "samples/drawing/difficulty.h"

namespace co2net {
namespace {

using Cast = std::span<const Motion* const>;

constexpr int kFade = kFps / 2;  // of props

int some_frames(double low_s, double high_s, Dice& dice) {
  return frames_of(dice.uniform(low_s, high_s));
}

// Standing, a pastime, or with `motions` the pose of one, held.
Spell idle_spell(Cast motions, Interval frames, Dice& dice) {
  Spell spell{.frames = frames, .pose = idle, .since_s = dice.uniform(0, 8)};
  const double choice = dice.uniform(0, 1);
  if (choice < difficulty::kFrozenShare) {
    if (motions.empty()) return spell;
    const Motion& motion = *dice.one_of(motions);
    spell.pose = motion.pose;
    spell.is_chiral = motion.is_chiral;
    spell.is_frozen = true;
  } else if (choice < difficulty::kFrozenShare + difficulty::kPastimeShare) {
    spell.pose = dice.one_of(pastimes());
  }
  return spell;
}

void add_idle_spells(std::vector<Spell>& spells, Cast motions, Interval frames, Dice& dice) {
  constexpr int kShortest = kFps;
  while (frames.length() > 0) {
    int end = frames.first + some_frames(2, 8, dice);
    if (frames.end - end < kShortest) end = frames.end;
    spells.push_back(idle_spell(motions, {frames.first, end}, dice));
    frames.first = end;
  }
}

// It begins gradually, and holds still now and then.
Spell action_spell(const Motion& motion, Interval frames, Dice& dice) {
  Spell spell{.frames = frames,
              .pose = motion.pose,
              .since_s = dice.uniform(0, 8),
              .action = &motion,
              .is_chiral = motion.is_chiral};
  const int most = frames.length() / 3;
  const auto slope = [&] {
    return std::min(most,
                    some_frames(difficulty::kShortestRise_s, difficulty::kLongestRise_s, dice));
  };
  spell.rise = slope();
  spell.fall = slope();
  int next = frames.first + spell.rise;
  for (;;) {
    const int first = next + some_frames(0.3, 2 * difficulty::kPauseEvery_s - 0.3, dice);
    const int end =
        first + some_frames(difficulty::kShortestPause_s, difficulty::kLongestPause_s, dice);
    if (end > frames.end - spell.fall) return spell;
    spell.pauses.push_back({first, end});
    next = end;
  }
}

struct Take {
  const Motion* motion;
  Interval frames;
};

// Of each motion in turn, then of any; the first fits into any video.
std::vector<Take> plan_takes(Cast present, int frames, Dice& dice) {
  constexpr int kMargin = kFps * 3 / 5;  // idle at least, at both ends
  const int last_end = frames - kMargin;
  const double gap_s = dice.by_octaves(difficulty::kShortestGap_s, difficulty::kLongestGap_s);
  std::vector<Take> takes;
  for (int start = 0;;) {
    int first = start + std::max(kMargin, some_frames(0.5 * gap_s, 1.5 * gap_s, dice));
    int end = first + frames_of(dice.by_octaves(difficulty::kShortestAction_s,
                                                difficulty::kLongestAction_s));
    const Motion* any = dice.one_of(present);
    const Motion* motion = takes.size() < present.size() ? present[takes.size()] : any;
    if (takes.empty()) {
      const int length = std::min(end - first, last_end - kMargin);
      first = std::min(first, last_end - length);
      end = first + length;
    }
    if (end > last_end) return takes;
    takes.push_back({motion, {first, end}});
    start = end;
  }
}

std::vector<Prop> props_of(Cast motions) {
  std::vector<Prop> props;
  for (const Motion* motion : motions) {
    if (motion->prop != Prop::kNone) props.push_back(motion->prop);
  }
  return props;
}

// Any prop, where there is room for it, while nothing happens.
void add_stray_props(std::vector<PropShow>& shows, const std::vector<Prop>& props, Interval room,
                     Dice& dice) {
  if (props.empty()) return;
  for (;;) {
    const int first = room.first + some_frames(0, 5, dice);
    const int end = first + some_frames(1.2, 6, dice);
    if (end > room.end) return;
    const Prop prop = dice.one_of(props);
    if (dice.happens(difficulty::kStrayPropShare)) shows.push_back({prop, {first, end}});
    room.first = end;
  }
}

// Each action's own from before it to after it, and others between them.
std::vector<PropShow> plan_props(const std::vector<Take>& takes, const std::vector<Prop>& props,
                                 int frames, Dice& dice) {
  std::vector<PropShow> shows;
  std::optional<PropShow> open;  // of the last action
  int gap_first = 0;
  const auto beyond = [&](int gap) {
    return std::min(gap * 2 / 5,
                    some_frames(difficulty::kLeastProp_s, difficulty::kMostProp_s, dice));
  };
  for (std::size_t i = 0; i <= takes.size(); ++i) {
    const int gap_end = i < takes.size() ? takes[i].frames.first : frames;
    Interval room = {gap_first, gap_end};
    if (open) {
      open->frames.end = room.first = gap_first + beyond(gap_end - gap_first);
      shows.push_back(*open);
      open.reset();
    }
    if (i < takes.size() && takes[i].motion->prop != Prop::kNone) {
      room.end = gap_end - beyond(gap_end - gap_first);
      open = PropShow{takes[i].motion->prop, {room.end, room.end}};
    }
    add_stray_props(shows, props, room, dice);
    if (i < takes.size()) gap_first = takes[i].frames.end;
  }
  return shows;
}

// How far a movement has come by this frame, in frames without those of its pauses.
int moved_frames(const Spell& spell, int frame) {
  int moved = frame - spell.frames.first;
  for (const Interval& pause : spell.pauses) {
    moved -= std::clamp(frame - pause.first, 0, pause.length());
  }
  return moved;
}

Pose full_pose(const Spell& spell, int frame, const Figure& figure) {
  const double side = spell.is_chiral && figure.is_mirrored ? -1 : 1;
  const double moved_s = figure.tempo * moved_frames(spell, frame) / kFps;
  if (spell.is_frozen) {
    return spell.pose(side * spell.since_s) * 0.94 + idle(spell.since_s + moved_s) * 0.06;
  }
  return spell.pose(side * (spell.since_s + moved_s));
}

}  // namespace

int frames_of(double seconds) { return static_cast<int>(std::lround(seconds * kFps)); }

Script plan_untrimmed(Cast motions, const Motion& main, int frames, Dice& dice) {
  std::vector<const Motion*> present = {&main};
  if (dice.happens(difficulty::kSeveralShare)) {
    for (int more = dice.whole(1, 3); more > 0; --more) {
      const Motion* other = dice.one_of(motions);
      if (std::ranges::count(present, other) == 0) present.push_back(other);
    }
  }
  const std::vector<Take> takes = plan_takes(present, frames, dice);
  Script script;
  int start = 0;
  for (const Take& take : takes) {
    add_idle_spells(script.spells, motions, {start, take.frames.first}, dice);
    script.spells.push_back(action_spell(*take.motion, take.frames, dice));
    start = take.frames.end;
  }
  add_idle_spells(script.spells, motions, {start, frames}, dice);
  script.props = plan_props(takes, props_of(motions), frames, dice);
  return script;
}

Script plan_background(Cast motions, int frames, Dice& dice) {
  Script script;
  add_idle_spells(script.spells, motions, {0, frames}, dice);
  script.props = plan_props({}, props_of(motions), frames, dice);
  return script;
}

Script plan_trimmed(Cast motions, const Motion* motion, int frames, Dice& dice) {
  const Interval all = {0, frames};
  if (motion == nullptr) return {{idle_spell(motions, all, dice)}, {}};
  const Spell spell{.frames = all,
                    .pose = motion->pose,
                    .since_s = dice.uniform(0, 8),
                    .action = motion,
                    .is_chiral = motion->is_chiral};
  return {{spell}, {{motion->prop, {-kFade, frames + kFade}}}};
}

std::vector<Spell> plan_pastimes(int frames, Dice& dice) {
  std::vector<Spell> spells;
  add_idle_spells(spells, {}, {0, frames}, dice);
  return spells;
}

Pose pose_at(int frame, std::span<const Spell> spells, const Figure& figure) {
  const auto spell = std::ranges::find_if(
      spells, [frame](const Spell& s) { return frame >= s.frames.first && frame < s.frames.end; });
  const bool is_first = spell == spells.begin(), is_last = spell + 1 == spells.end();
  const double risen = is_first ? 1 : (frame - spell->frames.first + 1.) / spell->rise;
  const double left = is_last ? 1 : static_cast<double>(spell->frames.end - frame) / spell->fall;
  const double share = std::min({1., risen, left});
  const Pose pose = full_pose(*spell, frame, figure);
  return idle(figure.tempo * frame / kFps) * (1 - share) + pose * share;
}

ShownProp prop_at(int frame, std::span<const PropShow> shows) {
  for (const PropShow& show : shows) {
    if (frame < show.frames.first || frame >= show.frames.end) continue;
    const int since = frame - show.frames.first + 1, left = show.frames.end - frame;
    return {show.prop, kOpaque * std::min({since, left, kFade}) / kFade};
  }
  return {};
}

}  // namespace co2net
