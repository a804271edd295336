#include <cuda_runtime_api.h>

#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/core/cuda.hpp>
#include <opencv2/cudaoptflow.hpp>

#include "extractors/flow/tvl1.h"
#include "extractors/flow/tvl1_opencv.h"

namespace co2net {
namespace {

// As cudaStreamNonBlocking: does not wait for the default stream, which libtorch works on.
constexpr std::size_t kNonBlocking = 1;

#ifdef CO2NET_CONCURRENT_CUDA_FLOW
constexpr bool kConcurrent = true;
#else
constexpr bool kConcurrent = false;
#endif

std::string cuda_device(std::optional<int> gpu) {
  if (!gpu || *gpu >= cv::cuda::getCudaEnabledDeviceCount()) return {};
  const cv::cuda::DeviceInfo info(*gpu);
  if (!info.isCompatible()) return {};  // OpenCV was built for other GPUs
  return "OpenCV " + cv::getVersionString() + ", CUDA " + std::to_string(CUDART_VERSION) + ", " +
         info.name();
}

// Page-locked buffers of the host, which a GPU copies from and to while others work. A frame goes
// up once for each of its two pairs: that is little beside some thousands of kernel launches.
class Tvl1Cuda : public FlowSolver {
 public:
  Tvl1Cuda(const Recipe::Flow& flow, int gpu)
      : gpu_(on_gpu(gpu)),
        stream_(kNonBlocking),
        solver_(cv::cuda::OpticalFlowDual_TVL1::create(
            flow.tau, flow.lambda, flow.theta, flow.scales, flow.warps, flow.epsilon,
            flow.outer_iterations * flow.inner_iterations, flow.scale_step, 0.0, false)) {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    expect_gray_pair(from, to);
    on_gpu(gpu_);
    from.copyTo(host_from_);
    to.copyTo(host_to_);
    from_.upload(host_from_, stream_);
    to_.upload(host_to_, stream_);
    solver_->calc(from_, to_, flow_, stream_);
    flow_.download(host_flow_, stream_);
    stream_.waitForCompletion();
    return host_flow_.createMatHeader().clone();
  }

 private:
  // CUDA keeps the choice for the calling thread.
  static int on_gpu(int index) {
    cv::cuda::setDevice(index);
    return index;
  }

  int gpu_;
  cv::cuda::Stream stream_;
  cv::Ptr<cv::cuda::OpticalFlowDual_TVL1> solver_;
  cv::cuda::HostMem host_from_, host_to_, host_flow_;  // page-locked
  cv::cuda::GpuMat from_, to_, flow_;
};

}  // namespace

FlowBackend tvl1_cuda(std::optional<int> gpu) {
  return {
      "cuda", is_tvl1_of_gpus, kConcurrent, [gpu](const Recipe::Flow&) { return cuda_device(gpu); },
      [gpu](const Recipe::Flow& flow) { return std::make_unique<Tvl1Cuda>(flow, gpu.value()); }};
}

}  // namespace co2net
