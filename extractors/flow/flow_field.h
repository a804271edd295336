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

  // Calls take(i, flow) with float32 [H, W, 2] in pixels from pairs[i].first to pairs[i].second
  // (gray, uint8), on any thread that is in a call, and in no order. Throws Error(kInternal) if the
  // backend makes no solver, and what `take` throws. May be called by several threads at once.
  using Pair = FlowPair;
  using Taker = FlowTaker;
  void solve(const std::vector<Pair>& pairs, const Taker& take);

  // Flow of a video's frames in three steps, so that several parts of it, which may share frames,
  // are in flow at the same time. The first and the last step go from part to part in order.
  //
  // 1. The frames whose flow is missing, for every i with wanted(i), and that no other part has
  //    claimed; frames[i + 1] must exist, except for the last frame of a video, which takes the
  //    flow before it.
  static std::vector<std::size_t> claim(const std::vector<FramePtr>& frames,
                                        const std::function<bool(std::size_t)>& wanted);
  // 2. Solves and quantises those.
  void fill(const std::vector<FramePtr>& frames, const std::vector<std::size_t>& claimed);
  // 3. Gives a video's last frame the flow before it, or none to a single one, where it has none.
  void repeat_last(const std::vector<FramePtr>& frames) const;

  // Of the solvers, in pairs.
  Effort effort() const { return meter_.total(); }

 private:
  struct Solvers;
  std::unique_ptr<FlowSolver> make_solver() const;
  FlowBatch& batch();

  const FlowBackend backend_;
  const Recipe::Flow flow_;
  const Deadline deadline_;
  std::unique_ptr<Solvers> solvers_;
  EffortMeter meter_;
};

}  // namespace co2net
