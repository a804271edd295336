#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "extractors/flow/image_view.h"
#include "pipeline/base/effort.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// Two frames of one size; the flow is that from the first to the second.
struct FlowPair {
  GrayView from, to;
};

// Solves TV-L1 optical flow (Zach, Pock, Bischof, DAGM 2007) from each frame to the next, so that
// what is made of a frame alone is made once. It keeps buffers between calls and belongs to one
// thread; every flow is solved from zero.
class FlowSolver {
 public:
  virtual ~FlowSolver() = default;

  // The first frame. Throws Error(kInternal) for one without pixels.
  virtual void start(const GrayView& frame) = 0;

  // The flow to `frame` from the last one; it stays in its place until the next call. Throws
  // Error(kInternal) for a frame of another size.
  virtual FlowView next(const GrayView& frame) = 0;

  FlowView solve(const FlowPair& pair);
};

// Throws Error(kInternal) unless the frame is of that size, and has pixels.
void expect_frame(const GrayView& frame, ImageSize size);

// Gets the flow of pair i for the time of the call: as FlowSolver gives it, or quantised by the
// recipe's bound.
using FlowTaker = std::function<void(std::size_t i, const FlowView& flow)>;
using FlowBytesTaker = std::function<void(std::size_t i, const FlowBytesView& flow)>;
using AnyFlowTaker = std::variant<FlowTaker, FlowBytesTaker>;

// Solves many pairs at once.
class FlowBatch {
 public:
  virtual ~FlowBatch() = default;

  // Calls take(i, flow) for each pair, in no order and on any thread that is in a call; pairs of
  // several callers are solved at the same time. Throws what fails for any of them: the device, a
  // deadline, `take`; after that nothing is solved any more.
  virtual void solve(const std::vector<FlowPair>& pairs, const AnyFlowTaker& take,
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

}  // namespace co2net
