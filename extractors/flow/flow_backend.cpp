#include "extractors/flow/flow_backend.h"

#include <spdlog/spdlog.h>

#include <charconv>

#include "extractors/flow/cuda.h"
#include "extractors/flow/opencl.h"
#include "extractors/flow/tvl1_gpu.h"
#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {

std::vector<FlowBackend> flow_backends([[maybe_unused]] std::optional<int> gpu) {
  return {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
      tvl1_opencv_cuda(gpu),
#endif
      kTvl1Cpu,
  };
}

namespace {

const std::vector<std::string> kNames = {"auto",   "cpu",      "cuda",  "cuda:N",
                                         "opencl", "opencl:N", "opencv"};

enum class Kind { kAuto, kCpu, kCuda, kOpenCl, kOpenCv };

struct Place {
  Kind kind = Kind::kAuto;
  std::optional<int> index;  // of CUDA's or OpenCL's devices
};

// The N of "opencl:N".
std::optional<int> index_in(const std::string& name, const std::string& prefix) {
  int index = 0;
  if (!name.starts_with(prefix)) return std::nullopt;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + prefix.size(), end, index);
  return parsed.ec == std::errc() && parsed.ptr == end && index >= 0 ? std::optional(index)
                                                                     : std::nullopt;
}

// Knows those too that are not compiled in.
Place parse_backend(const std::string& name) {
  if (name == "auto") return {Kind::kAuto, {}};
  if (name == "cpu") return {Kind::kCpu, {}};
  if (name == "cuda") return {Kind::kCuda, {}};
  if (name == "opencl") return {Kind::kOpenCl, {}};
  if (name == "opencv") return {Kind::kOpenCv, {}};
  if (const auto index = index_in(name, "cuda:")) return {Kind::kCuda, index};
  if (const auto index = index_in(name, "opencl:")) return {Kind::kOpenCl, index};
  throw Error(ErrorKind::kUsage, "flow backend " + not_one_of(name, kNames));
}

FlowBackend cuda_backend(int index, const Recipe::Flow& flow, DiskCache* kernels) {
  return checked_gpu_backend("cuda", open_cuda_for_tvl1(index, kernels), flow);
}

FlowBackend opencl_backend(int index, const Recipe::Flow& flow, DiskCache* kernels) {
  return checked_gpu_backend("opencl", open_opencl_for_tvl1(index, kernels), flow);
}

// The first GPU of OpenCL's, none where OpenCL is missing.
std::optional<int> present_opencl_gpu() {
  try {
    return first_opencl_gpu(opencl_api());
  } catch (const Error& e) {
    spdlog::debug("{}", e.what());
    return std::nullopt;
  }
}

std::optional<FlowBackend> best_gpu_backend(const Recipe::Flow& flow, int cuda_gpu,
                                            DiskCache* kernels) {
  std::optional<FlowBackend> best;
  if (cuda_gpu < cuda_device_count()) {
    best = backend_if_it_opens([&] { return cuda_backend(cuda_gpu, flow, kernels); });
  }
  if (best) return best;
  if (const std::optional<int> gpu = present_opencl_gpu()) {
    best = backend_if_it_opens([&] { return opencl_backend(*gpu, flow, kernels); });
  }
  return best;
}

}  // namespace

std::optional<FlowBackend> backend_if_it_opens(const std::function<FlowBackend()>& open) {
  try {
    return open();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    spdlog::warn("{}; flow does not run there", e.what());
    return std::nullopt;
  }
}

FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu, DiskCache* kernels) {
  const Place place = parse_backend(name);
  if (flow.variant == FlowVariant::kPortable) {
    const int cuda_gpu = place.index.value_or(gpu.value_or(0));
    if (place.kind == Kind::kCuda) return cuda_backend(cuda_gpu, flow, kernels);
    if (place.kind == Kind::kOpenCl) {
      const int index = place.index ? *place.index : present_opencl_gpu().value_or(0);
      return opencl_backend(index, flow, kernels);
    }
    if (place.kind == Kind::kAuto) {
      if (auto backend = best_gpu_backend(flow, cuda_gpu, kernels)) return *std::move(backend);
    }
  }
  for (const FlowBackend& backend : flow_backends(gpu)) {
    const bool asked_for = place.kind == Kind::kAuto || name == backend.name;
    if (asked_for && backend.computes(flow) && !backend.device(flow).empty()) return backend;
  }
  const std::string variant = "flow.variant=" + std::string(name_of(flow.variant));
  if (flow.variant == FlowVariant::kOpencvCuda) {
    throw Error(ErrorKind::kUsage,
                variant +
                    " is OpenCV's own code for NVIDIA's GPUs: it needs the backend opencv (or "
                    "auto), such a GPU, and a build with an OpenCV that has cudaoptflow; about the "
                    "same is computed everywhere with --recipe-set flow.variant=portable");
  }
  throw Error(ErrorKind::kUsage, name + " does not compute " + variant + ", which cpu and auto do");
}

}  // namespace co2net
