#include "postprocess/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <tuple>
#include <unordered_map>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "pipeline/base/text.h"
#include "postprocess/span.h"

namespace co2net {
namespace {

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
  std::vector<std::size_t> video_of;                // each truth
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

// The same number but for rounding, which decides whether it exceeds a threshold; 0 where one has
// no length.
double overlap_as_thumos(const Span& a, const Span& b) {
  const double shared = shared_length(a, b);
  return shared > 0 ? shared / (std::max(a.end, b.end) - std::min(a.start, b.start)) : 0;
}

// Seconds that were made of snippets give these again: to nine decimals.
double in_snippets(double seconds, double snippets_per_second) {
  return std::nearbyint(seconds * snippets_per_second * 1e9) / 1e9;
}

// In the file's order; the THUMOS14 kit sorts videos by name.
std::vector<const VideoPredictions*> ordered(const Predictions& predictions, Protocol protocol) {
  std::vector<const VideoPredictions*> videos;
  for (const VideoPredictions& video : predictions) videos.push_back(&video);
  if (protocol == Protocol::kThumos) {
    std::ranges::sort(videos, {}, [](const VideoPredictions* video) { return video->id; });
  }
  return videos;
}

// From annotations and predictions to the spans to compare, class by class.
class Gathering {
 public:
  Gathering(const Predictions& predictions, const Annotations& annotations,
            const EvaluationOptions& options)
      : annotations_(annotations), options_(options) {
    find_videos();
    find_rates(predictions);
    for (std::size_t i = 0; i < videos_.size(); ++i) add_truths(i);
    if (items.empty()) {
      throw Error(ErrorKind::kInput, "the ground truth has no segments to compare with");
    }
    for (const VideoPredictions* video : ordered(predictions, options.protocol)) {
      add_predictions(*video);
    }
    for (auto& [label, of_class] : items) order(of_class.detections);
    compared_videos = options.ignore_unknown_videos ? videos_.size() : index_of_.size();
  }

  Items items;
  Ambiguous ambiguous;
  Evaluation counts;
  std::size_t compared_videos = 0;  // the others whose detections are wrong among them

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
    throw Error(ErrorKind::kUsage, "the ground truth has no video of subset '" + options_.subset +
                                       "'; choose one of " +
                                       joined({subsets.begin(), subsets.end()}));
  }

  void find_rates(const Predictions& predictions) {
    rates_.assign(videos_.size(), kSnippetsPerSecond);
    for (const VideoPredictions& video : predictions) {
      const auto index = index_of_.find(video.id);
      if (index != index_of_.end()) rates_[index->second] = video.snippets_per_second;
    }
  }

  void add_truths(std::size_t index) {
    for (const AnnotatedSegment& segment : videos_[index]->segments) {
      ClassItems& of_class = items[segment.label];
      const std::size_t next = of_class.truths.size();
      of_class.truths.push_back(placed_truth(segment, rates_[index]));
      of_class.video_of.push_back(index);
      of_class.range_of.try_emplace(index, Range{next, next}).first->second.end = next + 1;
      ++counts.segments;
      if (of_class.truths.back().length() == 0) ++counts.segments_without_length;
    }
  }

  void add_predictions(const VideoPredictions& video) {
    const std::size_t index = index_of_.emplace(video.id, index_of_.size()).first->second;
    const bool is_foreign = index >= videos_.size();
    if (!is_foreign && !video.segments.empty()) --counts.videos_without_predictions;
    const std::vector<Interval>& intervals = ambiguous_intervals(video.id);
    for (const Interval& interval : intervals) {
      ambiguous[index].push_back({interval.start_s, interval.end_s});
    }
    for (const Segment& segment : video.segments) {
      const auto of_class = items.find(segment.label);
      if (of_class == items.end()) {
        ++counts.unknown_label_predictions;
        counts.unknown_labels.insert(segment.label);
        continue;
      }
      if (is_foreign) {
        ++counts.foreign_predictions;
        counts.foreign_videos.insert(video.id);
        if (options_.ignore_unknown_videos) continue;
      }
      const Span span = placed_prediction(segment, video.snippets_per_second);
      if (is_removed(span, intervals, video.snippets_per_second)) {
        ++counts.ambiguous_predictions;
        continue;
      }
      ++counts.predictions;
      if (span.length() == 0) ++counts.predictions_without_length;
      of_class->second.detections.push_back({index, span, segment.score});
    }
  }

  Span placed_truth(const AnnotatedSegment& segment, double rate) const {
    if (options_.protocol != Protocol::kCo2Net) return {segment.start_s, segment.end_s};
    return {std::nearbyint(segment.start_s * rate), std::nearbyint(segment.end_s * rate)};
  }

  Span placed_prediction(const Segment& segment, double rate) const {
    if (options_.protocol != Protocol::kCo2Net) return {segment.start_s, segment.end_s};
    return {in_snippets(segment.start_s, rate), in_snippets(segment.end_s, rate)};
  }

  bool is_removed(const Span& span, const std::vector<Interval>& intervals, double rate) const {
    return options_.protocol == Protocol::kCo2Net &&
           is_ambiguous(std::trunc(span.start), std::trunc(span.end), intervals, rate);
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
  std::vector<const AnnotatedVideo*> videos_;              // that are evaluated
  std::vector<double> rates_;                              // of these, snippets a second
  std::unordered_map<std::string, std::size_t> index_of_;  // by id; the others follow them
};

struct Candidate {
  double tiou = 0;
  std::size_t truth = 0;
};

// Ground truth that a detection overlaps, the best first; of equals the later.
void find_candidates(const Detection& detection, const ClassItems& items,
                     std::vector<Candidate>& candidates) {
  candidates.clear();
  const Range range = range_of(items, detection.video);
  for (std::size_t truth = range.begin; truth < range.end; ++truth) {
    const double tiou = overlap(items.truths[truth], detection.span);
    if (tiou > 0) candidates.push_back({tiou, truth});
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.tiou, a.truth) > std::tie(b.tiou, b.truth);
  });
}

// Each detection in turn takes the best ground truth that is left.
Outcomes match_by_score(const ClassItems& items, const std::vector<double>& tiou) {
  Outcomes outcomes = all_missed(items, tiou);
  std::vector<std::vector<bool>> is_taken(tiou.size(), std::vector<bool>(items.truths.size()));
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < items.detections.size(); ++i) {
    find_candidates(items.detections[i], items, candidates);
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
      const double tiou = overlap_as_thumos(items.truths[truth], items.detections[i].span);
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
      return shared_length(interval, items.detections[i].span) > 0;
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

RankedClass ranked_by(const Outcomes& outcomes, const ClassItems& items) {
  RankedClass ranked{items.video_of, {}, {}, std::vector<bool>(items.detections.size())};
  for (const Detection& detection : items.detections) ranked.video_of.push_back(detection.video);
  for (const std::vector<Outcome>& at_threshold : outcomes) {
    std::vector<std::size_t>& hits = ranked.hits.emplace_back();
    for (std::size_t rank = 0; rank < at_threshold.size(); ++rank) {
      if (at_threshold[rank] == Outcome::kHit) hits.push_back(rank);
      if (at_threshold[rank] == Outcome::kIgnored) ranked.is_ignored[rank] = true;
    }
  }
  return ranked;
}

Ranking ranking_of(const Gathering& gathered, const EvaluationOptions& options) {
  const std::vector<double> tiou = compared_tiou(options);
  Ranking ranking{options.protocol, tiou.size(), gathered.compared_videos, {}};
  for (const auto& [label, items] : gathered.items) {
    ranking.classes[label] = ranked_by(options.protocol == Protocol::kThumos
                                           ? match_as_thumos(items, gathered.ambiguous, tiou)
                                           : match_by_score(items, tiou),
                                       items);
  }
  return ranking;
}

// How many detections count up to each rank, itself too; without those that are ignored anywhere.
std::vector<int> counted_by_rank(const RankedClass& ranked, const Copies& copies) {
  std::vector<int> counted;
  counted.reserve(ranked.video_of.size());
  int sum = 0;
  for (std::size_t rank = 0; rank < ranked.video_of.size(); ++rank) {
    if (!ranked.is_ignored[rank]) sum += copies[ranked.video_of[rank]];
    counted.push_back(sum);
  }
  return counted;
}

// Precision at each hit, in falling score order. It takes time by the hits, of which there are far
// fewer than detections: a thousand sets of videos are drawn.
//   counted_up_to  as counted_by_rank() gives it
std::vector<double> precisions_at_hits(const RankedClass& ranked, std::size_t t,
                                       const std::vector<int>& counted_up_to,
                                       const Copies& copies) {
  std::vector<double> precisions;
  int ignored_elsewhere = 0;
  for (const std::size_t rank : ranked.hits[t]) {
    const int here = copies[ranked.video_of[rank]];
    if (ranked.is_ignored[rank]) ignored_elsewhere += here;
    const int counted = counted_up_to[rank] + ignored_elsewhere;
    for (int after = here; after-- > 0;) {
      precisions.push_back(static_cast<double>(precisions.size() + 1) / (counted - after));
    }
  }
  return precisions;
}

// Monotone from the right.
void interpolate(std::vector<double>& precisions) {
  for (std::size_t i = precisions.size(); i-- > 1;) {
    precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  }
}

std::size_t positives_of(const RankedClass& ranked, const Copies& copies) {
  std::size_t positives = 0;
  for (const std::size_t video : ranked.truth_video_of) {
    positives += static_cast<std::size_t>(copies[video]);
  }
  return positives;
}

// At each threshold; nothing of a class without ground truth.
std::vector<double> average_precisions(const RankedClass& ranked, Protocol protocol,
                                       const Copies& copies) {
  const std::size_t positives = positives_of(ranked, copies);
  std::vector<double> averages;
  if (positives == 0) return averages;
  const std::vector<int> counted = counted_by_rank(ranked, copies);
  for (std::size_t t = 0; t < ranked.hits.size(); ++t) {
    std::vector<double> precisions = precisions_at_hits(ranked, t, counted, copies);
    if (protocol != Protocol::kThumos) interpolate(precisions);
    averages.push_back(std::accumulate(precisions.begin(), precisions.end(), 0.0) /
                       static_cast<double>(positives));
  }
  return averages;
}

using PerClass = std::map<std::string, std::vector<double>>;

PerClass per_class(const Ranking& ranking, const Copies& copies) {
  PerClass found;
  for (const auto& [label, ranked] : ranking.classes) {
    std::vector<double> precisions = average_precisions(ranked, ranking.protocol, copies);
    if (!precisions.empty()) found[label] = std::move(precisions);
  }
  return found;
}

// At each of so many thresholds.
std::vector<double> mean_over_classes(const PerClass& per_class, std::size_t thresholds) {
  std::vector<double> means;
  for (std::size_t t = 0; t < thresholds; ++t) {
    std::vector<double> at_threshold;
    for (const auto& [label, precisions] : per_class) at_threshold.push_back(precisions[t]);
    means.push_back(mean(at_threshold));
  }
  return means;
}

Copies one_each(const Ranking& ranking) { return Copies(ranking.videos, 1); }

void add_estimates(const Ranking& ranking, const std::function<void()>& on_drawn_set,
                   EvaluationDetails& details) {
  std::vector<std::vector<double>> of_sets(ranking.thresholds);
  std::vector<double> averages;
  for_each_drawn_set(ranking.videos, [&](const Copies& copies) {
    on_drawn_set();
    const std::vector<double> means = mAP_on(ranking, copies);
    if (means.empty()) return;
    for (std::size_t t = 0; t < means.size(); ++t) of_sets[t].push_back(means[t]);
    averages.push_back(mean(means));
  });
  const std::vector<double> means = mAP_on(ranking, one_each(ranking));
  for (std::size_t t = 0; t < means.size(); ++t) {
    details.mAP.push_back(estimate(means[t], of_sets[t]));
  }
  details.average = estimate(mean(means), averages);
}

// Places of as many as `most` of so many, evenly spaced, the first and the last among them.
std::vector<std::size_t> spread(std::size_t count, std::size_t most) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < std::min(count, most); ++i) {
    places.push_back(count <= most ? i : i * (count - 1) / (most - 1));
  }
  return places;
}

std::vector<double> curve(std::vector<double> precisions, std::size_t positives) {
  interpolate(precisions);
  const std::size_t last = EvaluationDetails::kRecalls - 1;
  std::vector<double> points;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::size_t hits = std::max<std::size_t>(1, (i * positives + last - 1) / last);
    points.push_back(hits <= precisions.size() ? precisions[hits - 1] : 0);
  }
  return points;
}

ClassDetails details_of(const RankedClass& ranked, const std::vector<std::size_t>& curve_places,
                        const Copies& copies) {
  ClassDetails details{ranked.truth_video_of.size(), ranked.video_of.size(), {}};
  const std::vector<int> counted = counted_by_rank(ranked, copies);
  for (const std::size_t t : curve_places) {
    details.curves.push_back(
        curve(precisions_at_hits(ranked, t, counted, copies), details.segments));
  }
  return details;
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

std::vector<double> compared_tiou(const EvaluationOptions& options) {
  const std::vector<double>& decimals = options.tiou;
  if (options.protocol != Protocol::kActivityNet || decimals.size() < 2) return decimals;
  std::vector<double> spaced =
      linspace(decimals.front(), decimals.back(), static_cast<int>(decimals.size()));
  const auto is_near = [](double a, double b) { return std::abs(a - b) < 1e-9; };
  if (!std::ranges::equal(decimals, spaced, is_near)) {
    throw Error(ErrorKind::kInternal, "thresholds that are not evenly spaced");
  }
  return spaced;
}

Evaluation evaluate(const Predictions& predictions, const Annotations& annotations,
                    const EvaluationOptions& options) {
  const Gathering gathered(predictions, annotations, options);
  Evaluation evaluation = gathered.counts;
  evaluation.tiou = options.tiou;
  const Ranking ranking = ranking_of(gathered, options);
  evaluation.per_class = per_class(ranking, one_each(ranking));
  evaluation.mAP = mean_over_classes(evaluation.per_class, options.tiou.size());
  evaluation.average = mean(evaluation.mAP);
  return evaluation;
}

Ranking rank(const Predictions& predictions, const Annotations& annotations,
             const EvaluationOptions& options) {
  return ranking_of(Gathering(predictions, annotations, options), options);
}

std::vector<double> mAP_on(const Ranking& ranking, const Copies& copies) {
  const PerClass found = per_class(ranking, copies);
  if (found.empty()) return {};
  return mean_over_classes(found, ranking.thresholds);
}

EvaluationDetails evaluate_in_detail(const Predictions& predictions, const Annotations& annotations,
                                     const EvaluationOptions& options,
                                     const std::function<void()>& on_drawn_set) {
  const Gathering gathered(predictions, annotations, options);
  const Ranking ranking = ranking_of(gathered, options);
  EvaluationDetails details;
  add_estimates(ranking, on_drawn_set, details);
  const std::vector<std::size_t> curve_places =
      spread(options.tiou.size(), EvaluationDetails::kMostCurves);
  for (const std::size_t t : curve_places) details.curve_tiou.push_back(options.tiou[t]);
  for (const auto& [label, ranked] : ranking.classes) {
    details.per_class[label] = details_of(ranked, curve_places, one_each(ranking));
  }
  return details;
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
