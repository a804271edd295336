#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postprocess/exporters/timeline.h"

namespace co2net {

// What is drawn into a video for people who look at it: while segments play, their labels and
// scores, with a bar of the score; under the picture a timeline, a row a class, on which a line
// goes along. As an ASS script (Aegisub's "ASS Tags"), which libass draws.

struct OverlayVideo {
  std::vector<Segment> segments;
  std::optional<std::vector<AnnotatedSegment>> truth = {};  // drawn above what was found
  double duration_s = 0;  // of the timeline; 0: until the last segment ends
};

struct OverlaySettings {
  int width = 0;  // pixels of the picture
  int height = 0;
  int script_seconds = 1;                 // of the script, to a second of the video
  std::vector<std::string> classes = {};  // coloured_classes()
};

struct Overlay {
  int below = 0;                         // pixels that the timeline takes under the picture; even
  std::string script;                    // its resolution is that of the picture with these
  std::vector<std::string> without_row;  // classes that the timeline has no row for
};

// Rows go to the classes of the best scores, then to those that are only true.
inline constexpr std::size_t kMostOverlayRows = 6;
// Labels at a time: the best of each class, of the classes of the best scores.
inline constexpr std::size_t kMostOverlayLabels = 4;

Overlay overlay_of(const OverlayVideo& video, const OverlaySettings& settings);

}  // namespace co2net
