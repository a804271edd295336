#include "extractors/flow/tvl1.h"

#include <algorithm>
#include <opencv2/core.hpp>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {

void expect_gray_pair(const cv::Mat& from, const cv::Mat& to) {
  const bool are_gray = from.type() == CV_8UC1 && to.type() == CV_8UC1;
  if (are_gray && from.size() == to.size() && !from.empty()) return;
  throw Error(ErrorKind::kInternal,
              "flow needs two uint8 gray images of equal size that have pixels");
}

std::vector<FlowBackend> flow_backends([[maybe_unused]] std::optional<int> gpu) {
  return {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
      tvl1_cuda(gpu),
#endif
      kTvl1OpenCl,
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
  if (!is_in(able)) {
    throw Error(ErrorKind::kUsage, "flow backend " + name +
                                       " does not compute flow.variant=" + name_of(flow.variant) +
                                       " with flow.precision=" + name_of(flow.precision) + "; " +
                                       joined(able) + " can");
  }
  throw Error(ErrorKind::kUsage,
              "flow backend " + name +
                  " has no device here that OpenCV can use (for OpenCL on the CPU set "
                  "OPENCV_OPENCL_DEVICE=:CPU:); flow backend cpu needs none");
}

}  // namespace co2net
