#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/predictions.h"

namespace co2net {

// How detections are compared with the ground truth. tIoU is the temporal intersection over union,
// 0 where the union is empty; a class's detections are taken in falling score order.
//
// kActivityNet (the ActivityNet challenge's evaluation): in seconds. A detection is matched with
//   the ground truth of its video and class, not matched before, that has the highest tIoU >= the
//   threshold. Equal tIoU: the later in the annotations; equal scores: the later by video id and
//   place in the video. (The challenge's code sorts by numpy's argsort and reverses, which gives
//   this order for up to 16 items; for more it depends on numpy's version.) Average precision is
//   the area under precision by recall, precision first made monotone from the right.
// kCo2Net (the authors' code): the same in whole snippets, both ends of predictions and ground
//   truth rounded, half to even. Ground truth that is left without length cannot be matched but
//   counts. Predictions that share a snippet with an ambiguous interval are removed first.
// kThumos (the THUMOS14 kit, TH14eventdetpr): in seconds. Video by video each ground truth, in the
//   annotations' order, takes the free detection of the highest tIoU, which must exceed the
//   threshold; equal tIoU: the higher score; equal scores: the earlier by video id and place in the
//   video. A detection that is not taken and overlaps an ambiguous interval at all, of any class,
//   counts neither for nor against. Average precision is the sum of the precision at each match /
//   the number of ground truths, not interpolated. One thing differs from the kit: detections in
//   videos without annotations are ignored, not held against. The rules were read from the kit's
//   code; it has not been run to compare with, since it needs MATLAB.
enum class Protocol { kActivityNet, kCo2Net, kThumos };
template <>
inline constexpr Choice<Protocol> kChoices<Protocol>[] = {{Protocol::kActivityNet, "activitynet"},
                                                          {Protocol::kCo2Net, "co2net"},
                                                          {Protocol::kThumos, "thumos"}};

struct EvaluationOptions {
  Protocol protocol = Protocol::kActivityNet;
  std::string subset;        // of the ground truth's videos; empty: all
  std::vector<double> tiou;  // thresholds, above 0
};

// Fractions, not percent.
struct Evaluation {
  std::vector<double> tiou;
  std::vector<double> mAP;  // at each threshold: mean over the classes with ground truth
  std::map<std::string, std::vector<double>> per_class;  // AP at each threshold
  double average = 0;                                    // of mAP over the thresholds

  int videos = 0;                      // of the subset
  int videos_without_predictions = 0;  // their ground truth counts
  int segments = 0;                    // of ground truth
  int predictions = 0;                 // that were evaluated
  int ambiguous_predictions = 0;       // removed before
  int foreign_predictions = 0;         // ignored: their video is not in the subset
  int unknown_labels = 0;              // ignored: the ground truth does not know their class
};

// Errors: Error(kUsage) for a subset that no video is in, listing those that there are;
// Error(kInput) for one without ground truth.
Evaluation evaluate(const Predictions& predictions, const Annotations& annotations,
                    const EvaluationOptions& options);

// "0.1:0.1:0.9" (first, step, last) or "0.5": each is the double nearest to its decimal, as 3
// / 10.0 is. Throws Error(kUsage) for anything else, and unless 0 < first <= last <= 1.
std::vector<double> parse_tiou(const std::string& text);

// The field's averages of mAP over ranges of thresholds, as far as all of a range were evaluated:
// "0.1:0.5", "0.1:0.7" and "0.1:0.9" in steps of 0.1, "0.5:0.95" in steps of 0.05.
std::vector<std::pair<std::string, double>> averages(const Evaluation& evaluation);

}  // namespace co2net
