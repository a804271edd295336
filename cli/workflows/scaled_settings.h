#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/workflows/training_settings.h"

namespace co2net {

// What the settings for a set of videos depend on.
struct SetSize {
  std::size_t videos = 0;  // with labels
  std::int64_t median_snippets = 0;
};

// Settings for a set of one's own, where the published ones are for 200 videos and more:
//   iterations      100 a video, 2000 to 20000
//   learning_rate   one to four times the published: such that iterations * learning_rate is that
//                   of 10000 published iterations
//   evaluate_every  a fortieth of the iterations
//   patience        0: a handful of held-out videos says too little to stop by
//   length          the median of the videos', 30 to 500 snippets
//   top_k_ratio     of the published setting whose length is nearer: 5 below 100 snippets, else 7
//   min_snippets    1: no video is too short
//   held_out_share  ten videos, but at least a tenth and at most a quarter
// Of a W-TALC learning_rate, length and top_k_ratio stay the published.
TrainingSettings scaled_to(TrainingSettings settings, const SetSize& set);

// The settings above and what they follow from, in one line.
std::string in_words(const TrainingSettings& settings, const SetSize& set);

}  // namespace co2net
