#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>

#include "extractors/tvl1.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

class Tvl1OpenCl : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(kTvl1OpenCl.device(), "")
        << "no OpenCL device; install pocl-opencl-icd and set OPENCV_OPENCL_DEVICE=:CPU:";
  }
};

TEST_F(Tvl1OpenCl, RunsOnItsDeviceAndAboutAgreesWithTheCpusAlgorithm) {
  const auto solver = kTvl1OpenCl.make(Recipe::Flow());  // throws if OpenCV fell back to the CPU
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2, -1});
  const cv::Mat flow = solver->solve(a, b);
  const cv::Scalar mean = test::mean_inside(flow);
  EXPECT_NEAR(mean[0], 2, 0.1);
  EXPECT_NEAR(mean[1], -1, 0.1);
  const cv::Mat on_cpu = kTvl1Cpu.make(Recipe::Flow())->solve(a, b);
  const cv::Scalar distance = test::mean_inside(cv::abs(flow - on_cpu));
  EXPECT_LT(distance[0] + distance[1], 0.3);
  EXPECT_GT(cv::norm(flow, on_cpu, cv::NORM_INF), 0) << "another algorithm gives other numbers";
  const cv::Scalar change = test::mean_inside(cv::abs(solver->solve(a, b) - flow));
  EXPECT_LT(change[0] + change[1], 0.01) << "the same pair again";
}

TEST_F(Tvl1OpenCl, NoticesThatOpenCvFellBackToTheCpu) {
  cv::ocl::setUseOpenCL(false);
  test::expect_error(ErrorKind::kInput, {"cannot run OpenCV's TV-L1 kernels"},
                     [] { kTvl1OpenCl.make(Recipe::Flow()); });
}

TEST_F(Tvl1OpenCl, IsChosenForTheVariantThatItComputes) {
  EXPECT_EQ(choose_flow_backend("opencl", "opencv-cuda").name, "opencl");
}

}  // namespace
}  // namespace co2net
