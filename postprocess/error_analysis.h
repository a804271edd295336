#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/predictions.h"

namespace co2net {

// Where a detector errs, by the definitions of DETAD (Alwassel et al., ECCV 2018), which
// postprocess/README.md tells: predictions are compared in seconds, at each threshold by itself.

// What a prediction is at a threshold.
enum class PredictionKind {
  kTruePositive,
  kDoubleDetection,
  kWrongLabel,
  kLocalization,
  kConfusion,
  kBackground
};
template <>
inline constexpr Choice<PredictionKind> kChoices<PredictionKind>[] = {
    {PredictionKind::kTruePositive, "true_positive"},
    {PredictionKind::kDoubleDetection, "double_detection"},
    {PredictionKind::kWrongLabel, "wrong_label"},
    {PredictionKind::kLocalization, "localization"},
    {PredictionKind::kConfusion, "confusion"},
    {PredictionKind::kBackground, "background"}};
inline constexpr std::size_t kPredictionKinds = std::size(kChoices<PredictionKind>);

// What segments of the ground truth are sorted by: seconds; the part of their video; how many
// segments of any label their video has.
enum class Characteristic { kLength, kCoverage, kInstances };
template <>
inline constexpr Choice<Characteristic> kChoices<Characteristic>[] = {
    {Characteristic::kLength, "length"},
    {Characteristic::kCoverage, "coverage"},
    {Characteristic::kInstances, "instances"}};

// A bin holds what is above its lower edge, up to its upper one; the first also its lower edge.
struct Bins {
  std::vector<std::string> names;
  std::vector<double> edges;  // one more than names
};
using BinsBy = std::map<Characteristic, Bins>;

struct ErrorAnalysisOptions {
  std::string subset;                  // of the ground truth's videos; empty: all
  std::vector<double> tiou;            // thresholds
  bool ignore_unknown_videos = false;  // predictions in other videos than these are left out
  BinsBy bins;
};

// mAP with a precision as if all classes had as many segments of ground truth; fractions.
struct NormalizedMap {
  std::vector<double> at;  // each threshold
  double average = 0;
};

// A number a kind, in its order.
using KindCounts = std::array<int, kPredictionKinds>;
using KindFractions = std::array<double, kPredictionKinds>;

// Of the ten times G best predictions of each class, G being how many segments of ground truth it
// has. Band k holds the (k + 1)th G of all classes.
struct FalsePositives {
  static constexpr std::size_t kBands = 10;

  NormalizedMap map;
  int predictions = 0;
  std::array<int, kBands> band_size = {};
  std::vector<std::array<KindCounts, kBands>> count;        // at each threshold
  std::array<std::optional<KindFractions>, kBands> shares;  // means over these; none of no segments
  std::optional<KindFractions> shares_of_all;
  KindFractions gain = {};  // in average mAP, if the false positives of a kind were left out
};

// Of the segments of ground truth in a bin. Where there are none, so are the figures.
struct BinFigures {
  double share_of_truths = 0;
  std::vector<double> missed_at;  // each threshold: the part that no prediction finds
  std::optional<double> missed;   // mean over these
  std::optional<double> map;      // average mAP of these alone
};

struct ErrorAnalysis {
  int segments = 0;           // of ground truth that are compared
  int segments_left_out = 0;  // without length, or longer than their video
  BinsBy bins;
  FalsePositives false_positives;
  NormalizedMap map;           // of all predictions
  NormalizedMap map_of_found;  // without those of next to no precision, which find nothing
  std::map<Characteristic, std::vector<BinFigures>> by;
};

// The paper's bins for THUMOS14 where half of the segments are no longer than 18 s, else its bins
// for ActivityNet.
BinsBy usual_bins(const Annotations& annotations, const std::string& subset);

// Left out: predictions of labels that the ground truth lacks; ground truth of no length, and what
// is longer than its video. A video's duration is the ground truth's, else what the predictions say
// of it; where neither is known, its segments are in no bin of coverage. Segments must not end
// before they start. Errors: Error(kInput) where no ground truth is left.
ErrorAnalysis analyze_errors(const Predictions& predictions, const Annotations& annotations,
                             const ErrorAnalysisOptions& options);

}  // namespace co2net
