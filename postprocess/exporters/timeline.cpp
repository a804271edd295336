#include "postprocess/exporters/timeline.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace co2net {
namespace {

std::optional<double> positive(const Json& facts, const std::string& key) {
  const auto found = facts.find(key);
  if (found == facts.end() || !found->is_number() || !(found->get<double>() > 0)) {
    return std::nullopt;
  }
  return found->get<double>();
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

}  // namespace

Timeline timeline_of(const AnnotatedVideo& video) {
  Timeline timeline{.id = video.id, .subset = video.subset};
  if (video.duration_s > 0) timeline.duration_s = video.duration_s;
  for (const AnnotatedSegment& segment : video.segments) {
    timeline.segments.push_back({segment.label, 0, segment.start_s, segment.end_s});
  }
  return timeline;
}

Timeline timeline_of(const std::string& id, const Json& facts, std::vector<Segment> segments) {
  Timeline timeline{.id = id, .has_scores = true, .segments = std::move(segments)};
  if (!facts.is_object()) return timeline;
  const auto path = facts.find("path");
  if (path != facts.end() && path->is_string()) timeline.path = path->get<std::string>();
  timeline.duration_s = positive(facts, "duration");
  timeline.frame_rate = positive(facts, "source_fps");
  return timeline;
}

Annotations annotations_of(const Timelines& videos) {
  Annotations annotations;
  annotations.classes = labels_of(videos);
  for (const Timeline& video : videos) {
    AnnotatedVideo& annotated = annotations.videos.emplace_back();
    annotated.id = video.id;
    annotated.subset = video.subset.empty() ? kSubsetOfTags : video.subset;
    annotated.duration_s = video.duration_s.value_or(0);
    annotated.labels = labels_of(Timelines{video});
    for (const Segment& segment : video.segments) {
      annotated.segments.push_back({segment.label, segment.start_s, segment.end_s});
    }
  }
  return annotations;
}

std::vector<Segment> by_start(std::vector<Segment> segments) {
  std::ranges::stable_sort(segments, {}, [](const Segment& segment) {
    return std::pair(segment.start_s, segment.end_s);
  });
  return segments;
}

std::int64_t milliseconds(double seconds) {
  constexpr double kMost = 1e15;
  return static_cast<std::int64_t>(std::llround(std::clamp(seconds * 1000, 0.0, kMost)));
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, is_control, ' ');
  return line;
}

std::string replaced(std::string_view text, const std::vector<Replacement>& replacements) {
  std::string result;
  for (const char c : text) {
    const auto found = std::ranges::find(replacements, c, &Replacement::character);
    result += found == replacements.end() ? std::string_view(&c, 1) : found->text;
  }
  return result;
}

std::vector<std::string> labels_of(const Timelines& videos) {
  std::set<std::string> labels;
  for (const Timeline& video : videos) {
    for (const Segment& segment : video.segments) labels.insert(segment.label);
  }
  return {labels.begin(), labels.end()};
}

}  // namespace co2net
