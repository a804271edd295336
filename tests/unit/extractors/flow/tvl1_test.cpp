#include "extractors/flow/tvl1.h"

#include <gtest/gtest.h>

#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "extractors/flow/flow_codec.h"
#include "extractors/flow/tvl1_cpu.h"
#include "extractors/flow/tvl1_opencv.h"
#include "extractors/video/frame.h"
#include "extractors/video/video_reader.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

Recipe::Flow flow_of(FlowVariant variant) {
  Recipe::Flow flow;
  flow.variant = variant;
  return flow;
}

bool same_bytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && a.isContinuous() && b.isContinuous() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

// Gray smooth noise of any size; to be solved for, `to` is moved, faded and has noise of its own.
struct Frames {
  cv::Mat from, to;
};

Frames moving_texture(cv::Size size, std::uint64_t seed) {
  cv::Mat noise(size.height + 20, size.width + 20, CV_8UC1), own(size, CV_8UC1);
  cv::RNG rng(seed);
  rng.fill(noise, cv::RNG::UNIFORM, 0, 256);
  rng.fill(own, cv::RNG::UNIFORM, 0, 6);
  cv::GaussianBlur(noise, noise, {7, 7}, 1.5);
  cv::normalize(noise, noise, 0, 255, cv::NORM_MINMAX);
  cv::Mat to;
  cv::warpAffine(noise, to, cv::Matx23d(1.01, 0.02, 1.7, -0.01, 0.98, -2.3), noise.size());
  return {noise(cv::Rect({8, 8}, size)).clone(), 0.95 * to(cv::Rect({8, 8}, size)) + own};
}

cv::Mat solve_plainly(const Recipe::Flow& flow, const Frames& frames) {
  return make_tvl1_cpu(flow, tvl1_kernels().back())->solve(frames.from, frames.to);
}

// Exact is what OpenCV for x86-64 gives. In Debian's for arm64 products and sums are fused: there
// it is what the plain kernels give.
cv::Mat solve_exactly(const Recipe::Flow& flow, const Frames& frames) {
#ifdef __x86_64__
  cv::Mat result;
  make_opencv_tvl1(flow)->calc(frames.from, frames.to, result);
  return result;
#else
  return solve_plainly(flow, frames);
#endif
}

// Consecutive frames of a clip, at the recipe's rate and size.
Frames frames_of(const std::filesystem::path& clip, int index) {
  VideoReader video(clip, {.fps = "25", .stream = -1, .format = PixelFormat::kBgr24});
  Frames frames;
  for (int i = 0; i <= index + 1; ++i) {
    frames.from = frames.to;
    frames.to = scale_frame(*video.next(), Recipe::Resize())->gray;
  }
  return frames;
}

class Tvl1CpuKernels : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto is_wanted = [](const Tvl1Kernels& kernels) { return kernels.name == GetParam(); };
    const auto found = std::ranges::find_if(tvl1_kernels(), is_wanted);
    if (found == tvl1_kernels().end()) GTEST_SKIP() << test::kMachineLacks << GetParam();
    kernels_ = *found;
  }
  cv::Mat solve(const Recipe::Flow& flow, const Frames& frames) const {
    return make_tvl1_cpu(flow, kernels_)->solve(frames.from, frames.to);
  }
  void expect_exact(const Recipe::Flow& flow, const Frames& frames) const {
    EXPECT_TRUE(same_bytes(solve(flow, frames), solve_exactly(flow, frames))) << frames.from.size();
  }

 private:
  Tvl1Kernels kernels_{};
};

INSTANTIATE_TEST_SUITE_P(Each, Tvl1CpuKernels, testing::ValuesIn(compiled_tvl1_kernels()),
                         [](const auto& test) { return test.param; });

TEST_P(Tvl1CpuKernels, AreExactAtEverySize) {
  for (const cv::Size size : {cv::Size(3, 3),
                              {4, 3},
                              {3, 9},
                              {7, 5},
                              {16, 16},
                              {15, 31},
                              {17, 40},
                              {32, 20},
                              {33, 47},
                              {48, 64},
                              {97, 61},
                              {131, 70}}) {
    expect_exact(flow_of(FlowVariant::kOpencvCpu), moving_texture(size, 1));
  }
}

TEST_P(Tvl1CpuKernels, AreExactWhateverTheParameters) {
  const Frames frames = moving_texture({81, 66}, 2);
  const auto expect_with = [&](auto member, auto value) {
    Recipe::Flow flow = flow_of(FlowVariant::kOpencvCpu);
    flow.*member = value;
    SCOPED_TRACE(value);
    expect_exact(flow, frames);
  };
  for (const double tau : {0.01, 0.9}) expect_with(&Recipe::Flow::tau, tau);
  for (const double lambda : {0.001, 0.5, 50.}) expect_with(&Recipe::Flow::lambda, lambda);
  for (const double theta : {1e-6, 0.01, 2.}) expect_with(&Recipe::Flow::theta, theta);
  for (const int scales : {1, 2, 30}) expect_with(&Recipe::Flow::scales, scales);
  for (const double step : {0.5, 0.3, 0.73, 0.99}) expect_with(&Recipe::Flow::scale_step, step);
  for (const int warps : {1, 8}) expect_with(&Recipe::Flow::warps, warps);
  for (const double epsilon : {0., 0.001, 0.1, 3.}) expect_with(&Recipe::Flow::epsilon, epsilon);
  for (const int outer : {1, 3}) expect_with(&Recipe::Flow::outer_iterations, outer);
  for (const int inner : {1, 2, 7, 100}) expect_with(&Recipe::Flow::inner_iterations, inner);
  for (const int median : {1, 3}) expect_with(&Recipe::Flow::median, median);
}

TEST_P(Tvl1CpuKernels, AreExactWhereNothingMovesOrThereIsNothingToSee) {
  const Frames moving = moving_texture({70, 50}, 3);
  const cv::Mat gray(50, 70, CV_8UC1, cv::Scalar(77)), white(50, 70, CV_8UC1, cv::Scalar(255));
  cv::Mat half = moving.to.clone();
  moving.from.colRange(0, 35).copyTo(half.colRange(0, 35));
  cv::Mat dot = gray.clone();
  dot.at<std::uint8_t>(25, 35) = 200;
  for (const Frames& frames :
       {Frames{moving.from, moving.from}, Frames{gray, gray}, Frames{gray, white},
        Frames{gray, moving.to}, Frames{moving.from, gray}, Frames{moving.from, half},
        Frames{gray, dot}, Frames{dot, gray}}) {
    expect_exact(flow_of(FlowVariant::kOpencvCpu), frames);
  }
}

TEST_P(Tvl1CpuKernels, AreExactAtTheBenchmarksSize) {
  expect_exact(flow_of(FlowVariant::kOpencvCpu), moving_texture({340, 256}, 8));
}

TEST_P(Tvl1CpuKernels, AreExactOnRealVideos) {
  const auto folder = test::data_dir() / "videos";
  SKIP_WITHOUT(folder);
  for (const char* clip : {"v_BaseballPitch_g01_c01.avi", "women_long_jump.mp4"}) {
    SCOPED_TRACE(clip);
    expect_exact(flow_of(FlowVariant::kOpencvCpu), frames_of(folder / clip, 12));
  }
}

TEST_P(Tvl1CpuKernels, AreNearTheExactFlowInFastPrecision) {
  const Frames frames = moving_texture({96, 72}, 4);
  for (const auto& [variant, name] : kChoices<FlowVariant>) {
    Recipe::Flow flow = flow_of(variant);
    const cv::Mat exact = solve(flow, frames);
    flow.precision = FlowPrecision::kFast;
    const cv::Mat fast = solve(flow, frames);
    EXPECT_FALSE(same_bytes(fast, exact));
    const cv::Scalar distance = test::mean_inside(cv::abs(fast - exact));
    EXPECT_LT(distance[0] + distance[1], 0.05) << name;
  }
}

TEST_P(Tvl1CpuKernels, AllGiveTheSameBytesInTheGpusVariantToo) {
  for (const cv::Size size : {cv::Size(3, 3), {17, 40}, {97, 61}}) {
    const Frames frames = moving_texture(size, 5);
    const Recipe::Flow flow = flow_of(FlowVariant::kOpencvCuda);
    EXPECT_TRUE(same_bytes(solve(flow, frames), solve_plainly(flow, frames)));
  }
}

TEST(Tvl1Cpu, EqualsOpenCvsPublishedResultsBitByBit) {
  const auto folder = test::data_dir() / "flow";
  SKIP_WITHOUT(folder);
  for (const std::string pair :
       {"flyingchairs_00001_50x50", "ipol_I0_I1", "ucf_baseballpitch_30_31"}) {
    const auto gray = [&](const char* which) {
      return cv::imread((folder / (pair + which)).string(), cv::IMREAD_GRAYSCALE);
    };
    const cv::Mat flow = kTvl1Cpu.make(flow_of(FlowVariant::kOpencvCpu))
                             ->solve(gray("_a_gray.png"), gray("_b_gray.png"));
    const cv::Mat expected = read_flo(folder / (pair + "_opencv.flo"));
    EXPECT_TRUE(same_bytes(flow, expected)) << pair;
  }
}

class Tvl1CpuVariant : public testing::TestWithParam<FlowVariant> {
 protected:
  const Recipe::Flow flow_ = flow_of(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Each, Tvl1CpuVariant,
                         testing::Values(FlowVariant::kOpencvCpu, FlowVariant::kOpencvCuda),
                         [](const auto& test) { return name_of(test.param).substr(7); });

TEST_P(Tvl1CpuVariant, FindsTheShiftOfATexture) {
  const cv::Mat flow = kTvl1Cpu.make(flow_)->solve(test::texture({0, 0}), test::texture({2, -1}));
  const cv::Scalar mean = test::mean_inside(flow);
  EXPECT_NEAR(mean[0], 2, 0.05);
  EXPECT_NEAR(mean[1], -1, 0.05);
}

TEST_P(Tvl1CpuVariant, ForgetsEarlierPairs) {
  const auto solver = kTvl1Cpu.make(flow_);
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2, -1});
  const cv::Mat first = solver->solve(a, b);
  solver->solve(b, test::texture({-3, 2}));
  const Frames other = moving_texture({120, 40}, 6);
  solver->solve(other.from, other.to);
  EXPECT_TRUE(same_bytes(solver->solve(a, b), first));
}

TEST_P(Tvl1CpuVariant, SolvesOnSeveralThreadsWhatItSolvesOnOne) {
  const Frames frames = moving_texture({90, 60}, 7);
  const cv::Mat expected = kTvl1Cpu.make(flow_)->solve(frames.from, frames.to);
  std::vector<cv::Mat> flows(4);
  std::vector<std::thread> threads;
  for (cv::Mat& flow : flows) {
    threads.emplace_back([&] { flow = kTvl1Cpu.make(flow_)->solve(frames.from, frames.to); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const cv::Mat& flow : flows) EXPECT_TRUE(same_bytes(flow, expected));
}

TEST_P(Tvl1CpuVariant, HeedsEveryParameter) {
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2.5, -1.25});
  const auto flow_with = [&](const Recipe::Flow& parameters) {
    return kTvl1Cpu.make(parameters)->solve(a, b);
  };
  const cv::Mat usual = flow_with(flow_);
  const auto changes = [&](auto member, auto value) {
    Recipe::Flow changed = flow_;
    changed.*member = value;
    return !same_bytes(flow_with(changed), usual);
  };
  EXPECT_TRUE(changes(&Recipe::Flow::precision, FlowPrecision::kFast));
  EXPECT_TRUE(changes(&Recipe::Flow::tau, 0.2));
  EXPECT_TRUE(changes(&Recipe::Flow::lambda, 0.05));
  EXPECT_TRUE(changes(&Recipe::Flow::theta, 0.5));
  EXPECT_TRUE(changes(&Recipe::Flow::scales, 2));
  EXPECT_TRUE(changes(&Recipe::Flow::scale_step, 0.5));
  EXPECT_TRUE(changes(&Recipe::Flow::warps, 1));
  EXPECT_TRUE(changes(&Recipe::Flow::epsilon, 0.2));
  EXPECT_TRUE(changes(&Recipe::Flow::outer_iterations, 1));
  EXPECT_TRUE(changes(&Recipe::Flow::inner_iterations, 2));
  EXPECT_EQ(changes(&Recipe::Flow::median, 1), GetParam() == FlowVariant::kOpencvCpu);
}

TEST(ChooseFlowBackend, TakesWhatComputesTheRecipesFlow) {
  EXPECT_EQ(choose_flow_backend("auto", flow_of(FlowVariant::kOpencvCpu), std::nullopt).name,
            "cpu");
  EXPECT_EQ(choose_flow_backend("cpu", flow_of(FlowVariant::kOpencvCpu), std::nullopt).name, "cpu");
  EXPECT_EQ(choose_flow_backend("cpu", flow_of(FlowVariant::kOpencvCuda), std::nullopt).name,
            "cpu");
  Recipe::Flow fast = flow_of(FlowVariant::kOpencvCuda);
  fast.precision = FlowPrecision::kFast;
  EXPECT_EQ(choose_flow_backend("auto", fast, std::nullopt).name, "cpu");
}

TEST(ChooseFlowBackend, SaysWhatThereIsWhereNothingFits) {
  for (const FlowBackend& backend : flow_backends(std::nullopt)) {
    test::expect_error(
        ErrorKind::kUsage, {"unknown flow backend 'abacus'", "auto", std::string(backend.name)},
        [] { choose_flow_backend("abacus", flow_of(FlowVariant::kOpencvCpu), std::nullopt); });
  }
  test::expect_error(
      ErrorKind::kUsage, {"opencl does not compute flow.variant=opencv-cpu", "cpu can"},
      [] { choose_flow_backend("opencl", flow_of(FlowVariant::kOpencvCpu), std::nullopt); });
  Recipe::Flow fast = flow_of(FlowVariant::kOpencvCuda);
  fast.precision = FlowPrecision::kFast;
  test::expect_error(ErrorKind::kUsage, {"opencl does not compute", "flow.precision=fast"},
                     [&] { choose_flow_backend("opencl", fast, std::nullopt); });
}

TEST(Tvl1Cpu, RefusesWhatIsNoPairOfGrayImages) {
  const cv::Mat gray(20, 30, CV_8UC1, cv::Scalar(0));
  const auto solver = kTvl1Cpu.make(Recipe::Flow());
  for (const cv::Mat& other : {cv::Mat(), cv::Mat(20, 31, CV_8UC1), cv::Mat(20, 30, CV_8UC3)}) {
    test::expect_error(ErrorKind::kInternal, {"two uint8 gray images"},
                       [&] { solver->solve(gray, other); });
  }
  for (const cv::Size empty : {cv::Size(0, 0), cv::Size(0, 20), cv::Size(30, 0)}) {
    const cv::Mat none(empty, CV_8UC1);
    test::expect_error(ErrorKind::kInternal, {"that have pixels"},
                       [&] { solver->solve(none, none); });
  }
}

TEST(Tvl1Cpu, DependsOnTheMachineInFastPrecisionOnly) {
  Recipe::Flow flow;
  EXPECT_EQ(kTvl1Cpu.device(flow), "co2net tvl1 exact");
  flow.precision = FlowPrecision::kFast;
  EXPECT_NE(kTvl1Cpu.device(flow).find(tvl1_kernels().front().name), std::string::npos);
}

}  // namespace
}  // namespace co2net
