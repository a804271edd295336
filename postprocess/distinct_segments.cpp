#include "postprocess/distinct_segments.h"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>
#include <utility>

#include "postprocess/span.h"

namespace co2net {
namespace {

bool overlap_in_a_class(const Segment& a, const Segment& b) {
  return a.label == b.label && shared_length({a.start_s, a.end_s}, {b.start_s, b.end_s}) > 0;
}

void sort_best_first(std::vector<Segment>& segments) {
  std::ranges::stable_sort(segments, std::greater(), &Segment::score);
}

}  // namespace

std::vector<Segment> distinct_best(std::vector<Segment> segments, std::size_t most) {
  sort_best_first(segments);
  std::set<std::tuple<std::string, double, double>> seen;
  std::erase_if(segments, [&](const Segment& segment) {
    return !seen.emplace(segment.label, segment.start_s, segment.end_s).second;
  });
  if (segments.size() > most) segments.resize(most);
  return segments;
}

std::vector<Segment> without_overlaps(std::vector<Segment> segments) {
  sort_best_first(segments);
  std::vector<Segment> kept;
  for (Segment& segment : segments) {
    const auto overlaps = [&](const Segment& other) { return overlap_in_a_class(segment, other); };
    if (std::ranges::none_of(kept, overlaps)) kept.push_back(std::move(segment));
  }
  return kept;
}

}  // namespace co2net
