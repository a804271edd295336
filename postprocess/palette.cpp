#include "postprocess/palette.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

std::set<std::string> labels_of(const Predictions& videos) {
  std::set<std::string> labels;
  for (const VideoPredictions& video : videos) {
    for (const Segment& segment : video.segments) labels.insert(segment.label);
    if (!video.final_segments) continue;
    for (const Segment& segment : *video.final_segments) labels.insert(segment.label);
  }
  return labels;
}

std::set<std::string> labels_of(const Annotations& truth) {
  std::set<std::string> labels;
  for (const AnnotatedVideo& video : truth.videos) {
    labels.insert(video.labels.begin(), video.labels.end());
    for (const AnnotatedSegment& segment : video.segments) labels.insert(segment.label);
  }
  return labels;
}

}  // namespace

Strings coloured_classes(const Predictions& found, const Annotations& truth,
                         const Predictions& other) {
  Strings classes;
  std::set<std::string> seen;
  for (const auto& labels : {labels_of(found), labels_of(truth), labels_of(other)}) {
    for (const std::string& label : labels) {
      if (seen.insert(label).second) classes.push_back(label);
    }
  }
  return classes;
}

std::vector<Colour> colours_within(const Strings& shown, const Strings& all) {
  constexpr std::size_t kColours = kClassColours.size();
  std::vector<std::size_t> places;
  for (const std::string& label : shown) {
    places.push_back(static_cast<std::size_t>(std::ranges::find(all, label) - all.begin()));
  }
  std::vector<std::size_t> order(std::min(shown.size(), kColours));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return places[i]; });
  std::set<std::size_t> taken;
  for (const std::size_t i : order) {
    places[i] %= kColours;
    while (!taken.insert(places[i]).second) places[i] = (places[i] + 1) % kColours;
  }
  std::vector<Colour> colours;
  for (const std::size_t place : places) colours.push_back(class_colour(place));
  return colours;
}

}  // namespace co2net
