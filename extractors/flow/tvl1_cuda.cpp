#include <cuda_runtime_api.h>

#include <cstddef>
#include <opencv2/core.hpp>
#include <opencv2/core/cuda.hpp>
#include <opencv2/cudaoptflow.hpp>

#include "extractors/flow/flow_backend.h"
#include "extractors/flow/frame_flow.h"

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

// Page-locked buffers of the host, which a GPU copies from and to while others work.
class Tvl1Cuda : public FlowSolver {
 public:
  Tvl1Cuda(const Recipe::Flow& flow, int gpu)
      : gpu_(on_gpu(gpu)),
        stream_(kNonBlocking),
        solver_(cv::cuda::OpticalFlowDual_TVL1::create(
            flow.tau, flow.lambda, flow.theta, flow.scales, flow.warps, flow.epsilon,
            flow.outer_iterations * flow.inner_iterations, flow.scale_step, 0.0, false)) {}

  void start(const GrayView& frame) override {
    expect_frame(frame, frame.size);
    on_gpu(gpu_);
    upload(frame);
  }

  FlowView next(const GrayView& frame) override {
    expect_frame(frame, {to_.rows, to_.cols});
    on_gpu(gpu_);
    from_.swap(to_);
    upload(frame);
    solver_->calc(from_, to_, flow_, stream_);
    flow_.download(host_flow_, stream_);
    stream_.waitForCompletion();
    return flow_view(host_flow_.createMatHeader());
  }

 private:
  void upload(const GrayView& frame) {
    stream_.waitForCompletion();  // or the buffer may still be on its way
    mat_of(frame).copyTo(host_frame_);
    to_.upload(host_frame_, stream_);
  }

  // CUDA keeps the choice for the calling thread.
  static int on_gpu(int index) {
    cv::cuda::setDevice(index);
    return index;
  }

  int gpu_;
  cv::cuda::Stream stream_;
  cv::Ptr<cv::cuda::OpticalFlowDual_TVL1> solver_;
  cv::cuda::HostMem host_frame_, host_flow_;  // page-locked
  cv::cuda::GpuMat from_, to_, flow_;
};

}  // namespace

FlowBackend tvl1_opencv_cuda(std::optional<int> gpu) {
  return {
      "opencv", [](const Recipe::Flow& flow) { return flow.variant == FlowVariant::kOpencvCuda; },
      kConcurrent, [gpu](const Recipe::Flow&) { return cuda_device(gpu); },
      [gpu](const Recipe::Flow& flow) { return std::make_unique<Tvl1Cuda>(flow, gpu.value()); }};
}

}  // namespace co2net
