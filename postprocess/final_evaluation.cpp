#include "postprocess/final_evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "postprocess/span.h"

namespace co2net {
namespace {

constexpr std::array kTiou = {0.3, 0.5, 0.7};
constexpr std::size_t kHalf = 1;  // of kTiou: where pairs are looked at, and what is mistaken
constexpr double kSecondsPerHour = 3600;
constexpr double kMostUnseen = 3;  // what was not seen once happens less often than this, at 95%

Span span_of(const Segment& segment) { return {segment.start_s, segment.end_s}; }
Span span_of(const AnnotatedSegment& segment) { return {segment.start_s, segment.end_s}; }

// What is counted of one video, or of several together.
struct Counts {
  std::array<int, kTiou.size()> hits = {};
  int segments = 0;
  int truths = 0;

  Counts& operator+=(const Counts& more) {
    for (std::size_t t = 0; t < hits.size(); ++t) hits[t] += more.hits[t];
    segments += more.segments;
    truths += more.truths;
    return *this;
  }
};

// In the order in which they take ground truth.
std::vector<Segment> in_turn(std::vector<Segment> segments) {
  std::ranges::reverse(segments);
  std::ranges::stable_sort(segments, std::greater(), &Segment::score);
  return segments;
}

using Pairs = std::vector<std::pair<const Segment*, const AnnotatedSegment*>>;

Pairs matched(const std::vector<Segment>& segments, const std::vector<AnnotatedSegment>& truths,
              double threshold) {
  std::vector<bool> is_taken(truths.size());
  Pairs pairs;
  for (const Segment& segment : segments) {
    std::optional<std::size_t> best;
    double highest = threshold;
    for (std::size_t i = 0; i < truths.size(); ++i) {
      if (is_taken[i] || truths[i].label != segment.label) continue;
      const double tiou = overlap(span_of(segment), span_of(truths[i]));
      if (tiou < highest) continue;
      highest = tiou;
      best = i;
    }
    if (!best) continue;
    is_taken[*best] = true;
    pairs.emplace_back(&segment, &truths[*best]);
  }
  return pairs;
}

Mistaken mistaken(const Segment& segment, const std::vector<AnnotatedSegment>& truths) {
  const auto likeness = [&](const AnnotatedSegment& truth) {
    return std::pair(overlap(span_of(segment), span_of(truth)), truth.label == segment.label);
  };
  const auto best = std::ranges::max_element(truths, {}, likeness);
  if (best == truths.end() || likeness(*best).first < kTiou[kHalf]) return {segment.label, {}};
  return {segment.label, best->label};
}

bool is_alarm(const Segment& segment, const std::vector<AnnotatedSegment>& truths) {
  return std::ranges::none_of(truths, [&](const AnnotatedSegment& truth) {
    return shared_length(span_of(segment), span_of(truth)) > 0;
  });
}

// How long nothing happens in a video.
double idle_s(double duration_s, std::vector<AnnotatedSegment> truths) {
  std::ranges::sort(truths, {}, &AnnotatedSegment::start_s);
  double idle = 0, reached = 0;
  for (const AnnotatedSegment& truth : truths) {
    idle += std::max(0.0, std::min(truth.start_s, duration_s) - reached);
    reached = std::max(reached, truth.end_s);
  }
  return idle + std::max(0.0, duration_s - reached);
}

std::optional<BoundaryError> boundary_error(const std::vector<double>& differences) {
  if (differences.empty()) return std::nullopt;
  std::vector<double> sizes;
  for (const double difference : differences) sizes.push_back(std::abs(difference));
  return BoundaryError{quantile(differences, 0.5), quantile(sizes, 0.5)};
}

std::optional<double> share(double part, double whole) {
  if (whole == 0) return std::nullopt;
  return part / whole;
}

// A figure of counts at a threshold's place in kTiou.
using Figure = std::optional<double> (*)(const Counts& counts, std::size_t t);

std::optional<double> precision(const Counts& counts, std::size_t t) {
  return share(counts.hits[t], counts.segments);
}
std::optional<double> recall(const Counts& counts, std::size_t t) {
  return share(counts.hits[t], counts.truths);
}
std::optional<double> f1(const Counts& counts, std::size_t t) {
  return share(2 * counts.hits[t], counts.segments + counts.truths);
}

Counts total(const std::vector<Counts>& videos) {
  Counts sum;
  for (const Counts& video : videos) sum += video;
  return sum;
}

std::vector<Counts> drawn_totals(const std::vector<Counts>& videos,
                                 const std::function<void()>& on_drawn_set) {
  std::vector<Counts> totals;
  for_each_drawn_set(videos.size(), [&](const Copies& copies) {
    on_drawn_set();
    Counts& of_set = totals.emplace_back();
    for (std::size_t i = 0; i < videos.size(); ++i) {
      for (int copy = 0; copy < copies[i]; ++copy) of_set += videos[i];
    }
  });
  return totals;
}

// Draws that do not have the figure are passed over.
std::optional<Estimate> estimate_of(Figure figure, std::size_t t, const Counts& all,
                                    const std::vector<Counts>& draws) {
  const std::optional<double> value = figure(all, t);
  if (!value) return std::nullopt;
  std::vector<double> values;
  for (const Counts& draw : draws) {
    if (const std::optional<double> of_draw = figure(draw, t)) values.push_back(*of_draw);
  }
  return estimate(*value, values);
}

std::vector<FinalAccuracy> accuracy_of(const std::vector<Counts>& videos,
                                       const std::function<void()>& on_drawn_set) {
  const Counts all = total(videos);
  const std::vector<Counts> draws = drawn_totals(videos, on_drawn_set);
  std::vector<FinalAccuracy> accuracy;
  for (std::size_t t = 0; t < kTiou.size(); ++t) {
    accuracy.push_back({kTiou[t], all.hits[t], estimate_of(precision, t, all, draws),
                        estimate_of(recall, t, all, draws), estimate_of(f1, t, all, draws)});
  }
  return accuracy;
}

// Goes through the videos and adds up.
class Comparison {
 public:
  Comparison(const Predictions& predictions, const Annotations& annotations,
             const std::string& subset) {
    for (const VideoPredictions& video : predictions) predicted_[video.id] = &video;
    for (const AnnotatedVideo& video : annotations.videos) {
      if (subset.empty() || video.subset == subset) add(video);
    }
    for (const VideoPredictions& video : predictions) note_if_foreign(video);
  }

  FinalEvaluation result(const std::function<void()>& on_drawn_set) && {
    const Counts all = total(counts_);
    found_.videos = static_cast<int>(counts_.size());
    found_.segments = all.segments;
    found_.truths = all.truths;
    found_.accuracy = accuracy_of(counts_, on_drawn_set);
    found_.pairs = static_cast<int>(starts_.size());
    found_.start = boundary_error(starts_);
    found_.end = boundary_error(ends_);
    return std::move(found_);
  }

 private:
  void add(const AnnotatedVideo& video) {
    const auto place = predicted_.extract(video.id);
    if (video.segments.empty() && !video.labels.empty()) {
      found_.unmarked_videos.insert(video.id);
      return;
    }
    const bool has_final = !place.empty() && place.mapped()->final_segments;
    if (!has_final) ++found_.videos_without_final;
    const std::vector<Segment> segments =
        has_final ? in_turn(*place.mapped()->final_segments) : std::vector<Segment>();
    compare(segments, video.segments);
    if (has_final) count_alarms(segments, video, *place.mapped());
  }

  void compare(const std::vector<Segment>& segments, const std::vector<AnnotatedSegment>& truths) {
    Counts& counts = counts_.emplace_back();
    counts.segments = static_cast<int>(segments.size());
    counts.truths = static_cast<int>(truths.size());
    for (std::size_t t = 0; t < kTiou.size(); ++t) {
      const Pairs pairs = matched(segments, truths, kTiou[t]);
      counts.hits[t] = static_cast<int>(pairs.size());
      if (t == kHalf) note_boundaries(pairs);
    }
    for (const Segment& segment : segments) ++found_.confusion[mistaken(segment, truths)];
  }

  void note_boundaries(const Pairs& pairs) {
    for (const auto& [segment, truth] : pairs) {
      starts_.push_back(segment->start_s - truth->start_s);
      ends_.push_back(segment->end_s - truth->end_s);
    }
  }

  void count_alarms(const std::vector<Segment>& segments, const AnnotatedVideo& video,
                    const VideoPredictions& predictions) {
    const double duration_s = predictions.duration_s.value_or(video.duration_s);
    if (duration_s == 0) {
      ++found_.videos_without_duration;
      return;
    }
    FalseAlarms& alarms = video.segments.empty() ? found_.background : found_.elsewhere;
    ++alarms.videos;
    alarms.hours += idle_s(duration_s, video.segments) / kSecondsPerHour;
    alarms.segments += static_cast<int>(std::ranges::count_if(
        segments, [&](const Segment& segment) { return is_alarm(segment, video.segments); }));
  }

  // What no annotated video has taken out.
  void note_if_foreign(const VideoPredictions& video) {
    if (!predicted_.contains(video.id) || !video.final_segments) return;
    found_.foreign_segments += static_cast<int>(video.final_segments->size());
    if (!video.final_segments->empty()) found_.foreign_videos.insert(video.id);
  }

  std::unordered_map<std::string, const VideoPredictions*> predicted_;
  std::vector<Counts> counts_;  // of each video
  std::vector<double> starts_, ends_;
  FinalEvaluation found_;
};

void expect_final(const Predictions& predictions) {
  const auto has_final = [](const VideoPredictions& video) {
    return video.final_segments.has_value();
  };
  const auto lacks_final = [&](const VideoPredictions& video) {
    return !has_final(video) && !video.segments.empty();
  };
  const auto without = std::ranges::find_if(predictions, lacks_final);
  if (without == predictions.end() && std::ranges::any_of(predictions, has_final)) return;
  throw Error(
      ErrorKind::kInput,
      (without == predictions.end() ? "no final segments"
                                    : "'" + without->id + "' has no final segments") +
          std::string(": they are in the JSON and the JSON lines, not in the CSV, that run, "
                      "localize and propose of this version write; a W-TALC has none, since it has "
                      "no operating point"));
}

}  // namespace

std::optional<double> FalseAlarms::per_hour() const { return share(segments, hours); }

std::optional<double> FalseAlarms::most_per_hour() const { return share(kMostUnseen, hours); }

FinalEvaluation evaluate_final(const Predictions& predictions, const Annotations& annotations,
                               const std::string& subset,
                               const std::function<void()>& on_drawn_set) {
  expect_final(predictions);
  return Comparison(predictions, annotations, subset).result(on_drawn_set);
}

}  // namespace co2net
