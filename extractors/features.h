#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "extractors/flow/flow_field.h"
#include "extractors/video/frame.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/formats/array.h"
#include "pipeline/stages/modality.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// One stream's network: float32 [N, C, 16, S, S] -> [N, D], S the recipe's crop size, N at most
// `clips_at_once`. Called from many threads at once, and must not use other threads itself: that is
// why features do not depend on the number of threads.
using SnippetNetwork = std::function<Array(const Array& clip)>;

struct FeatureJob {
  Recipe recipe;
  FrameSource source;
  FlowField* flow = nullptr;  // fills flows that the source leaves empty; null without that stream
  std::vector<SnippetNetwork> networks;  // in the order of the features' columns
  std::vector<Modality> modalities;      // networks[i] sees modalities[i]
  int feature_size = 0;                  // D: columns a network
  int clips_at_once = 1;                 // N: that a network takes in a call
  int threads = 1;                       // sets, with N, how many snippets are at work at once
  Deadline deadline;
  Array done;  // rows of an earlier run that was cut short, [t, ...]; empty for none
  // Called after each chunk with all rows so far, as `extract_features` would return them.
  std::function<void(const Array& rows)> on_progress = [](const Array&) {};
};

struct Features {
  Array rows;               // float32 [T, D * networks]; with TenCrop::kKeep [T, 10, D * networks]
  std::int64_t frames = 0;  // of the video
  std::int64_t repeated_frames = 0;  // of the last frame, to fill the last snippet
  // Of this call, without rows that were done: frames, pairs of them, clips.
  Effort decode, flow, networks;
};

// A video's features in one pass, decoding, flow and networks overlapped, in memory that does not
// grow with the video but for the result. Throws Error(kInput) for a video without frames.
Features extract_features(FeatureJob job);

}  // namespace co2net
