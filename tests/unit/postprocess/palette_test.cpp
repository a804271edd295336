#include "postprocess/palette.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "pipeline/base/json.h"
#include "postprocess/exporters/overlay.h"
#include "tests/unit/postprocess/figures/drawn.h"

namespace co2net::test {
namespace {

std::string in_svg(const Colour& colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02X%02X%02X", colour.red, colour.green, colour.blue);
  return text;
}

std::string in_ass(const Colour& colour) {
  char text[24];
  std::snprintf(text, sizeof text, "\\1c&H%02X%02X%02X&", colour.blue, colour.green, colour.red);
  return text;
}

VideoPredictions video_of(const Strings& candidates, const Strings& final_classes) {
  VideoPredictions video;
  for (const std::string& label : candidates) video.segments.push_back({label, 0.1, 1, 2});
  video.final_segments.emplace();
  for (const std::string& label : final_classes) {
    video.final_segments->push_back({label, 0.5, 1, 2});
  }
  return video;
}

Annotations truth_of_class(const std::string& label) {
  Annotations truth;
  truth.videos.push_back(truth_of({{label, 1, 2}}));
  return truth;
}

TEST(Palette, FurtherFilesChangeNoColour) {
  const Predictions found = {video_of({"d"}, {"b"})};
  EXPECT_EQ(coloured_classes(found, {}, {}), (Strings{"b", "d"}));
  EXPECT_EQ(coloured_classes(found, truth_of_class("c"), {video_of({"a"}, {"b"})}),
            (Strings{"b", "d", "c", "a"}));
}

TEST(Palette, FiguresCopiesAndPagesGiveAClassOneColourWhateverElseTheyShow) {
  const Strings classes = coloured_classes({video_of({"a", "b", "c"}, {"c"})}, {}, {});
  const Colour colour = class_colour(2);
  for (const Strings& shown : {Strings{"c"}, Strings{"c", "a"}, Strings{"b", "c"}}) {
    std::vector<Segment> segments;
    for (const std::string& label : shown) segments.push_back({label, 0.5, 1, 2});
    Figure figure = figure_of(20, segments);
    figure.classes = classes;
    EXPECT_EQ(Drawn(figure).bar("c, 1 to 2 s, score 0.50").attribute("fill").value(),
              in_svg(colour));
    const Overlay overlay =
        overlay_of({.segments = segments, .duration_s = 20},
                   {.width = 640, .height = 360, .script_seconds = 10, .classes = classes});
    EXPECT_NE(overlay.script.find(in_ass(colour)), std::string::npos) << overlay.script;
  }
  const ReportFacts facts = {.key = "", .results = "", .other = "", .classes = classes};
  EXPECT_NE(list_script(facts, {}, {}).find(R"("colouredClasses":["a","b","c"])"),
            std::string::npos)
      << list_script(facts, {}, {});
}

TEST(Palette, ClassesThatAreSeenTogetherDiffer) {
  const Strings all = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
  const auto told = [&](const Strings& shown) {
    Strings colours;
    for (const Colour& colour : colours_within(shown, all)) colours.push_back(in_svg(colour));
    return colours;
  };
  const auto own = [](std::size_t place) { return in_svg(class_colour(place)); };
  EXPECT_EQ(told({"h", "a"}), (Strings{own(1), own(0)})) << "in the order of the list";
  EXPECT_EQ(told({"a", "h"}), (Strings{own(0), own(1)})) << "whichever is more important";
  EXPECT_EQ(told({"h", "b"}), (Strings{own(0), own(1)})) << "free is free";
  EXPECT_EQ(told({"a", "b", "c", "d", "e", "f", "g", "i"}).back(), own(1)) << "none is left";
}

}  // namespace
}  // namespace co2net::test
