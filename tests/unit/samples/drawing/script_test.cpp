#include "samples/drawing/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "samples/drawing/difficulty.h"

namespace co2net {
namespace {

std::vector<const Motion*> benchmark() {
  std::vector<const Motion*> motions;
  for (const Motion& motion : benchmark_motions()) motions.push_back(&motion);
  return motions;
}

constexpr int kFrames = 1000;

std::vector<Script> some_scripts() {
  std::vector<Script> scripts;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    Dice dice(seed);
    scripts.push_back(plan_untrimmed(benchmark(), benchmark_motions()[seed % 8], kFrames, dice));
  }
  return scripts;
}

Figure some_body() {
  Dice dice(1);
  Figure figure = some_figure(150, 220, 160, dice);
  figure.tempo = 1;
  figure.is_mirrored = false;
  return figure;
}

TEST(Script, FillsAVideoWithSpellsOneAfterTheOther) {
  for (const Script& script : some_scripts()) {
    int next = 0;
    for (const Spell& spell : script.spells) {
      EXPECT_EQ(spell.frames.first, next);
      EXPECT_GT(spell.frames.length(), 0);
      next = spell.frames.end;
    }
    EXPECT_EQ(next, kFrames);
    EXPECT_EQ(script.spells.front().action, nullptr);
    EXPECT_EQ(script.spells.back().action, nullptr);
  }
}

TEST(Script, HasActionsOfVeryUnequalLengthsAndNumbers) {
  int shortest = kFrames, longest = 0;
  std::set<std::ptrdiff_t> counts;
  std::map<std::size_t, int> videos_of_so_many_classes;
  for (const Script& script : some_scripts()) {
    std::set<std::string> labels;
    for (const Spell& spell : script.spells) {
      if (spell.action == nullptr) continue;
      shortest = std::min(shortest, spell.frames.length());
      longest = std::max(longest, spell.frames.length());
      labels.insert(spell.action->label);
    }
    ++videos_of_so_many_classes[labels.size()];
    counts.insert(std::ranges::count_if(
        script.spells, [](const Spell& spell) { return spell.action != nullptr; }));
  }
  EXPECT_GE(shortest, frames_of(difficulty::kShortestAction_s));
  EXPECT_LE(longest, frames_of(difficulty::kLongestAction_s));
  EXPECT_GT(longest, 5 * shortest);
  EXPECT_TRUE(counts.contains(1));
  EXPECT_GT(*counts.rbegin(), 4);
  EXPECT_FALSE(videos_of_so_many_classes.contains(0));
  EXPECT_GT(videos_of_so_many_classes[1], videos_of_so_many_classes[2]);
  EXPECT_GT(videos_of_so_many_classes[2], 0);
}

TEST(Script, ShowsAnActionsPropBeforeAndAfterItAndNoOtherDuringIt) {
  int strays = 0, shown_actions = 0;
  for (const Script& script : some_scripts()) {
    for (const Spell& spell : script.spells) {
      if (spell.action == nullptr) continue;
      const int middle = (spell.frames.first + spell.frames.end) / 2;
      EXPECT_EQ(prop_at(middle, script.props).prop, spell.action->prop);
      if (spell.action->prop == Prop::kNone) continue;
      ++shown_actions;
      EXPECT_EQ(prop_at(middle, script.props).opacity, kOpaque);
      EXPECT_EQ(prop_at(spell.frames.first - 1, script.props).prop, spell.action->prop);
      EXPECT_EQ(prop_at(spell.frames.end, script.props).prop, spell.action->prop);
    }
    for (const PropShow& show : script.props) {
      strays += std::ranges::none_of(script.spells, [&](const Spell& spell) {
        return spell.action != nullptr && spell.frames.first < show.frames.end &&
               spell.frames.end > show.frames.first;
      });
    }
  }
  EXPECT_GT(shown_actions, 20);
  EXPECT_GT(strays, 40);
}

TEST(Script, FadesPropsInAndOut) {
  const std::vector<PropShow> shows = {{Prop::kBarbell, {100, 200}}};
  EXPECT_EQ(prop_at(99, shows).prop, Prop::kNone);
  int before = 0;
  for (int frame = 100; frame < 112; ++frame) {
    EXPECT_GT(prop_at(frame, shows).opacity, before);
    before = prop_at(frame, shows).opacity;
    EXPECT_EQ(prop_at(299 - frame, shows).opacity, before);
  }
  EXPECT_EQ(prop_at(150, shows).opacity, kOpaque);
}

TEST(Script, LetsActionsBeginGraduallyAndHoldStill) {
  const Motion& squat = benchmark_motions()[2];
  const Spell before{.frames = {0, 50}, .pose = idle}, after{.frames = {150, 200}, .pose = idle};
  Spell action{.frames = {50, 150}, .pose = squat.pose, .action = &squat};
  action.rise = 25;
  action.pauses = {{100, 110}};
  const std::vector<Spell> spells = {before, action, after};
  const Figure figure = some_body();
  const auto off = [&](int frame) {
    return cv::norm(pose_at(frame, spells, figure) - idle(frame / 25.));
  };
  EXPECT_LT(off(50), 0.1 * off(90));
  EXPECT_LT(off(55), off(65));
  EXPECT_EQ(pose_at(100, spells, figure), pose_at(109, spells, figure));
  EXPECT_NE(pose_at(110, spells, figure), pose_at(112, spells, figure));
  EXPECT_EQ(pose_at(115, spells, figure), squat.pose(55 / 25.));
}

TEST(Script, ShowsAChiralMotionTheSameWayRoundInAMirror) {
  const Motion& wind = benchmark_motions()[6];
  const std::vector<Spell> spells = {
      {.frames = {0, 100}, .pose = wind.pose, .action = &wind, .is_chiral = wind.is_chiral}};
  Figure figure = some_body();
  EXPECT_EQ(pose_at(20, spells, figure), wind.pose(20 / 25.));
  figure.is_mirrored = true;
  EXPECT_EQ(pose_at(20, spells, figure), wind.pose(-20 / 25.));
}

TEST(Script, NamesNothingInBackgroundWhichHasPropsToo) {
  std::size_t shows = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Dice dice(seed);
    const Script script = plan_background(benchmark(), kFrames, dice);
    for (const Spell& spell : script.spells) EXPECT_EQ(spell.action, nullptr);
    EXPECT_EQ(script.spells.back().frames.end, kFrames);
    shows += script.props.size();
  }
  EXPECT_GT(shows, 5u);
}

TEST(Script, LetsBystandersDoNothingThatHasAName) {
  Dice dice(1);
  for (const Spell& spell : plan_pastimes(kFrames, dice)) {
    EXPECT_EQ(spell.action, nullptr);
    EXPECT_TRUE(spell.pose == PoseAt(idle) || std::ranges::count(pastimes(), spell.pose) > 0);
  }
}

}  // namespace
}  // namespace co2net
