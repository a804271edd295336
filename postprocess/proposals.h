#pragma once

#include <vector>

#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/compat.h"
#include "pipeline/formats/array.h"
#include "postprocess/proposal.h"

namespace co2net {

// `count` >= 2 evenly spaced values from `first` to `last`, both included.
std::vector<double> linspace(double first, double last, int count);

// Defaults: the published constants.
struct ProposalOptions {
  std::vector<double> attention_thresholds = linspace(0.1, 0.9, 10);
  double class_threshold = 0.2;  // classes whose video score reaches it are kept, or the best one
  int top_k_ratio = 10;          // >= 1; a video score averages the top max(1, T / ratio) snippets
  double outer_ratio = 0.25;     // context on either side of a segment, relative to its length
  double gamma = 0.2;            // weight of the video score in a segment's
  double sigma = 0.3;            // > 0; of soft-NMS
  int min_snippets = 1;          // shorter videos have no segments
  // kAuthors: a threshold that snippet 0 alone exceeds gives no candidate; soft_nms() has more.
  Compat compat = Compat::kAuthors;
};

// From a video's scores to its segments (CO2-Net, arXiv 2107.12589; the score of a segment follows
// AutoLoc's outer-inner contrast): runs of snippets whose attention exceeds a threshold, scored by
// attention-weighted class activation inside minus just outside, then soft-NMS per class.
//   cas      [T, C+1], background last
//   attn     [T] in [0, 1]
//   returns  classes ascending, within a class as soft-NMS gives them; every candidate is kept,
//            also the same run from several thresholds; nothing for T < min_snippets
// Errors: Error(kInput) for other shapes or values that are not finite.
std::vector<Proposal> propose(const Array& cas, const Array& attn,
                              const ProposalOptions& options = {});

// Snippets a second of the benchmarks' features.
inline constexpr double kSnippetsPerSecond = 25.0 / 16;

// Whether snippets [start, end) share one with an interval, whose ends are first rounded to whole
// snippets, half to even.
bool is_ambiguous(double start, double end, const std::vector<Interval>& ambiguous,
                  double snippets_per_second);

}  // namespace co2net
