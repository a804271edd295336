#include "extractors/tvl1.h"

#include <algorithm>

#include "pipeline/error.h"
#include "pipeline/text.h"

namespace co2net {

#ifndef CO2NET_HAVE_CUDAOPTFLOW
void use_gpu_for_flow(int) {}
#endif

std::vector<const FlowBackend*> flow_backends() {
  return {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
      &kTvl1Cuda,
#endif
      &kTvl1OpenCl,
      &kTvl1Cpu,
  };
}

const FlowBackend& choose_flow_backend(const std::string& name, const std::string& variant) {
  std::vector<std::string> variants;
  bool known = name == "auto";
  for (const FlowBackend* backend : flow_backends()) {
    known = known || backend->name == name;
    if (name != "auto" && backend->name != name) continue;
    if (backend->variant == variant) {
      if (!backend->device().empty()) return *backend;
      continue;
    }
    variants.emplace_back(backend->variant);
  }
  if (!known) {
    std::vector<std::string> names = {"auto"};
    for (const FlowBackend* backend : flow_backends()) names.emplace_back(backend->name);
    throw Error(ErrorKind::kUsage,
                "unknown flow backend '" + name + "'; built in: " + joined(names));
  }
  const std::string wanted = "flow.variant=" + variant;
  if (name != "auto" && !variants.empty()) {
    throw Error(ErrorKind::kUsage, "flow backend " + name + " does not compute " + wanted +
                                       "; it computes flow.variant=" + joined(variants));
  }
  throw Error(ErrorKind::kUsage,
              wanted +
                  " needs a CUDA or OpenCL device that OpenCV can use, and there is none (for "
                  "OpenCL on the CPU set OPENCV_OPENCL_DEVICE=:CPU:)");
}

}  // namespace co2net
