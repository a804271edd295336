#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <utility>
#include <vector>

#include "extractors/effort.h"
#include "extractors/tvl1.h"
#include "pipeline/interrupt.h"
#include "pipeline/recipe.h"

struct AVFrame;

namespace co2net {

// A frame at the recipe's size, H x W.
struct Frame {
  cv::Mat bgr;   // uint8 [H, W, 3]
  cv::Mat gray;  // uint8 [H, W]; empty if flow was read rather than solved
  cv::Mat flow;  // uint8 [H, W, 2]: quantised (x, y) to the next frame; empty until solved
};
using FramePtr = std::shared_ptr<Frame>;

// Yields a video's frames in order, null at the end.
using FrameSource = std::function<FramePtr()>;

// The size of frames under a recipe: "exact" gives width x height, "short-side" scales both sides
// by one factor and rounds to the nearest pixel.
cv::Size frame_size(const Recipe::Resize& resize, cv::Size native);

// A decoded BGR24 frame at the recipe's size: gray is OpenCV's BGR2GRAY at native size, then both
// are resized by OpenCV's bilinear interpolation.
FramePtr scale_frame(const AVFrame& native, const Recipe::Resize& resize);

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
  FlowField(const FlowBackend& backend, const Recipe::Flow& flow, const Deadline& deadline);
  ~FlowField();

  // float32 [H, W, 2] in pixels from pairs[i].first to pairs[i].second (gray, uint8), in order.
  std::vector<cv::Mat> solve(const std::vector<std::pair<cv::Mat, cv::Mat>>& pairs);

  // Fills the missing `flow` of frames[i] for every i with wanted(i); frames[i + 1] must exist,
  // except for the last frame of a video, which repeats the flow before it.
  void fill(const std::vector<FramePtr>& frames, const std::function<bool(std::size_t)>& wanted);

  // Of the solvers, in pairs.
  Effort effort() const { return meter_.total(); }

 private:
  struct Solvers;
  const FlowBackend& backend_;
  const Recipe::Flow flow_;
  const Deadline deadline_;
  std::unique_ptr<Solvers> solvers_;
  EffortMeter meter_;
};

}  // namespace co2net
