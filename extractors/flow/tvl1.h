#pragma once

#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/effort.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

class DiskCache;

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

using FlowPair = std::pair<cv::Mat, cv::Mat>;
// Gets the flow of pair i, as FlowSolver gives it.
using FlowTaker = std::function<void(std::size_t i, const cv::Mat& flow)>;

// Solves many pairs at once.
class FlowBatch {
 public:
  virtual ~FlowBatch() = default;

  // Calls take(i, flow) for each pair, in no order and on any thread that is in a call; pairs of
  // several callers are solved at the same time. Throws what fails for any of them: the device, a
  // deadline, `take`; after that nothing is solved any more.
  virtual void solve(const std::vector<FlowPair>& pairs, const FlowTaker& take,
                     const Deadline& deadline, EffortMeter& meter) = 0;
};

// A way to compute flow. The recipe's flow.variant says whose algorithm gives the numbers; a
// backend is where it runs.
struct FlowBackend {
  std::string name;  // "cpu", "opencl:0", "opencv"
  bool (*computes)(const Recipe::Flow& flow);
  bool concurrent;  // whether solvers on several threads are faster than one
  // All that its results depend on beside the recipe, such as a driver's version; empty if it can't
  // run here.
  std::function<std::string(const Recipe::Flow& flow)> device;
  std::function<std::unique_ptr<FlowSolver>(const Recipe::Flow& flow)> make;
  // Of a backend that wants many pairs at once, in place of `make`.
  std::function<std::unique_ptr<FlowBatch>(const Recipe::Flow& flow)> make_batch = nullptr;
  std::string where = {};    // the device in words, where that is more than its results depend on
  std::string same_as = {};  // the backend whose bytes it gives, if not its own alone

  // For cache keys.
  const std::string& key_name() const { return same_as.empty() ? name : same_as; }
};

// Ours, for kPortable and kOpencvCpu. Its bytes are the same on every CPU, and with kOpencvCpu
// those of OpenCV 4.6's DualTVL1OpticalFlow.
extern const FlowBackend kTvl1Cpu;
#ifdef CO2NET_HAVE_CUDAOPTFLOW
// OpenCV's cuda::OpticalFlowDual_TVL1, for kOpencvCuda.
FlowBackend tvl1_opencv_cuda(std::optional<int> gpu);
#endif

// Those that need no device of OpenCL's, best first. `gpu` is the one of CUDA's that they may take,
// if any.
std::vector<FlowBackend> flow_backends(std::optional<int> gpu);

// The backend called `name`, or with "auto" the best one here that computes `flow`:
//   cpu           ours
//   cuda[:N]      ours on a GPU of CUDA's, without N on `gpu` or the first; auto's first choice
//   opencl[:N]    ours on a device of OpenCL's, N counting all of them, from 0; auto takes the
//   first
//                 that is a GPU
//   opencv        OpenCV's own code for CUDA, on `gpu`
// A device that does not give the CPU's bytes is refused, with auto by a warning. `kernels` keeps
// what is compiled for devices. Throws Error(kUsage) if the backend is unknown, does not compute
// that, or can't run here, and says what can.
FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu, DiskCache* kernels = nullptr);

}  // namespace co2net
