#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/datasets/annotations.h"
#include "postprocess/exporters.h"

namespace co2net {

// The segments of one video, of results or of annotations, for tools of other people.
struct Timeline {
  std::string id;
  std::string subset = {};  // of annotations
  std::string path = {};    // of the video, where it is known
  std::optional<double> duration_s = {};
  std::optional<double> frame_rate = {};  // the video's own
  bool has_scores = false;                // annotations have none: each score is 0
  std::vector<Segment> segments = {};
};
using Timelines = std::vector<Timeline>;

Timeline timeline_of(const AnnotatedVideo& video);
// Of a video's facts ("path", "duration", "source_fps"), as far as they say it, and these segments.
Timeline timeline_of(const std::string& id, const Json& facts, std::vector<Segment> segments);
// What a person has looked at, for formats that have no scores.
Annotations annotations_of(const Timelines& videos);

// What the formats share.
std::vector<Segment> by_start(std::vector<Segment> segments);
std::int64_t milliseconds(double seconds);  // the nearest; none below 0
// Text as one line, of which no line end or control character breaks a format.
std::string one_line(std::string_view text);
// The text with each occurrence of a character replaced.
struct Replacement {
  char character;
  std::string_view text;
};
std::string replaced(std::string_view text, const std::vector<Replacement>& replacements);
std::vector<std::string> labels_of(const Timelines& videos);  // in alphabetical order

}  // namespace co2net
