#include "postprocess/thresholds.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <utility>

#include "pipeline/base/error.h"
#include "postprocess/proposals.h"

namespace co2net {
namespace {

// A video's score of a class, and whether the video has it.
struct Pair {
  double score;
  bool is_positive;
};

std::vector<Pair> pairs_of(const HeldOutVideo& video) {
  std::vector<Pair> pairs;
  for (const double score : video.scores) pairs.push_back({score, false});
  for (const int label : video.labels) pairs[static_cast<std::size_t>(label)].is_positive = true;
  return pairs;
}

int positives_in(const std::vector<Pair>& pairs) {
  return static_cast<int>(std::ranges::count(pairs, true, &Pair::is_positive));
}

double logit(double score) {
  constexpr double kLeast = 1e-12;
  const double inside = std::clamp(score, kLeast, 1 - kLeast);
  return std::log(inside / (1 - inside));
}

// In logits; above `low`, and not above `high`.
double middle(double low, double high) {
  const double between = 1 / (1 + std::exp(-(logit(low) + logit(high)) / 2));
  return std::clamp(between, std::nextafter(low, high), high);
}

// Of largest F1, then in the widest gap, of those not below `least`.
double threshold_by_f1(std::vector<Pair> pairs, double least) {
  std::ranges::sort(pairs, std::greater(), &Pair::score);
  const int positives = positives_in(pairs);
  double best = least, best_f1 = -1, best_width = 0;
  int hits = 0;
  for (std::size_t kept = 1; kept <= pairs.size() && pairs[kept - 1].score > least; ++kept) {
    const double high = pairs[kept - 1].score;
    const double low = kept < pairs.size() ? std::max(pairs[kept].score, least) : high;
    hits += pairs[kept - 1].is_positive ? 1 : 0;
    if (kept < pairs.size() && low == high) continue;
    const double f1 = 2.0 * hits / (static_cast<double>(kept) + positives);
    const double width = logit(high) - logit(low);
    if (f1 < best_f1 || (f1 == best_f1 && width <= best_width)) continue;
    best = middle(low, high);
    best_f1 = f1;
    best_width = width;
  }
  return best;
}

std::vector<Pair> pairs_with(const std::vector<HeldOutVideo>& videos, std::size_t label) {
  std::vector<Pair> pairs;
  for (const HeldOutVideo& video : videos) pairs.push_back(pairs_of(video).at(label));
  return pairs;
}

double background_hours(const std::vector<HeldOutVideo>& videos) {
  double hours = 0;
  for (const HeldOutVideo& video : videos) hours += video.labels.empty() ? video.hours : 0;
  return hours;
}

// Final segments of one class in a background video whose score keeps it.
struct Alarms {
  double score;
  int segments;
};

std::vector<Alarms> alarms_in(const std::vector<HeldOutVideo>& videos) {
  std::vector<Alarms> alarms;
  for (const HeldOutVideo& video : videos) {
    for (std::size_t label = 0; label < video.segments.size(); ++label) {
      alarms.push_back({video.scores[label], video.segments[label]});
    }
  }
  std::ranges::sort(alarms, std::greater(), &Alarms::score);
  return alarms;
}

}  // namespace

bool has_background(const std::vector<HeldOutVideo>& videos) {
  return std::ranges::any_of(videos,
                             [](const HeldOutVideo& video) { return video.labels.empty(); });
}

std::optional<ClassThresholds> chosen_thresholds(const std::vector<HeldOutVideo>& videos,
                                                 const OperatingChoice& choice) {
  if (choice.threshold) return ClassThresholds{*choice.threshold};
  if (choice.false_alarms) return thresholds_by_false_alarms(videos, *choice.false_alarms);
  return thresholds_by_f1(videos);
}

std::optional<ClassThresholds> thresholds_by_f1(const std::vector<HeldOutVideo>& videos) {
  std::vector<Pair> all;
  for (const HeldOutVideo& video : videos) {
    const std::vector<Pair> pairs = pairs_of(video);
    all.insert(all.end(), pairs.begin(), pairs.end());
  }
  if (positives_in(all) < kLeastPositives) return std::nullopt;
  const std::size_t classes = videos.front().scores.size();
  const double least =
      has_background(videos) ? 1 / static_cast<double>(classes + 1) : least_telling_score(classes);
  ClassThresholds thresholds{threshold_by_f1(std::move(all), least)};
  for (std::size_t label = 0; label < classes; ++label) {
    const std::vector<Pair> pairs = pairs_with(videos, label);
    const int positives = positives_in(pairs),
              negatives = static_cast<int>(pairs.size()) - positives;
    if (positives < kLeastPositives || negatives < kLeastPositives) continue;
    thresholds.own[static_cast<int>(label)] = threshold_by_f1(pairs, least);
  }
  return thresholds;
}

ClassThresholds thresholds_by_false_alarms(const std::vector<HeldOutVideo>& videos,
                                           double per_hour) {
  const double hours = background_hours(videos);
  expect_enough_background(hours, per_hour);
  const double least = least_telling_score(videos.front().scores.size());
  double allowed = per_hour * hours;
  for (const Alarms& of_class : alarms_in(videos)) {
    allowed -= of_class.segments;
    if (allowed < 0) return {std::max(least, std::nextafter(of_class.score, 2.0))};
  }
  return {least};
}

void expect_enough_background(double hours, double per_hour) {
  if (per_hour * hours >= 3) return;
  char text[300];
  std::snprintf(text, sizeof text,
                "at most %g false alarms an hour cannot be shown with %.3g hours of held-out "
                "background videos: none in H hours means fewer than 3 / H, at 95%%; want %.3g "
                "hours, or a larger number",
                per_hour, hours, 3 / per_hour);
  throw Error(ErrorKind::kUsage, text);
}

}  // namespace co2net
