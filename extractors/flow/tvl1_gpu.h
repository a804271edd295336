#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "extractors/flow/gpu.h"
#include "extractors/flow/tvl1.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// The kernels of kPortable, in a language that is both OpenCL C 1.2 and CUDA, and the definitions
// that they are compiled with ("-DTILE=32", ...).
extern const std::string_view kTvl1GpuSource;
std::vector<std::string> tvl1_gpu_definitions();

constexpr int kPairsInFlight = 32;

// Solves flow.variant=portable on a device; at most `pairs_in_flight` at once, fewer where its
// memory is short, with a warning.
std::unique_ptr<FlowBatch> make_tvl1_gpu(std::shared_ptr<GpuDevice> device,
                                         const Recipe::Flow& flow,
                                         int pairs_in_flight = kPairsInFlight);

// The backend of that name, after it was tried: throws Error(kUsage) naming the device if it gives
// other bytes than the CPU for a small pair.
FlowBackend checked_gpu_backend(const std::string& name, const std::shared_ptr<GpuDevice>& device,
                                const Recipe::Flow& flow);

// A GPU of CUDA's, or a device of OpenCL's, with the kernels built for it. `cache`, which may be
// null, keeps what was built. Throws Error(kUsage) where there is none.
std::shared_ptr<GpuDevice> open_cuda_for_tvl1(int index, DiskCache* cache);
std::shared_ptr<GpuDevice> open_opencl_for_tvl1(int index, DiskCache* cache);

}  // namespace co2net
