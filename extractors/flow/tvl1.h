#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/stages/recipe.h"

namespace cv {
class Mat;
}

namespace co2net {

// Solves TV-L1 optical flow (Zach, Pock, Bischof, DAGM 2007) for one pair at a time. It keeps
// buffers between calls and belongs to one thread; every pair is solved from zero flow.
class FlowSolver {
 public:
  virtual ~FlowSolver() = default;
  //   from, to   uint8 [H, W] gray (CV_8UC1), of equal size
  //   returns    float32 [H, W, 2] (CV_32FC2): (x, y) displacement in pixels; the point (x, y) of
  //              `from` is at (x + u, y + v) in `to`
  virtual cv::Mat solve(const cv::Mat& from, const cv::Mat& to) = 0;
};

// Throws Error(kInternal) unless both are what solvers take and have pixels.
void expect_gray_pair(const cv::Mat& from, const cv::Mat& to);

// A way to compute flow. The recipe's flow.variant says whose algorithm gives the numbers; a
// backend is where it runs.
struct FlowBackend {
  std::string_view name;                       // "cpu", "opencl", "cuda"
  bool (*computes)(const Recipe::Flow& flow);  // that variant, at that precision
  bool concurrent;  // whether solvers on several threads are faster than one
  // All that its results depend on beside the recipe, such as a driver's version; empty if it can't
  // run here.
  std::function<std::string(const Recipe::Flow& flow)> device;
  std::function<std::unique_ptr<FlowSolver>(const Recipe::Flow& flow)> make;
};

// Ours, for every recipe. At kExact precision its bytes are the same on every CPU, and with
// kOpencvCpu those of OpenCV 4.6's DualTVL1OpticalFlow.
extern const FlowBackend kTvl1Cpu;
// OpenCV's OpenCL code, by way of its transparent API. It is its CUDA code but for resizing.
extern const FlowBackend kTvl1OpenCl;
#ifdef CO2NET_HAVE_CUDAOPTFLOW
FlowBackend tvl1_cuda(std::optional<int> gpu);  // OpenCV's cuda::OpticalFlowDual_TVL1
#endif

// The backends compiled in, best first. `gpu` is the one of CUDA's that they may take, if any.
std::vector<FlowBackend> flow_backends(std::optional<int> gpu);

// The backend called `name`, or with "auto" the best one here that computes `flow`. Throws
// Error(kUsage) if it is unknown, does not compute that, or can't run here, and says what can.
FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu);

}  // namespace co2net
