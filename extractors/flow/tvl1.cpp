#include "extractors/flow/tvl1.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <opencv2/core.hpp>

#include "extractors/flow/opencl.h"
#include "extractors/flow/tvl1_gpu.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {

cv::Mat FlowSolver::solve(const cv::Mat& from, const cv::Mat& to) {
  start(from);
  return next(to);
}

void expect_gray(const cv::Mat& frame) { expect_gray(frame, frame.size()); }

void expect_gray(const cv::Mat& frame, cv::Size size) {
  if (frame.type() == CV_8UC1 && frame.size() == size && !frame.empty()) return;
  throw Error(ErrorKind::kInternal, "flow needs uint8 gray images of equal size that have pixels");
}

std::vector<FlowBackend> flow_backends([[maybe_unused]] std::optional<int> gpu) {
  return {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
      tvl1_opencv_cuda(gpu),
#endif
      kTvl1Cpu,
  };
}

namespace {

enum class Kind { kAuto, kCpu, kOpenCl, kOpenCv };

struct Place {
  Kind kind = Kind::kAuto;
  int index = 0;  // of OpenCL's devices
};

// Knows those too that are not compiled in.
Place parse_backend(const std::string& name) {
  if (name == "auto") return {Kind::kAuto};
  if (name == "cpu") return {Kind::kCpu};
  if (name == "opencv") return {Kind::kOpenCv};
  constexpr std::string_view kOpenClName = "opencl", kIndexed = "opencl:";
  if (name == kOpenClName) return {Kind::kOpenCl};
  if (name.starts_with(kIndexed)) {
    Place place{Kind::kOpenCl};
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kIndexed.size(), end, place.index);
    if (parsed.ec == std::errc() && parsed.ptr == end && place.index >= 0) return place;
  }
  throw Error(ErrorKind::kUsage,
              "unknown flow backend '" + name + "'; known: auto, cpu, opencl, opencl:N, opencv");
}

FlowBackend opencl_backend(int index, const Recipe::Flow& flow, DiskCache* kernels) {
  const OpenClSource source{kTvl1GpuSource, tvl1_gpu_definitions()};
  return checked_gpu_backend("opencl", open_opencl(opencl_api(), index, source, kernels), flow);
}

// Where nobody asked for a GPU by name, one that does not do is no error.
std::optional<FlowBackend> best_gpu_backend(const Recipe::Flow& flow, DiskCache* kernels) {
  std::optional<int> gpu;
  try {
    gpu = first_opencl_gpu(opencl_api());
  } catch (const Error& e) {
    spdlog::debug("{}", e.what());
  }
  if (!gpu) return std::nullopt;
  try {
    return opencl_backend(*gpu, flow, kernels);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    spdlog::warn("{}; flow runs on the CPU", e.what());
    return std::nullopt;
  }
}

}  // namespace

FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu, DiskCache* kernels) {
  const Place place = parse_backend(name);
  if (flow.variant == FlowVariant::kPortable) {
    if (place.kind == Kind::kOpenCl) return opencl_backend(place.index, flow, kernels);
    if (place.kind == Kind::kAuto) {
      if (std::optional<FlowBackend> backend = best_gpu_backend(flow, kernels)) return *backend;
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
  throw Error(ErrorKind::kUsage, "flow backend " + name + " does not compute " + variant +
                                     ", which the backends cpu and auto do");
}

}  // namespace co2net
