#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "extractors/flow/tvl1.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

#ifdef CO2NET_HAVE_CUDAOPTFLOW
// OpenCV's cuda::OpticalFlowDual_TVL1, for kOpencvCuda.
FlowBackend tvl1_opencv_cuda(std::optional<int> gpu);
#endif

// Those that need no device of OpenCL's, best first. `gpu` is the one of CUDA's that they may take,
// if any.
std::vector<FlowBackend> flow_backends(std::optional<int> gpu);

// What `open` gives, or a warning and nothing where it fails: of a GPU that nobody asked for by
// name, which does not do. Throws Error(kInterrupted).
std::optional<FlowBackend> backend_if_it_opens(const std::function<FlowBackend()>& open);

// The backend called `name`, or with "auto" the best one here that computes `flow`:
//   cpu           ours
//   cuda[:N]      ours on a GPU of CUDA's, without N on `gpu` or the first; auto's first choice
//   opencl[:N]    ours on a device of OpenCL's, N counting all of them, from 0; without N on the
//                 first GPU, which auto takes too, and where there is none on the first device
//   opencv        OpenCV's own code for CUDA, on `gpu`
// A device that does not give the CPU's bytes is refused, with auto by a warning. `kernels` keeps
// what is compiled for devices. Throws Error(kUsage) if the backend is unknown, does not compute
// that, or can't run here, and says what can.
FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu, DiskCache* kernels = nullptr);

}  // namespace co2net
