#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/recipe.h"

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

// A way to compute flow. The recipe's flow.variant says whose algorithm gives the numbers; a
// backend is where it runs.
struct FlowBackend {
  std::string_view name;     // "cpu", "opencl", "cuda"
  std::string_view variant;  // the one it computes
  bool concurrent;           // whether solvers on several threads are faster than one
  std::string (*device)();   // what it would run on, with versions; empty if it can't run here
  std::unique_ptr<FlowSolver> (*make)(const Recipe::Flow& flow);
};

extern const FlowBackend kTvl1Cpu;  // OpenCV's DualTVL1OpticalFlow
// Its OpenCL code, by way of OpenCV's transparent API. Not reproducible: OpenCV 4.6 under PoCL
// gives the same pair other flow each time, by pixels near the borders and by 0.01 inside.
extern const FlowBackend kTvl1OpenCl;
#ifdef CO2NET_HAVE_CUDAOPTFLOW
extern const FlowBackend kTvl1Cuda;  // OpenCV's cuda::OpticalFlowDual_TVL1
#endif
// The GPU that kTvl1Cuda takes from now on, for the whole process: an index, -1 for none. 0 until
// then.
void use_gpu_for_flow(int index);

// The backends compiled in, best first.
std::vector<const FlowBackend*> flow_backends();

// The backend called `name`, or with "auto" the best one here that computes `variant`. Throws
// Error(kUsage) if it is unknown, computes another variant, or can't run here, and says what can.
const FlowBackend& choose_flow_backend(const std::string& name, const std::string& variant);

}  // namespace co2net
