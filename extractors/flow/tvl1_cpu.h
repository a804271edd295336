#pragma once

#include <memory>

#include "extractors/flow/tvl1.h"
#include "extractors/flow/tvl1_kernels.h"

namespace co2net {

// The backend "cpu" on one instruction set's kernels. With flow.precision=exact, all give the same
// bytes, which for flow.variant=opencv-cpu are those of OpenCV 4.6's DualTVL1OpticalFlow as Debian
// builds it for x86-64. Solving throws Error(kInternal) for frames that are no uint8 gray images of
// equal size.
std::unique_ptr<FlowSolver> make_tvl1_cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels);

// flow.variant=opencv-cuda as OpenCV's OpenCL code has it, which resizes as the CPU code does: to
// compare with, as CUDA's own differs by more than all else together.
std::unique_ptr<FlowSolver> make_tvl1_as_opencl(const Recipe::Flow& flow,
                                                const Tvl1Kernels& kernels);

}  // namespace co2net
