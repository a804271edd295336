#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>

#include "extractors/flow/tvl1.h"
#include "extractors/flow/tvl1_cpu.h"
#include "pipeline/devices/device.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

Recipe::Flow gpus_flow() {
  Recipe::Flow flow;
  flow.variant = FlowVariant::kOpencvCuda;
  return flow;
}

double mean_distance(const cv::Mat& a, const cv::Mat& b) {
  const cv::Scalar mean = cv::mean(cv::abs(a - b));
  return mean[0] + mean[1];
}

class Tvl1OpenCl : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(kTvl1OpenCl.device(gpus_flow()), "")
        << "no OpenCL device; install pocl-opencl-icd and set OPENCV_OPENCL_DEVICE=:CPU:";
    flow_ = solver()->solve(a_, b_);  // throws if OpenCV fell back to the CPU
  }
  static std::unique_ptr<FlowSolver> solver() { return kTvl1OpenCl.make(gpus_flow()); }

  const cv::Mat a_ = test::texture({0, 0}), b_ = test::texture({2, -1});
  cv::Mat flow_;
};

TEST_F(Tvl1OpenCl, RunsBesideLibtorch) {
  best_device();  // of libtorch's
  std::ifstream maps("/proc/self/maps");
  const std::string libraries(std::istreambuf_iterator<char>(maps), {});
  EXPECT_NE(libraries.find("/libtorch_cpu.so"), std::string::npos);
}

TEST_F(Tvl1OpenCl, FindsTheShiftOfATexture) {
  const cv::Scalar mean = test::mean_inside(flow_);
  EXPECT_NEAR(mean[0], 2, 0.1);
  EXPECT_NEAR(mean[1], -1, 0.1);
}

TEST_F(Tvl1OpenCl, GivesTheSameFlowAgainWhateverCameBefore) {
  const auto reused = solver();
  reused->solve(b_, test::texture({-3, 2}));
  EXPECT_EQ(cv::norm(reused->solve(a_, b_), flow_, cv::NORM_INF), 0);
}

TEST_F(Tvl1OpenCl, IsMetByOurSolverOfTheVariant) {
  const Tvl1Kernels& kernels = tvl1_kernels().front();
  const cv::Mat as_opencl = make_tvl1_as_opencl(gpus_flow(), kernels)->solve(a_, b_);
  EXPECT_LT(mean_distance(as_opencl, flow_), 0.005);
  EXPECT_GT(cv::norm(as_opencl, flow_, cv::NORM_INF), 0) << "it did not run on its device";
  const cv::Mat ours = kTvl1Cpu.make(gpus_flow())->solve(a_, b_);
  EXPECT_LT(mean_distance(ours, flow_), 0.3) << "resized as CUDA does";
}

TEST_F(Tvl1OpenCl, DoesNotFilterByTheMedian) {
  Recipe::Flow flow = gpus_flow();
  flow.median = 1;
  EXPECT_EQ(cv::norm(kTvl1OpenCl.make(flow)->solve(a_, b_), flow_, cv::NORM_INF), 0);
}

TEST_F(Tvl1OpenCl, NoticesThatOpenCvFellBackToTheCpu) {
  cv::ocl::setUseOpenCL(false);
  test::expect_error(ErrorKind::kInput, {"cannot run OpenCV's TV-L1 kernels"}, [&] {
    const cv::Rect part(0, 0, a_.cols - 1, a_.rows);  // sizes are tried once
    solver()->solve(a_(part), b_(part));
  });
}

TEST_F(Tvl1OpenCl, IsChosenForTheVariantThatItComputes) {
  EXPECT_EQ(choose_flow_backend("opencl", gpus_flow(), std::nullopt).name, "opencl");
}

}  // namespace
}  // namespace co2net
