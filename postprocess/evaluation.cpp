#include "postprocess/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <unordered_map>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

struct Span {
  double start = 0;
  double end = 0;
};

struct Detection {
  std::size_t video = 0;
  Span span;
  double score = 0;
};

// Where a video's ground truth is in its class's list.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// What there is of one class.
struct ClassItems {
  std::vector<Span> truths;                         // a video's side by side
  std::unordered_map<std::size_t, Range> range_of;  // by video
  std::vector<Detection> detections;                // in the order in which they are taken
};
using Items = std::map<std::string, ClassItems>;

// Ambiguous intervals by video.
using Ambiguous = std::unordered_map<std::size_t, std::vector<Span>>;

enum class Outcome : std::uint8_t { kMiss, kHit, kIgnored };
// [thresholds][detections]
using Outcomes = std::vector<std::vector<Outcome>>;

Outcomes all_missed(const ClassItems& items, const std::vector<double>& tiou) {
  return Outcomes(tiou.size(), std::vector<Outcome>(items.detections.size(), Outcome::kMiss));
}

Range range_of(const ClassItems& items, std::size_t video) {
  const auto found = items.range_of.find(video);
  return found == items.range_of.end() ? Range() : found->second;
}

double overlap(const Span& a, const Span& b) {
  const double shared = std::max(0.0, std::min(a.end, b.end) - std::max(a.start, b.start));
  const double both = (a.end - a.start) + (b.end - b.start) - shared;
  return both > 0 ? shared / both : 0;
}

// From annotations and predictions to the spans to compare, class by class.
class Gathering {
 public:
  Gathering(const Predictions& predictions, const Annotations& annotations,
            const EvaluationOptions& options)
      : annotations_(annotations),
        options_(options),
        known_labels_(annotations.classes.begin(), annotations.classes.end()) {
    find_videos();
    for (std::size_t i = 0; i < videos_.size(); ++i) add_truths(i, predictions);
    if (items.empty()) {
      throw Error(ErrorKind::kInput, "the ground truth has no segments to compare with");
    }
    for (const auto& [id, video] : predictions) add_predictions(id, video);
    for (auto& [label, of_class] : items) order(of_class.detections);
  }

  Items items;
  Ambiguous ambiguous;
  Evaluation counts;

 private:
  void find_videos() {
    std::set<std::string> subsets;
    for (const AnnotatedVideo& video : annotations_.videos) {
      subsets.insert(video.subset);
      if (!options_.subset.empty() && video.subset != options_.subset) continue;
      if (index_of_.emplace(video.id, videos_.size()).second) videos_.push_back(&video);
    }
    counts.videos = counts.videos_without_predictions = static_cast<int>(videos_.size());
    if (!videos_.empty() || options_.subset.empty()) return;
    throw Error(ErrorKind::kUsage,
                "the ground truth has no video of subset '" + options_.subset +
                    "'; its subsets: " + joined({subsets.begin(), subsets.end()}));
  }

  void add_truths(std::size_t index, const Predictions& predictions) {
    const AnnotatedVideo& video = *videos_[index];
    const auto predicted = predictions.find(video.id);
    const double rate =
        predicted == predictions.end() ? kSnippetsPerSecond : predicted->second.snippets_per_second;
    for (const AnnotatedSegment& segment : video.segments) {
      ClassItems& of_class = items[segment.label];
      const std::size_t next = of_class.truths.size();
      of_class.truths.push_back(placed(segment.start_s, segment.end_s, rate));
      of_class.range_of.try_emplace(index, Range{next, next}).first->second.end = next + 1;
      ++counts.segments;
    }
    for (const Interval& interval : ambiguous_intervals(video.id)) {
      ambiguous[index].push_back({interval.start_s, interval.end_s});
    }
  }

  void add_predictions(const std::string& id, const VideoPredictions& video) {
    const auto index = index_of_.find(id);
    if (index == index_of_.end()) {
      counts.foreign_predictions += static_cast<int>(video.segments.size());
      return;
    }
    if (!video.segments.empty()) --counts.videos_without_predictions;
    for (const Segment& segment : video.segments) {
      const Span span = placed(segment.start_s, segment.end_s, video.snippets_per_second);
      if (!known_labels_.contains(segment.label)) {
        ++counts.unknown_labels;
      } else if (options_.protocol == Protocol::kCo2Net &&
                 is_ambiguous(span.start, span.end, ambiguous_intervals(id),
                              video.snippets_per_second)) {
        ++counts.ambiguous_predictions;
      } else {
        ++counts.predictions;
        add_detection(segment.label, {index->second, span, segment.score});
      }
    }
  }

  // A class without ground truth in the subset is not evaluated.
  void add_detection(const std::string& label, const Detection& detection) {
    const auto of_class = items.find(label);
    if (of_class != items.end()) of_class->second.detections.push_back(detection);
  }

  Span placed(double start_s, double end_s, double snippets_per_second) const {
    if (options_.protocol != Protocol::kCo2Net) return {start_s, end_s};
    return {std::nearbyint(start_s * snippets_per_second),
            std::nearbyint(end_s * snippets_per_second)};
  }

  const std::vector<Interval>& ambiguous_intervals(const std::string& id) const {
    static const std::vector<Interval> kNone;
    const auto found = annotations_.ambiguous.find(id);
    return found == annotations_.ambiguous.end() ? kNone : found->second;
  }

  void order(std::vector<Detection>& detections) const {
    if (options_.protocol != Protocol::kThumos) std::ranges::reverse(detections);
    std::ranges::stable_sort(detections, std::greater(), &Detection::score);
  }

  const Annotations& annotations_;
  const EvaluationOptions& options_;
  const std::set<std::string> known_labels_;
  std::vector<const AnnotatedVideo*> videos_;
  std::unordered_map<std::string, std::size_t> index_of_;  // in videos_, by id
};

struct Candidate {
  double tiou = 0;
  std::size_t truth = 0;
};

// Ground truth that a detection overlaps, the best first; of equals the later.
std::vector<Candidate> candidates_for(const Detection& detection, const ClassItems& items) {
  std::vector<Candidate> candidates;
  const Range range = range_of(items, detection.video);
  for (std::size_t truth = range.end; truth-- > range.begin;) {
    const double tiou = overlap(items.truths[truth], detection.span);
    if (tiou > 0) candidates.push_back({tiou, truth});
  }
  std::ranges::stable_sort(candidates, std::greater(), &Candidate::tiou);
  return candidates;
}

// Each detection in turn takes the best ground truth that is left.
Outcomes match_by_score(const ClassItems& items, const std::vector<double>& tiou) {
  Outcomes outcomes = all_missed(items, tiou);
  std::vector<std::vector<bool>> is_taken(tiou.size(), std::vector<bool>(items.truths.size()));
  for (std::size_t i = 0; i < items.detections.size(); ++i) {
    const std::vector<Candidate> candidates = candidates_for(items.detections[i], items);
    for (std::size_t t = 0; t < tiou.size(); ++t) {
      for (const Candidate& candidate : candidates) {
        if (candidate.tiou < tiou[t]) break;
        if (is_taken[t][candidate.truth]) continue;
        is_taken[t][candidate.truth] = true;
        outcomes[t][i] = Outcome::kHit;
        break;
      }
    }
  }
  return outcomes;
}

// Each ground truth in turn takes the best of a video's detections that are left.
void match_by_truth(const ClassItems& items, const Range& truths,
                    const std::vector<std::size_t>& detections, double threshold,
                    std::vector<Outcome>& outcomes) {
  for (std::size_t truth = truths.begin; truth < truths.end; ++truth) {
    double best = threshold;
    Outcome* taken = nullptr;
    for (const std::size_t i : detections) {
      if (outcomes[i] == Outcome::kHit) continue;
      const double tiou = overlap(items.truths[truth], items.detections[i].span);
      if (tiou > best) {
        best = tiou;
        taken = &outcomes[i];
      }
    }
    if (taken != nullptr) *taken = Outcome::kHit;
  }
}

void ignore_ambiguous(const ClassItems& items, const Ambiguous& ambiguous, Outcomes& outcomes) {
  for (std::size_t i = 0; i < items.detections.size(); ++i) {
    const auto intervals = ambiguous.find(items.detections[i].video);
    if (intervals == ambiguous.end()) continue;
    const bool overlaps = std::ranges::any_of(intervals->second, [&](const Span& interval) {
      return overlap(interval, items.detections[i].span) > 0;
    });
    if (!overlaps) continue;
    for (std::vector<Outcome>& at_threshold : outcomes) {
      if (at_threshold[i] == Outcome::kMiss) at_threshold[i] = Outcome::kIgnored;
    }
  }
}

Outcomes match_as_thumos(const ClassItems& items, const Ambiguous& ambiguous,
                         const std::vector<double>& tiou) {
  std::map<std::size_t, std::vector<std::size_t>> by_video;
  for (std::size_t i = 0; i < items.detections.size(); ++i) {
    by_video[items.detections[i].video].push_back(i);
  }
  Outcomes outcomes = all_missed(items, tiou);
  for (const auto& [video, detections] : by_video) {
    for (std::size_t t = 0; t < tiou.size(); ++t) {
      match_by_truth(items, range_of(items, video), detections, tiou[t], outcomes[t]);
    }
  }
  ignore_ambiguous(items, ambiguous, outcomes);
  return outcomes;
}

// Precision at each hit, in falling score order.
std::vector<double> precisions_at_hits(const std::vector<Outcome>& outcomes) {
  std::vector<double> precisions;
  double counted = 0;
  for (const Outcome outcome : outcomes) {
    if (outcome == Outcome::kIgnored) continue;
    ++counted;
    if (outcome == Outcome::kMiss) continue;
    precisions.push_back(static_cast<double>(precisions.size() + 1) / counted);
  }
  return precisions;
}

double average_precision(const std::vector<Outcome>& outcomes, std::size_t positives,
                         bool interpolated) {
  std::vector<double> precisions = precisions_at_hits(outcomes);
  if (interpolated) {
    for (std::size_t i = precisions.size(); i-- > 1;) {
      precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
    }
  }
  return std::accumulate(precisions.begin(), precisions.end(), 0.0) /
         static_cast<double>(positives);
}

std::vector<double> average_precisions(const ClassItems& items, const Ambiguous& ambiguous,
                                       const EvaluationOptions& options) {
  const bool is_thumos = options.protocol == Protocol::kThumos;
  const Outcomes outcomes = is_thumos ? match_as_thumos(items, ambiguous, options.tiou)
                                      : match_by_score(items, options.tiou);
  std::vector<double> precisions;
  for (const std::vector<Outcome>& at_threshold : outcomes) {
    precisions.push_back(average_precision(at_threshold, items.truths.size(), !is_thumos));
  }
  return precisions;
}

std::vector<double> mean_over_classes(const Evaluation& evaluation) {
  std::vector<double> means;
  for (std::size_t t = 0; t < evaluation.tiou.size(); ++t) {
    std::vector<double> at_threshold;
    for (const auto& [label, precisions] : evaluation.per_class) {
      at_threshold.push_back(precisions[t]);
    }
    means.push_back(mean(at_threshold));
  }
  return means;
}

constexpr int kDecimals = 9;
constexpr std::int64_t kOne = 1'000'000'000;
constexpr std::int64_t kMostThresholds = 1000;

// "0.25" as 250000000 billionths, which keeps sums exact; -1 for what is no such decimal.
std::int64_t billionths(const std::string& text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point);
  std::string decimals = point < text.size() ? text.substr(point + 1) : "0";
  if (digits.empty() || digits.size() > 1 || decimals.empty() || decimals.size() > kDecimals) {
    return -1;
  }
  decimals.resize(kDecimals, '0');
  digits += decimals;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::stoll(digits);
}

// Thresholds first, first + step, ..., at most last, all in billionths.
std::vector<double> thresholds(std::int64_t first, std::int64_t step, std::int64_t last) {
  std::vector<double> values;
  for (std::int64_t value = first; value <= last; value += step) {
    values.push_back(static_cast<double>(value) / static_cast<double>(kOne));
  }
  return values;
}

}  // namespace

Evaluation evaluate(const Predictions& predictions, const Annotations& annotations,
                    const EvaluationOptions& options) {
  Gathering gathered(predictions, annotations, options);
  Evaluation evaluation = gathered.counts;
  evaluation.tiou = options.tiou;
  for (const auto& [label, items] : gathered.items) {
    evaluation.per_class[label] = average_precisions(items, gathered.ambiguous, options);
  }
  evaluation.mAP = mean_over_classes(evaluation);
  evaluation.average = mean(evaluation.mAP);
  return evaluation;
}

std::vector<double> parse_tiou(const std::string& text) {
  std::vector<std::int64_t> parts;
  std::size_t start = 0;
  for (std::size_t colon = 0; (colon = text.find(':', start)) != std::string::npos;
       start = colon + 1) {
    parts.push_back(billionths(text.substr(start, colon - start)));
  }
  parts.push_back(billionths(text.substr(start)));
  if (parts.size() == 1) parts = {parts[0], kOne, parts[0]};
  const bool is_grid = parts.size() == 3 && parts[0] > 0 && parts[1] > 0 && parts[0] <= parts[2] &&
                       parts[2] <= kOne && (parts[2] - parts[0]) / parts[1] < kMostThresholds;
  if (!is_grid) {
    throw Error(ErrorKind::kUsage, "thresholds '" + text +
                                       "': want FIRST:STEP:LAST such as 0.1:0.1:0.9, above 0 and "
                                       "up to 1, at most 1000 of them");
  }
  return thresholds(parts[0], parts[1], parts[2]);
}

std::vector<std::pair<std::string, double>> averages(const Evaluation& evaluation) {
  const std::vector<std::pair<std::string, std::vector<double>>> ranges = {
      {"0.1:0.5", parse_tiou("0.1:0.1:0.5")},
      {"0.1:0.7", parse_tiou("0.1:0.1:0.7")},
      {"0.1:0.9", parse_tiou("0.1:0.1:0.9")},
      {"0.5:0.95", parse_tiou("0.5:0.05:0.95")}};
  std::vector<std::pair<std::string, double>> found;
  for (const auto& [name, range] : ranges) {
    std::vector<double> of_range;
    for (const double threshold : range) {
      const auto at = std::ranges::find(evaluation.tiou, threshold);
      if (at != evaluation.tiou.end()) {
        of_range.push_back(evaluation.mAP[static_cast<std::size_t>(at - evaluation.tiou.begin())]);
      }
    }
    if (of_range.size() == range.size()) found.emplace_back(name, mean(of_range));
  }
  return found;
}

}  // namespace co2net
