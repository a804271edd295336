#include <opencv2/core.hpp>
#include <opencv2/core/cuda.hpp>
#include <opencv2/cudaoptflow.hpp>

#include "extractors/tvl1.h"
#include "extractors/tvl1_opencv.h"

namespace co2net {
namespace {

std::string cuda_device(const Recipe::Flow&) {
  if (cv::cuda::getCudaEnabledDeviceCount() < 1) return {};
  return "OpenCV " + cv::getVersionString() + ", " + cv::cuda::DeviceInfo().name();
}

class Tvl1Cuda : public FlowSolver {
 public:
  explicit Tvl1Cuda(const Recipe::Flow& flow)
      : solver_(cv::cuda::OpticalFlowDual_TVL1::create(
            flow.tau, flow.lambda, flow.theta, flow.scales, flow.warps, flow.epsilon,
            flow.outer_iterations * flow.inner_iterations, flow.scale_step, 0.0, false)) {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    from_.upload(from);
    to_.upload(to);
    solver_->calc(from_, to_, flow_);
    cv::Mat flow;
    flow_.download(flow);
    return flow;
  }

 private:
  cv::Ptr<cv::cuda::OpticalFlowDual_TVL1> solver_;
  cv::cuda::GpuMat from_, to_, flow_;
};

}  // namespace

const FlowBackend kTvl1Cuda = {"cuda", is_tvl1_of_gpus, false, cuda_device,
                               [](const Recipe::Flow& flow) -> std::unique_ptr<FlowSolver> {
                                 return std::make_unique<Tvl1Cuda>(flow);
                               }};

}  // namespace co2net
