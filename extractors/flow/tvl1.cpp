#include "extractors/flow/tvl1.h"

#include <algorithm>
#include <opencv2/core.hpp>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
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

namespace {

// Of all, those too that are not compiled in.
const std::vector<std::string> kNames = {"auto", "cpu", "opencv"};

}  // namespace

std::vector<FlowBackend> flow_backends([[maybe_unused]] std::optional<int> gpu) {
  return {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
      tvl1_opencv_cuda(gpu),
#endif
      kTvl1Cpu,
  };
}

FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu) {
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
    throw Error(ErrorKind::kUsage, "flow backend " + not_one_of(name, kNames));
  }
  for (const FlowBackend& backend : flow_backends(gpu)) {
    const bool asked_for = name == "auto" || name == backend.name;
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
