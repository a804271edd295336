#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/compat.h"
#include "pipeline/datasets/network_spec.h"
#include "pipeline/datasets/operating_point.h"
#include "pipeline/formats/array.h"
#include "pipeline/formats/npy.h"
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
  double middle = 0.5;           // of a snippet, in strides from its start: window / (2 * stride)
  // kAuthors: a threshold that snippet 0 alone exceeds gives no candidate; soft_nms() has more.
  Compat compat = Compat::kAuthors;
  // What the scores are of. A classifier has no attention and no background: each of its classes is
  // its own attention, its activation is not weighted, the mean of its highest snippets is its
  // video score as it is, and none is kept that does not reach the threshold.
  NetworkKind kind = NetworkKind::kCo2Net;
};

// The score of each class for the whole video, by which segments are kept: the mean of the class's
// activation, weighted by attention, over its highest max(1, T / top_k_ratio) snippets, and softmax
// of these over all classes and the background, which is left out. Without softmax and attention
// for a classifier.
//   cas, attn  as propose() takes them, T >= 1
// Errors: as propose(); Error(kInput) for no snippets.
std::vector<double> video_scores(const Array& cas, const Array& attn,
                                 const ProposalOptions& options = {});

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

// The same of a video's scores as they are saved, by what they are of: cas and attn, or cas alone
// of a W-TALC. Errors: Error(kInput) for an array that is missing, and as above.
std::vector<Proposal> proposals_of(const Arrays& scores, const ProposalOptions& options);
const Array& array_at(const Arrays& scores, const std::string& name);

// A class that a video is said to have.
struct KeptClass {
  int label = 0;         // class index
  double score = 0;      // the video's
  double threshold = 0;  // that the score reached

  bool operator==(const KeptClass&) const = default;
};

// What a person can act on: empty where nothing happens.
struct FinalSegments {
  std::vector<KeptClass> classes;  // ascending
  // Classes ascending, the highest contrast first; those of a class do not overlap. A score is a
  // candidate's before soft-NMS.
  std::vector<FinalSegment> segments;
};

// The video score from which on a class of so many may be told from chance: with no attention at
// all every class scores 1 / (C + 1).
double least_telling_score(std::size_t classes);

// For a model without an operating point: 0.2, or more for few classes.
ClassThresholds fallback_thresholds(std::size_t classes);

// Of each class whose video score reaches its threshold, and not options.class_threshold, the runs
// of propose() by falling contrast, mean activation inside minus just outside: one is taken if that
// is positive, at least 0.2 of the class's highest in this video, and it shares no snippet with one
// taken before. Of equals that of the lower attention threshold comes first, then the earlier. So
// each event has one level, and a class's weak echo in another's runs falls out. Attention belongs
// to a snippet's middle: a segment begins where the line between the middles before and after the
// run's start crosses the run's threshold, and ends likewise; at the video's limits it stays there.
// Errors: as propose().
FinalSegments final_segments(const Array& cas, const Array& attn, const ClassThresholds& thresholds,
                             const ProposalOptions& options = {});

// Snippets a second of the benchmarks' features.
inline constexpr double kSnippetsPerSecond = 25.0 / 16;

// Whether snippets [start, end) share one with an interval, whose ends are first rounded to whole
// snippets, half to even.
bool is_ambiguous(double start, double end, const std::vector<Interval>& ambiguous,
                  double snippets_per_second);

}  // namespace co2net
