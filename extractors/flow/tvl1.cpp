#include "extractors/flow/tvl1.h"

#include <algorithm>
#include <opencv2/core.hpp>

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

FlowBackend choose_flow_backend(const std::string& name, const Recipe::Flow& flow,
                                std::optional<int> gpu) {
  std::vector<std::string> names = {"auto"}, able;
  for (const FlowBackend& backend : flow_backends(gpu)) {
    names.emplace_back(backend.name);
    if (!backend.computes(flow)) continue;
    able.emplace_back(backend.name);
    const bool asked_for = name == "auto" || name == backend.name;
    if (asked_for && !backend.device(flow).empty()) return backend;
  }
  const auto is_in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  if (!is_in(names)) {
    throw Error(ErrorKind::kUsage,
                "unknown flow backend '" + name + "'; built in: " + joined(names));
  }
  if (flow.variant == FlowVariant::kOpencvCuda && (name == "auto" || is_in(able))) {
    throw Error(
        ErrorKind::kUsage,
        "flow.variant=opencv-cuda is OpenCV's own code for NVIDIA's GPUs, which needs such a "
        "GPU, --device cuda, and a build with an OpenCV that has cudaoptflow; "
        "flow.variant=portable computes about the same everywhere");
  }
  throw Error(ErrorKind::kUsage, "flow backend " + name +
                                     " does not compute flow.variant=" + name_of(flow.variant) +
                                     (able.empty() ? "" : "; " + joined(able) + " can"));
}

}  // namespace co2net
