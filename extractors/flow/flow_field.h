#pragma once

#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <utility>
#include <vector>

#include "extractors/flow/tvl1.h"
#include "extractors/video/frame.h"
#include "pipeline/base/effort.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// Flow in pixels to bytes: v truncated to [-bound, bound], then 255 * (v + bound) / (2 * bound),
// rounded half to even.
//   flow     float32 [H, W, 2]
//   returns  uint8 [H, W, 2]
cv::Mat quantise_flow(const cv::Mat& flow, double bound);

// Solves flows between frames and their successors, several pairs at once where the backend gains
// from that. Which thread solves which pair does not change a result.
class FlowField {
 public:
  // Each solve checks `deadline` before every pair.
  FlowField(FlowBackend backend, const Recipe::Flow& flow, const Deadline& deadline);
  ~FlowField();

  // float32 [H, W, 2] in pixels from pairs[i].first to pairs[i].second (gray, uint8), in order.
  // Throws Error(kInternal) if the backend makes no solver.
  std::vector<cv::Mat> solve(const std::vector<std::pair<cv::Mat, cv::Mat>>& pairs);

  // Fills the missing `flow` of frames[i] for every i with wanted(i); frames[i + 1] must exist,
  // except for the last frame of a video, which repeats the flow before it.
  void fill(const std::vector<FramePtr>& frames, const std::function<bool(std::size_t)>& wanted);

  // Of the solvers, in pairs.
  Effort effort() const { return meter_.total(); }

 private:
  struct Solvers;
  std::unique_ptr<FlowSolver> make_solver() const;

  const FlowBackend backend_;
  const Recipe::Flow flow_;
  const Deadline deadline_;
  std::unique_ptr<Solvers> solvers_;
  EffortMeter meter_;
};

}  // namespace co2net
