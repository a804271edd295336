#include "extractors/tvl1.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "extractors/flow_codec.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

TEST(Tvl1Cpu, EqualsOpenCvsPublishedResultsBitByBit) {
  const auto folder = test::data_dir() / "flow";
  SKIP_WITHOUT(folder);
  for (const std::string pair :
       {"flyingchairs_00001_50x50", "ipol_I0_I1", "ucf_baseballpitch_30_31"}) {
    const auto gray = [&](const char* which) {
      return cv::imread((folder / (pair + which)).string(), cv::IMREAD_GRAYSCALE);
    };
    const cv::Mat flow =
        kTvl1Cpu.make(Recipe::Flow())->solve(gray("_a_gray.png"), gray("_b_gray.png"));
    const cv::Mat expected = read_flo(folder / (pair + "_opencv.flo"));
    ASSERT_EQ(flow.size(), expected.size()) << pair;
    EXPECT_EQ(cv::norm(flow, expected, cv::NORM_INF), 0) << pair;
  }
}

TEST(Tvl1Cpu, FindsTheShiftOfATexture) {
  const cv::Mat flow =
      kTvl1Cpu.make(Recipe::Flow())->solve(test::texture({0, 0}), test::texture({2, -1}));
  const cv::Scalar mean = test::mean_inside(flow);
  EXPECT_NEAR(mean[0], 2, 0.05);
  EXPECT_NEAR(mean[1], -1, 0.05);
}

TEST(Tvl1Cpu, ForgetsEarlierPairs) {
  const auto solver = kTvl1Cpu.make(Recipe::Flow());
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2, -1});
  const cv::Mat first = solver->solve(a, b);
  solver->solve(b, test::texture({-3, 2}));
  EXPECT_EQ(cv::norm(solver->solve(a, b), first, cv::NORM_INF), 0);
}

TEST(Tvl1Cpu, HeedsEveryParameter) {
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2.5, -1.25});
  const auto flow_with = [&](const Recipe::Flow& parameters) {
    return kTvl1Cpu.make(parameters)->solve(a, b);
  };
  const cv::Mat usual = flow_with(Recipe::Flow());
  const auto expect_change = [&](const char* name, auto member, auto value) {
    Recipe::Flow changed;
    changed.*member = value;
    EXPECT_GT(cv::norm(flow_with(changed), usual, cv::NORM_INF), 0) << name;
  };
  expect_change("tau", &Recipe::Flow::tau, 0.2);
  expect_change("lambda", &Recipe::Flow::lambda, 0.05);
  expect_change("theta", &Recipe::Flow::theta, 0.5);
  expect_change("scales", &Recipe::Flow::scales, 2);
  expect_change("scale_step", &Recipe::Flow::scale_step, 0.5);
  expect_change("warps", &Recipe::Flow::warps, 1);
  expect_change("epsilon", &Recipe::Flow::epsilon, 0.2);
  expect_change("outer_iterations", &Recipe::Flow::outer_iterations, 1);
  expect_change("inner_iterations", &Recipe::Flow::inner_iterations, 2);
  expect_change("median", &Recipe::Flow::median, 1);
}

TEST(ChooseFlowBackend, TakesWhatComputesTheVariant) {
  EXPECT_EQ(choose_flow_backend("auto", "opencv-cpu").name, "cpu");
  EXPECT_EQ(choose_flow_backend("cpu", "opencv-cpu").name, "cpu");
  EXPECT_NE(choose_flow_backend("cpu", "opencv-cpu").device().find(CV_VERSION), std::string::npos);
}

TEST(ChooseFlowBackend, SaysWhatThereIsWhereNothingFits) {
  for (const FlowBackend* backend : flow_backends()) {
    test::expect_error(ErrorKind::kUsage,
                       {"unknown flow backend 'abacus'", "auto", std::string(backend->name)},
                       [] { choose_flow_backend("abacus", "opencv-cpu"); });
  }
  test::expect_error(
      ErrorKind::kUsage,
      {"cpu does not compute flow.variant=opencv-cuda", "it computes flow.variant=opencv-cpu"},
      [] { choose_flow_backend("cpu", "opencv-cuda"); });
  test::expect_error(ErrorKind::kUsage, {"opencl does not compute flow.variant=opencv-cpu"},
                     [] { choose_flow_backend("opencl", "opencv-cpu"); });
}

}  // namespace
}  // namespace co2net
