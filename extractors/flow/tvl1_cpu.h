#pragma once

#include <memory>

#include "extractors/flow/tvl1.h"
#include "extractors/flow/tvl1_kernels.h"

namespace co2net {

// The backend "cpu" on one instruction set's kernels. All give the same bytes, which for
// flow.variant=portable are those of its definition (README.md), and for opencv-cpu those of OpenCV
// 4.6's DualTVL1OpticalFlow as Debian builds it for x86-64.
std::unique_ptr<FlowSolver> make_tvl1_cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels);

}  // namespace co2net
