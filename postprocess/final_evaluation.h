#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/datasets/annotations.h"
#include "postprocess/bootstrap.h"
#include "postprocess/predictions.h"

namespace co2net {

// How final segments agree with the ground truth at one threshold. Each in turn, the best score
// first, takes the ground truth of its video and class, not taken before, that has the highest tIoU
// >= the threshold; ties are broken as in Protocol::kActivityNet.
struct FinalAccuracy {
  double tiou = 0;
  int hits = 0;
  // Over all classes together; nothing where it is 0 / 0.
  std::optional<Estimate> precision, recall, f1;
};

// Found minus true, of a segment's start or end, in seconds.
struct BoundaryError {
  double median_s = 0;
  double median_absolute_s = 0;
};

// Segments that share no time with a segment of the ground truth, whatever its label.
struct FalseAlarms {
  int videos = 0;
  int segments = 0;
  double hours = 0;  // in which nothing happens: the videos' without the segments of ground truth

  // Nothing without hours. Where there is no alarm it is below most_per_hour(), at 95%.
  std::optional<double> per_hour() const;
  std::optional<double> most_per_hour() const;
};

// Final segments of one label against what they overlap most, if with tIoU >= 0.5; of equal
// overlaps its own label.
struct Mistaken {
  std::string found;
  std::optional<std::string> truth;  // nothing: none overlaps so much

  auto operator<=>(const Mistaken&) const = default;
};

struct FinalEvaluation {
  std::vector<FinalAccuracy> accuracy;      // at tIoU 0.3, 0.5 and 0.7
  int pairs = 0;                            // matched at 0.5
  std::optional<BoundaryError> start, end;  // of these; nothing where there are none
  FalseAlarms background;  // in videos of which the ground truth says that nothing happens
  FalseAlarms elsewhere;
  std::map<Mistaken, int> confusion;  // segments

  int videos = 0;    // that are compared
  int segments = 0;  // final ones in these
  int truths = 0;
  int videos_without_final = 0;           // of these: failed, or not among the predictions
  int videos_without_duration = 0;        // of these: their alarms and hours are not counted
  int foreign_segments = 0;               // left out, of
  std::set<std::string> foreign_videos;   // that are not in the subset
  std::set<std::string> unmarked_videos;  // left out: with labels, but without segments
};

// How good final segments are to a person who acts on each. `subset` of the ground truth's videos;
// empty: all. A video's duration is what the predictions say of it, else the ground truth's.
// `on_drawn_set` hears of each set of videos that is drawn for bounds. Errors: Error(kInput) where
// the predictions have no final segments.
FinalEvaluation evaluate_final(
    const Predictions& predictions, const Annotations& annotations, const std::string& subset,
    const std::function<void()>& on_drawn_set = [] {});

}  // namespace co2net
