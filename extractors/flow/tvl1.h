#pragma once

#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/stages/recipe.h"

namespace co2net {

// Solves TV-L1 optical flow (Zach, Pock, Bischof, DAGM 2007) from each frame to the next, so that
// what is made of a frame alone is made once. It keeps buffers between calls and belongs to one
// thread; every flow is solved from zero.
class FlowSolver {
 public:
  virtual ~FlowSolver() = default;

  // The first frame: uint8 [H, W] gray (CV_8UC1). Throws Error(kInternal) for anything else.
  virtual void start(const cv::Mat& frame) = 0;

  // The flow to `frame`, which has the last one's type and size, from that: float32 [H, W, 2]
  // (CV_32FC2), (x, y) displacement in pixels; the last frame's point (x, y) is at (x + u, y + v)
  // in `frame`. Throws Error(kInternal) for other frames.
  virtual cv::Mat next(const cv::Mat& frame) = 0;

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to);
};

// Throws Error(kInternal) unless the frame is what solvers take, and of that size.
void expect_gray(const cv::Mat& frame);
void expect_gray(const cv::Mat& frame, cv::Size size);

// A way to compute flow. The recipe's flow.variant says whose algorithm gives the numbers; a
// backend is where it runs.
struct FlowBackend {
  std::string_view name;  // "cpu", "opencv"
  bool (*computes)(const Recipe::Flow& flow);
  bool concurrent;  // whether solvers on several threads are faster than one
  // All that its results depend on beside the recipe, such as a driver's version; empty if it can't
  // run here.
  std::function<std::string(const Recipe::Flow& flow)> device;
  std::function<std::unique_ptr<FlowSolver>(const Recipe::Flow& flow)> make;
};

// Ours, for kPortable and kOpencvCpu. Its bytes are the same on every CPU, and with kOpencvCpu
// those of OpenCV 4.6's DualTVL1OpticalFlow.
extern const FlowBackend kTvl1Cpu;
#ifdef CO2NET_HAVE_CUDAOPTFLOW
// OpenCV's cuda::OpticalFlowDual_TVL1, for kOpencvCuda.
FlowBackend tvl1_opencv_cuda(std::optional<int> gpu);
#endif

// The backends compiled in, best first. `gpu` is the one of CUDA's that they may take, if any.
std::vector<FlowBackend> flow_backends(std::optional<int> gpu);

// The backend called `name`, or with "auto" the best one here that computes `flow`. Throws
// Error(kUsage) if it is unknown, does not compute that, or can't run here, and says what can.
FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu);

}  // namespace co2net
