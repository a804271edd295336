#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/bootstrap.h"
#include "postprocess/predictions.h"

namespace co2net {

// How detections are compared with the ground truth. A class's detections are taken in falling
// score order. Each protocol gives what its official script gives, which decides also what nobody
// would have asked for.
//
// Of all three: a detection in a video that is not among those evaluated is wrong like any other. A
// class without ground truth is not evaluated: its detections are left out.
//
// kActivityNet (the ActivityNet challenge's evaluation): in seconds. A detection is matched with
//   the ground truth of its video and class, not matched before, that has the highest tIoU >= the
//   threshold. Equal tIoU: the later in the annotations; equal scores: the later in the predictions
//   (as the script's argsort has it where that is stable). Where neither has any length, tIoU is 0
//   / 0, which the script takes for a hit. Thresholds are those of numpy.linspace, which differ
//   from the decimals that name them in the last bit. Average precision is the area under precision
//   by recall, precision first made monotone from the right.
// kCo2Net (the authors' code): the same in snippets, with the decimals themselves as thresholds.
//   Ground truth is rounded to whole ones, half to even, and some of it loses its length so;
//   predictions are not, but for what seconds do to a number of snippets. Predictions that share a
//   whole snippet with an ambiguous interval are removed first.
// kThumos (the THUMOS14 kit, TH14evalDet): in seconds, with the decimals as thresholds. Video by
//   video each ground truth, in the annotations' order, takes the free detection of the highest
//   tIoU, which must exceed the threshold; equal tIoU: the higher score; equal scores: the earlier
//   by video id and place in the video. A detection that is not taken and overlaps an ambiguous
//   interval at all, of any class, counts neither for nor against. Average precision is the sum of
//   the precision at each match / the number of ground truths, not interpolated.
enum class Protocol { kActivityNet, kCo2Net, kThumos };
template <>
inline constexpr Choice<Protocol> kChoices<Protocol>[] = {{Protocol::kActivityNet, "activitynet"},
                                                          {Protocol::kCo2Net, "co2net"},
                                                          {Protocol::kThumos, "thumos"}};

struct EvaluationOptions {
  Protocol protocol = Protocol::kActivityNet;
  std::string subset;                  // of the ground truth's videos; empty: all
  std::vector<double> tiou;            // thresholds, decimals above 0, evenly spaced
  bool ignore_unknown_videos = false;  // detections in other videos than these are left out
};

// Fractions, not percent.
struct Evaluation {
  std::vector<double> tiou;  // as in the options
  std::vector<double> mAP;   // at each threshold: mean over the classes with ground truth
  std::map<std::string, std::vector<double>> per_class;  // AP at each threshold
  double average = 0;                                    // of mAP over the thresholds

  int videos = 0;                      // of the subset
  int videos_without_predictions = 0;  // their ground truth counts
  int segments = 0;                    // of ground truth
  int segments_without_length = 0;     // among these, as they are compared
  int predictions = 0;                 // that were evaluated
  int predictions_without_length = 0;  // among these
  int ambiguous_predictions = 0;       // removed before
  int foreign_predictions = 0;         // wrong, or left out: their videos are not of the subset
  std::set<std::string> foreign_videos;
  int unknown_label_predictions = 0;  // left out: the subset has no ground truth of their labels
  std::set<std::string> unknown_labels;
};

// Segments must not end before they start. Errors: Error(kUsage) for a subset that no video is in,
// listing those that there are; Error(kInput) for one without ground truth; Error(kInternal) for
// thresholds that are not evenly spaced in kActivityNet.
Evaluation evaluate(const Predictions& predictions, const Annotations& annotations,
                    const EvaluationOptions& options);

struct ClassDetails {
  std::size_t segments = 0;  // of ground truth
  std::size_t predictions = 0;
  // [curve_tiou][kRecalls]: the highest precision at recall 0, 0.01, ..., 1 or more
  std::vector<std::vector<double>> curves;
};

// What a report shows beside the figures.
struct EvaluationDetails {
  static constexpr std::size_t kRecalls = 101;
  static constexpr std::size_t kMostCurves = 5;

  std::vector<Estimate> mAP;  // at each threshold
  Estimate average;
  std::vector<double> curve_tiou;  // the thresholds, or as many of them as kMostCurves
  std::map<std::string, ClassDetails> per_class;
};

// Drawn sets of videos are evaluated as if that were all there is: without classes of which no
// video is among them; `on_drawn_set` hears of each, since a thousand take their time. Errors: as
// evaluate().
EvaluationDetails evaluate_in_detail(
    const Predictions& predictions, const Annotations& annotations,
    const EvaluationOptions& options, const std::function<void()>& on_drawn_set = [] {});

// What became of one class's detections, which go by their ranks: the order in which they are
// taken.
struct RankedClass {
  std::vector<std::size_t> truth_video_of;     // each ground truth
  std::vector<std::size_t> video_of;           // each detection
  std::vector<std::vector<std::size_t>> hits;  // at each threshold, rising
  std::vector<bool> is_ignored;                // at some threshold, where they are no hit
};

// All that average precision depends on, on any draw of the videos.
struct Ranking {
  Protocol protocol = Protocol::kActivityNet;
  std::size_t thresholds = 0;
  std::size_t videos = 0;  // those evaluated, and behind them others whose detections are wrong
  std::map<std::string, RankedClass> classes;
};

// Errors: as evaluate().
Ranking rank(const Predictions& predictions, const Annotations& annotations,
             const EvaluationOptions& options);

// mAP at each threshold on a draw of the videos, over the classes of which it has ground truth;
// empty where it has none.
std::vector<double> mAP_on(const Ranking& ranking, const Copies& copies);

// The thresholds as the protocol compares with them. Errors: Error(kInternal) as evaluate().
std::vector<double> compared_tiou(const EvaluationOptions& options);

// "0.1:0.1:0.9" (first, step, last) or "0.5": each is the double nearest to its decimal, as 3
// / 10.0 is. Throws Error(kUsage) for anything else, and unless 0 < first <= last <= 1.
std::vector<double> parse_tiou(const std::string& text);

// The field's averages of mAP over ranges of thresholds, as far as all of a range were evaluated:
// "0.1:0.5", "0.1:0.7" and "0.1:0.9" in steps of 0.1, "0.5:0.95" in steps of 0.05.
std::vector<std::pair<std::string, double>> averages(const Evaluation& evaluation);

}  // namespace co2net
