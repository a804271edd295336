#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/optflow.hpp>

#include "extractors/tvl1.h"
#include "extractors/tvl1_opencv.h"
#include "pipeline/error.h"

namespace co2net {
namespace {

std::string opencl_device(const Recipe::Flow& = {}) {
  if (!cv::ocl::haveOpenCL()) return {};
  cv::ocl::setUseOpenCL(true);
  if (!cv::ocl::useOpenCL()) return {};
  const cv::ocl::Device& device = cv::ocl::Device::getDefault();
  return "OpenCV " + cv::getVersionString() + ", " + device.name() + ", " + device.version() +
         ", driver " + device.driverVersion();
}

// OpenCV's OpenCL code can filter by the median; its CUDA code, which is what the variant means,
// can't.
Recipe::Flow without_median(Recipe::Flow flow) {
  flow.median = 1;
  return flow;
}

class Tvl1OpenCl : public FlowSolver {
 public:
  explicit Tvl1OpenCl(const Recipe::Flow& flow) : solver_(make_opencv_tvl1(without_median(flow))) {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    cv::UMat device_from, device_to, device_flow;
    from.copyTo(device_from);
    to.copyTo(device_to);
    solver_->collectGarbage();  // or it starts from the last pair's flow
    solver_->calc(device_from, device_to, device_flow);
    cv::Mat flow;
    device_flow.copyTo(flow);
    return flow;
  }

 private:
  cv::Ptr<cv::optflow::DualTVL1OpticalFlow> solver_;
};

// OpenCV falls back to its CPU code without a word when a kernel fails. Its two algorithms differ,
// so equal results give a fallback away.
void expect_opencl_ran(const Recipe::Flow& flow) {
  cv::Mat from(48, 64, CV_8UC1), to;
  cv::RNG(1).fill(from, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(from, from, {7, 7}, 2);
  cv::warpAffine(from, to, cv::Matx23d(1, 0, 1.5, 0, 1, -0.5), from.size());
  const cv::Mat on_device = Tvl1OpenCl(flow).solve(from, to);
  cv::Mat on_cpu;
  make_opencv_tvl1(without_median(flow))->calc(from, to, on_cpu);
  if (cv::norm(on_device, on_cpu, cv::NORM_INF) == 0) {
    throw Error(ErrorKind::kInput, "OpenCL device " + opencl_device() +
                                       " cannot run OpenCV's TV-L1 kernels; use another device or "
                                       "--recipe-set flow.variant=opencv-cpu");
  }
}

}  // namespace

const FlowBackend kTvl1OpenCl = {"opencl", is_tvl1_of_gpus, false, opencl_device,
                                 [](const Recipe::Flow& flow) -> std::unique_ptr<FlowSolver> {
                                   expect_opencl_ran(flow);
                                   return std::make_unique<Tvl1OpenCl>(flow);
                                 }};

}  // namespace co2net
