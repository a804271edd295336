#include "postprocess/exporters/overlay.h"

#include <gtest/gtest.h>

#include <boost/algorithm/string.hpp>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

const OverlaySettings kScreen = {.width = 640, .height = 360, .script_seconds = 10};

std::vector<std::string> lines_with(const std::string& script, const std::string& words) {
  std::vector<std::string> lines;
  for (const std::string& line : lines_of(script)) {
    if (line.find(words) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

// "START,END" of the events that show a label while it plays: what has a score.
std::vector<std::string> shown(const Overlay& overlay, const std::string& score_and_label) {
  std::vector<std::string> times;
  for (const std::string& line : lines_with(overlay.script, "}" + score_and_label)) {
    std::vector<std::string> fields;
    boost::split(fields, line, boost::is_any_of(","));
    times.push_back(fields.at(1) + "," + fields.at(2));
  }
  return times;
}

using Strings = std::vector<std::string>;

TEST(Overlay, ShowsALabelAndItsScoreWhileTheSegmentPlays) {
  const Overlay overlay =
      overlay_of({.segments = {{"jump", 0.614, 3.84, 5.76}}, .duration_s = 12}, kScreen);
  EXPECT_EQ(shown(overlay, "0.61  jump"), Strings{"0:00:38.39,0:00:57.59"})
      << "ten seconds to a second, and a hundredth of them earlier";
}

TEST(Overlay, ShowsTheBestOfEachClassThatPlays) {
  const Overlay overlay = overlay_of(
      {.segments = {{"a", 0.5, 0, 4}, {"a", 0.9, 2, 3}, {"b", 0.7, 2, 4}}, .duration_s = 4},
      {.width = 640, .height = 360});
  EXPECT_EQ(shown(overlay, "0.50  a"), (Strings{"0:00:00.00,0:00:01.99", "0:00:02.99,0:00:03.99"}));
  EXPECT_EQ(shown(overlay, "0.90  a"), Strings{"0:00:01.99,0:00:02.99"});
  EXPECT_EQ(shown(overlay, "0.70  b"), (Strings{"0:00:01.99,0:00:02.99", "0:00:02.99,0:00:03.99"}));
}

TEST(Overlay, WritesLabelsAsTheyAreWhateverTheyHold) {
  const std::string hostile = "{\\b1}\\N a\nb, 走る";
  const Overlay overlay =
      overlay_of({.segments = {{hostile, 0.5, 0, 1}}, .duration_s = 1}, kScreen);
  const std::string escaped = "\\{\\\u2060b1\\}\\\u2060N a b, 走る";
  EXPECT_EQ(shown(overlay, "0.50  " + escaped).size(), 1u) << overlay.script;
  EXPECT_EQ(lines_with(overlay.script, escaped).size(), 2u) << "and a row of the timeline";
}

TEST(Overlay, HasRowsForTheBestClassesAndNamesTheOthers) {
  std::vector<Segment> segments;
  for (int i = 0; i < 9; ++i) {
    segments.push_back({"class " + std::to_string(i), 0.1 * i, 0, 1});
  }
  const Overlay overlay = overlay_of({.segments = segments, .duration_s = 2}, kScreen);
  EXPECT_EQ(overlay.without_row, (Strings{"class 2", "class 1", "class 0"}));
  EXPECT_EQ(lines_with(overlay.script, "}+ 3 more").size(), 1u);
  EXPECT_EQ(lines_with(overlay.script, ")}class 8").size(), 1u);
  EXPECT_EQ(lines_with(overlay.script, ")}class 0").size(), 0u);
}

TEST(Overlay, PutsSegmentsOnTheTimelineInTheirColours) {
  OverlaySettings settings = kScreen;
  settings.classes = {"a", "b"};
  const Overlay overlay =
      overlay_of({.segments = {{"b", 0.5, 5, 20}},
                  .truth = std::vector<AnnotatedSegment>{{"b", 0, 2.5}, {"c", 0, 1}, {"b", 11, 12}},
                  .duration_s = 10},
                 settings);
  // The track goes from 192 to 630.
  const Strings found = lines_with(overlay.script, "\\1c&H009FE6&\\p1}m 0 0 m 411 ");
  ASSERT_EQ(found.size(), 1u) << overlay.script;
  EXPECT_NE(found[0].find(" l 630 "), std::string::npos) << "cut at the video's end: " << found[0];
  const Strings truth = lines_with(overlay.script, "\\1c&HFFFFFF&\\p1}m 0 0 m 192 ");
  ASSERT_EQ(truth.size(), 2u) << "of b and of c, which is only true";
  EXPECT_NE(truth[0].find(" l 302 "), std::string::npos) << truth[0];
  EXPECT_EQ(truth[0].find(" m ", truth[0].find("m 192")), std::string::npos)
      << "what is beyond the video is not shown";
  EXPECT_EQ(lines_with(overlay.script, "\\move(192,").size(), 1u);
  EXPECT_EQ(lines_with(overlay.script, ",0,100000)").size(), 1u) << "in milliseconds of the script";
}

TEST(Overlay, OfASmallPictureHasLabelsWithoutTheirBars) {
  const OverlayVideo video = {.segments = {{"a", 0.5, 0, 1}}, .duration_s = 1};
  const auto begins = [&](int width, int height) {
    const Overlay overlay = overlay_of(video, {.width = width, .height = height});
    const std::string label = lines_with(overlay.script, "}0.50  a").at(0);
    const std::size_t x = label.find("\\pos(") + 5;
    return std::stoi(label.substr(x));
  };
  EXPECT_LE(begins(64, 48), 6);
  EXPECT_GE(begins(160, 120), 40) << "behind the bar";
}

TEST(Overlay, SaysThatNothingWasFound) {
  const Overlay overlay = overlay_of({.segments = {}, .duration_s = 75}, kScreen);
  EXPECT_EQ(lines_with(overlay.script, "nothing found").size(), 1u);
  EXPECT_EQ(lines_with(overlay.script, "}1:15").size(), 1u);
  EXPECT_EQ(overlay.below % 2, 0);
  EXPECT_GT(overlay.below, 0);
}

TEST(Overlay, GrowsWithThePicture) {
  const OverlayVideo video = {.segments = {{"a", 0.5, 0, 1}}, .duration_s = 1};
  const int small = overlay_of(video, {.width = 320, .height = 240}).below;
  const int large = overlay_of(video, {.width = 1920, .height = 1080}).below;
  EXPECT_NEAR(static_cast<double>(large) / small, 1080.0 / 240, 0.7);
  EXPECT_GT(overlay_of(video, {.width = 16, .height = 16}).below, 0);
}

}  // namespace
}  // namespace co2net
