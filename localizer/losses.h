#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "localizer/network.h"
#include "localizer/training_options.h"

namespace co2net {

// Each term before its weight, and their weighted sum; scalars. Terms left out are zero.
struct Losses {
  torch::Tensor mil_orig;  // of S; W-TALC's only L_mil
  torch::Tensor mil_supp;  // of S suppressed by the attention
  torch::Tensor cas;       // co-activity similarity
  torch::Tensor ml;        // mutual learning
  torch::Tensor oppo;      // opposition, "guide" in the authors' code
  torch::Tensor norm;      // attention normalisation
  torch::Tensor total;
};

// Rows 0-1, 2-3 and 4-5 of a batch are pairs of videos that share a class.
inline constexpr int kPairs = 3;

//   output  of B videos of T snippets; B >= 2 * kPairs
//   labels  float32 [B, C], 1 for the classes of each video, else 0; a video of background alone
//   has
//           zeros, so that its S is to be background, its suppressed S adds nothing to L_mil, and
//           it is in no pair
Losses co2net_losses(const NetworkOutput& output, const torch::Tensor& labels,
                     const LossOptions& options);

// W-TALC's, of which the others are zero; weights are options.mil and options.cas.
//   lengths  of each video: of its T rows the first so many are its snippets, the rest is padding
// Where the authors' code gives NaN, nothing is learned: a video without snippets or without labels
// adds nothing to L_mil, and is not counted in its mean; a pair with a video of one snippet, for
// which L_cas has no snippets to be unlike, adds nothing to L_cas.
Losses wtalc_losses(const NetworkOutput& output, const torch::Tensor& labels,
                    const std::vector<std::int64_t>& lengths, const LossOptions& options);

// L_mil of a class activation sequence: cross-entropy of the softmax over the classes' pooled
// scores, averaged over the batch.
//   cas         [B, T, C+1]
//   background  the background's label, 0 or 1
torch::Tensor multiple_instance_loss(const torch::Tensor& cas, const torch::Tensor& labels,
                                     double background, int top_k_ratio);

// L_cas (after W-TALC, Paul et al., ECCV 2018): over the pairs and the classes that they share,
// features where a class is active should be alike, and unlike the other video's where it is not.
// 0 if no pair shares a class.
//   feat     [B, T, 2D]
//   cas      [B, T, C+1], suppressed; W-TALC's [B, T, C]
//   lengths  W-TALC's, as above; without them all rows count
torch::Tensor coactivity_loss(const torch::Tensor& feat, const torch::Tensor& cas,
                              const torch::Tensor& labels,
                              const std::vector<std::int64_t>& lengths = {});

// L_ml: either attention [B, T] learns from the other, which is held fixed. kKl and kJs take each
// snippet's attention as a Bernoulli variable's parameter.
torch::Tensor mutual_loss(const torch::Tensor& attn_rgb, const torch::Tensor& attn_flow,
                          Distance distance);

}  // namespace co2net
