#include <dlfcn.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <fstream>

#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/optflow.hpp>

#include "extractors/flow/tvl1.h"
#include "extractors/flow/tvl1_opencv.h"
#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"

namespace co2net {
namespace {

// OpenCV's OpenCL code can filter by the median; its CUDA code, which is what the variant means,
// can't.
Recipe::Flow without_median(Recipe::Flow flow) {
  flow.median = 1;
  return flow;
}

cv::Mat solve_on_device(cv::optflow::DualTVL1OpticalFlow& solver, const cv::Mat& from,
                        const cv::Mat& to) {
  cv::UMat device_from, device_to, device_flow;
  from.copyTo(device_from);
  to.copyTo(device_to);
  solver.collectGarbage();  // or it starts from the last pair's flow
  solver.calc(device_from, device_to, device_flow);
  cv::Mat flow;
  device_flow.copyTo(flow);
  return flow;
}

// OpenCV falls back to its CPU code without a word when a kernel fails. Its two algorithms differ,
// so equal results give a fallback away.
bool runs_on_device(const Recipe::Flow& flow, cv::Size size) {
  cv::Mat from(size, CV_8UC1), to, on_cpu;
  cv::RNG(1).fill(from, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(from, from, {7, 7}, 2);
  cv::warpAffine(from, to, cv::Matx23d(1, 0, 1.5, 0, 1, -0.5), size);
  const auto solver = make_opencv_tvl1(without_median(flow));
  const cv::Mat on_device = solve_on_device(*solver, from, to);
  make_opencv_tvl1(without_median(flow))->calc(from, to, on_cpu);
  return cv::norm(on_device, on_cpu, cv::NORM_INF) > 0;
}

// Opens the drivers that OpenCL's loader will ask for, each bound to the libraries that it names
// itself. One with LLVM, such as PoCL, would else get parts of the LLVM that libtorch 2.6 of Debian
// 13 exports, and crash.
void open_drivers() {
#ifndef __SANITIZE_ADDRESS__  // which refuses RTLD_DEEPBIND
  const char* vendors = std::getenv("OCL_ICD_VENDORS");
  for (const auto& file :
       files_at({vendors != nullptr ? vendors : "/etc/OpenCL/vendors"}, {".icd"})) {
    std::ifstream icd(file);
    std::string library;
    if (icd >> library) ::dlopen(library.c_str(), RTLD_NOW | RTLD_DEEPBIND);
  }
#endif
}

// Empty if there is none, or none that can run the kernels.
std::string opencl_device(const Recipe::Flow& = {}) {
  static const std::string description = []() -> std::string {
    open_drivers();
    if (!cv::ocl::haveOpenCL()) return {};
    cv::ocl::setUseOpenCL(true);
    if (!cv::ocl::useOpenCL()) return {};
    const cv::ocl::Device& device = cv::ocl::Device::getDefault();
    try {
      if (runs_on_device({}, {64, 48})) {
        return "OpenCV " + cv::getVersionString() + ", " + device.name() + ", " + device.version() +
               ", driver " + device.driverVersion();
      }
      spdlog::warn("OpenCL device {} cannot run OpenCV's TV-L1 kernels", device.name());
    } catch (const cv::Exception& e) {
      spdlog::warn("OpenCL device {} cannot run OpenCV's TV-L1 kernels: {}", device.name(),
                   e.what());
    }
    return {};
  }();
  return description;
}

class Tvl1OpenCl : public FlowSolver {
 public:
  explicit Tvl1OpenCl(const Recipe::Flow& flow)
      : flow_(flow), solver_(make_opencv_tvl1(without_median(flow))) {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    expect_gray_pair(from, to);
    expect_to_run(from.size());
    return solve_on_device(*solver_, from, to);
  }

 private:
  // A device may run the kernels for small frames and lack memory for great ones.
  void expect_to_run(cv::Size size) {
    if (size == good_size_) return;
    if (!runs_on_device(flow_, size)) {
      throw Error(ErrorKind::kInput, "OpenCL device " + opencl_device() +
                                         " cannot run OpenCV's TV-L1 kernels for frames of " +
                                         std::to_string(size.width) + "x" +
                                         std::to_string(size.height) +
                                         "; --device cpu does without it");
    }
    good_size_ = size;
  }

  Recipe::Flow flow_;
  cv::Ptr<cv::optflow::DualTVL1OpticalFlow> solver_;
  inline static cv::Size good_size_;
};

}  // namespace

const FlowBackend kTvl1OpenCl = {"opencl", is_tvl1_of_gpus, false, opencl_device,
                                 [](const Recipe::Flow& flow) -> std::unique_ptr<FlowSolver> {
                                   return std::make_unique<Tvl1OpenCl>(flow);
                                 }};

}  // namespace co2net
