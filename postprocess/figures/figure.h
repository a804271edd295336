#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postprocess/palette.h"
#include "postprocess/report/report_data.h"

namespace co2net {

// A figure of one video as papers show it: a film strip, the ground truth, what was found and what
// another file of results has, by classes, and the attention of snippets, all on one time axis.

// Pictures of the video, side by side.
struct FigureStrip {
  std::string jpeg;
  int width = 0, height = 0;  // of them all, pixels
  double duration_s = 0;      // from the video's beginning; they share it evenly
};

struct Figure {
  ReportVideo video;
  std::string other;  // the name of the other file
  // coloured_classes() of all videos that belong together.
  std::vector<std::string> classes = {};
  std::optional<ReportScores> scores = {};
  std::optional<FigureStrip> strip = {};
};

// The figure's width in points, 127 mm. Names and numbers are 9 and 8 points high, scores in bars
// 7: in a column of 85 mm that is 6, 5.3 and 4.7, over a whole page of 170 mm 12, 10.7 and 9.3.
inline constexpr int kFigureWidth = 360;

// The classes that a figure tells apart by colour: those that are true, then those of the best
// scores. Segments of others are not drawn, and counted below.
inline constexpr std::size_t kMostFigureClasses = kClassColours.size();
std::vector<std::string> classes_not_drawn(const Figure& figure);

// Pictures of a width / height of `aspect` that fill the whole time axis at a good height; 1 to 24.
int pictures_of_strip(double aspect);

// SVG 1.1 on white, UTF-8, of which nothing lies in another file. Segments shorter than half a
// point are drawn as long as that; of more than 540 snippets, means of neighbours are. Texts of
// files are shown as printable() has them, and cut where there is no room. Errors: Error(kInput)
// where nothing says how long the video is.
std::string figure_svg(const Figure& figure);

}  // namespace co2net
