#include "extractors/flow/tvl1.h"

#include <gtest/gtest.h>

#ifdef __SSE__
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <thread>
#include <tuple>

#include "extractors/flow/flow_backend.h"
#include "extractors/flow/flow_codec.h"
#include "extractors/flow/tvl1_cpu.h"
#include "extractors/video/frame.h"
#include "extractors/video/video_reader.h"
#include "tests/opencv_tvl1.h"
#include "tests/solved_flow.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/extractors/flow/moving_texture.h"
#include "tests/unit/extractors/flow/portable_flow.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

using test::Frames;
using test::moving_texture;
using test::same_bytes;

Recipe::Flow flow_of(FlowVariant variant) {
  Recipe::Flow flow;
  flow.variant = variant;
  return flow;
}

// What the variant is defined by. For arm64 Debian's OpenCV fuses products and sums: there it is
// what the plain kernels give.
cv::Mat defined_flow(const Recipe::Flow& flow, const Frames& frames) {
  if (flow.variant == FlowVariant::kPortable) {
    return test::portable_flow(flow, frames.from, frames.to);
  }
#ifdef __x86_64__
  cv::Mat result;
  test::make_opencv_tvl1(flow)->calc(frames.from, frames.to, result);
  return result;
#else
  return test::solved_flow(*make_tvl1_cpu(flow, tvl1_kernels().back()), frames.from, frames.to);
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

const std::vector<FlowVariant> kOurs = {FlowVariant::kPortable, FlowVariant::kOpencvCpu};

// Each variant on each instruction set.
class Tvl1CpuKernels : public testing::TestWithParam<std::tuple<FlowVariant, std::string>> {
 protected:
  void SetUp() override {
    const auto& [variant, name] = GetParam();
    const auto found = std::ranges::find(tvl1_kernels(), name, &Tvl1Kernels::name);
    if (found == tvl1_kernels().end()) GTEST_SKIP() << test::kMachineLacks << name;
    kernels_ = *found;
    flow_ = flow_of(variant);
  }
  bool is_portable() const { return flow_.variant == FlowVariant::kPortable; }
  cv::Mat solve(const Recipe::Flow& flow, const Frames& frames) const {
    return test::solved_flow(*make_tvl1_cpu(flow, kernels_), frames.from, frames.to);
  }
  void expect_exact(const Recipe::Flow& flow, const Frames& frames) const {
    EXPECT_TRUE(same_bytes(solve(flow, frames), defined_flow(flow, frames))) << frames.from.size();
  }
  void expect_exact(const Frames& frames) const { expect_exact(flow_, frames); }

  Recipe::Flow flow_;

 private:
  Tvl1Kernels kernels_{};
};

std::string joined_names(const FlowVariant& variant, const std::string& kernels) {
  std::string name = name_of(variant) + "_" + kernels;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, Tvl1CpuKernels,
                         testing::Combine(testing::ValuesIn(kOurs),
                                          testing::ValuesIn(compiled_tvl1_kernels())),
                         [](const auto& tested) { return std::apply(joined_names, tested.param); });

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
    expect_exact(moving_texture(size, 1));
  }
}

// OpenCV's CPU code reads beyond images of one or two pixels a side.
TEST_P(Tvl1CpuKernels, AreExactForASinglePixelAndALineOfThem) {
  if (!is_portable()) return;
  for (const cv::Size size : {cv::Size(1, 1), {1, 2}, {2, 1}, {1, 40}, {40, 1}, {2, 2}}) {
    expect_exact(moving_texture(size, 1));
  }
}

// Whose sums of changes do not fit an int32 of a vector.
TEST_P(Tvl1CpuKernels, AreExactWhereRowsAreLong) {
  flow_.scales = flow_.warps = 1;
  flow_.inner_iterations = 3;
  flow_.lambda = 500;
  expect_exact(moving_texture({9000, 3}, 1));
}

TEST_P(Tvl1CpuKernels, AreExactWhateverTheParameters) {
  const Frames frames = moving_texture({81, 66}, 2);
  const auto expect_with = [&](auto member, auto value) {
    Recipe::Flow flow = flow_;
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
  if (is_portable()) return;
  for (const int median : {1, 3}) expect_with(&Recipe::Flow::median, median);
}

TEST_P(Tvl1CpuKernels, AreExactWhereNothingMovesOrThereIsNothingToSee) {
  const Frames moving = moving_texture({70, 50}, 3);
  const cv::Mat gray(50, 70, CV_8UC1, cv::Scalar(77)), white(50, 70, CV_8UC1, cv::Scalar(255)),
      black(50, 70, CV_8UC1, cv::Scalar(0));
  cv::Mat half = moving.to.clone();
  moving.from.colRange(0, 35).copyTo(half.colRange(0, 35));
  cv::Mat dot = gray.clone();
  dot.at<std::uint8_t>(25, 35) = 200;
  cv::Mat noise(50, 70, CV_8UC1);
  cv::RNG(5).fill(noise, cv::RNG::UNIFORM, 0, 2);
  noise *= 255;
  for (const Frames& frames :
       {Frames{moving.from, moving.from}, Frames{gray, gray}, Frames{gray, white},
        Frames{black, black}, Frames{black, white}, Frames{gray, moving.to},
        Frames{moving.from, gray}, Frames{moving.from, half}, Frames{gray, dot}, Frames{dot, gray},
        Frames{noise, moving.to}, Frames{noise, 255 - noise}}) {
    expect_exact(frames);
  }
}

// Far beyond the image's edges.
TEST_P(Tvl1CpuKernels, AreExactForHugeMotion) {
  if (!is_portable()) return;
  const Frames frames = moving_texture({40, 30}, 9);
  flow_.lambda = 1e6;
  flow_.theta = 1e3;
  flow_.tau = 1;
  expect_exact(frames);
  flow_.theta = 1e6;
  expect_exact(frames);
}

#ifdef __SSE__
TEST_P(Tvl1CpuKernels, AreExactWhereTheCallerFlushesDenormals) {
  const Frames frames = moving_texture({97, 61}, 4), dark{frames.from / 64, frames.to / 64};
  Frames nearly_flat = moving_texture({300, 40}, 4);  // from its left, flow fades away
  for (cv::Mat* frame : {&nearly_flat.from, &nearly_flat.to}) frame->colRange(30, 300) = 128;
  for (const Frames& each : {frames, dark, nearly_flat}) {
    const cv::Mat wanted = defined_flow(flow_, each);
    const unsigned mode = _mm_getcsr();
    constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x40;
    _mm_setcsr(mode | kFlushToZero | kDenormalsAreZero);
    const cv::Mat flow = solve(flow_, each);
    _mm_setcsr(mode);
    EXPECT_TRUE(same_bytes(flow, wanted));
  }
}
#endif

TEST_P(Tvl1CpuKernels, AreExactForALargeOddSize) { expect_exact(moving_texture({341, 257}, 8)); }

TEST_P(Tvl1CpuKernels, AreExactOnRealVideos) {
  const auto folder = test::data_dir() / "videos";
  SKIP_WITHOUT(folder);
  for (const char* clip : {"v_BaseballPitch_g01_c01.avi", "women_long_jump.mp4"}) {
    SCOPED_TRACE(clip);
    expect_exact(frames_of(folder / clip, 12));
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
    const cv::Mat flow = test::solved_flow(*kTvl1Cpu.make(flow_of(FlowVariant::kOpencvCpu)),
                                           gray("_a_gray.png"), gray("_b_gray.png"));
    const cv::Mat expected = read_flo(folder / (pair + "_opencv.flo"));
    EXPECT_TRUE(same_bytes(flow, expected)) << pair;
  }
}

class Tvl1CpuVariant : public testing::TestWithParam<FlowVariant> {
 protected:
  const Recipe::Flow flow_ = flow_of(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Each, Tvl1CpuVariant, testing::ValuesIn(kOurs), [](const auto& test) {
  return test.param == FlowVariant::kPortable ? "portable" : "opencv_cpu";
});

TEST_P(Tvl1CpuVariant, FindsTheShiftOfATexture) {
  const cv::Mat flow =
      test::solved_flow(*kTvl1Cpu.make(flow_), test::texture({0, 0}), test::texture({2, -1}));
  const cv::Scalar mean = test::mean_inside(flow);
  EXPECT_NEAR(mean[0], 2, 0.05);
  EXPECT_NEAR(mean[1], -1, 0.05);
}

TEST_P(Tvl1CpuVariant, ForgetsEarlierPairs) {
  const auto solver = kTvl1Cpu.make(flow_);
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2, -1});
  const cv::Mat first = test::solved_flow(*solver, a, b);
  test::solved_flow(*solver, b, test::texture({-3, 2}));
  const Frames other = moving_texture({120, 40}, 6);
  test::solved_flow(*solver, other.from, other.to);
  EXPECT_TRUE(same_bytes(test::solved_flow(*solver, a, b), first));
}

TEST_P(Tvl1CpuVariant, GoesOnFromFrameToFrameAsFromPairToPair) {
  const std::vector<cv::Mat> frames = {test::texture({0, 0}), test::texture({2, -1}),
                                       test::texture({1, 1}), test::texture({-2, 0})};
  const auto solver = kTvl1Cpu.make(flow_);
  solver->start(gray_view(frames[0]));
  for (std::size_t i = 1; i < frames.size(); ++i) {
    const cv::Mat alone = test::solved_flow(*kTvl1Cpu.make(flow_), frames[i - 1], frames[i]);
    EXPECT_TRUE(same_bytes(mat_of(solver->next(gray_view(frames[i]))).clone(), alone)) << i;
  }
}

TEST_P(Tvl1CpuVariant, SolvesOnSeveralThreadsWhatItSolvesOnOne) {
  const Frames frames = moving_texture({90, 60}, 7);
  const cv::Mat expected = test::solved_flow(*kTvl1Cpu.make(flow_), frames.from, frames.to);
  std::vector<cv::Mat> flows(4);
  std::vector<std::thread> threads;
  for (cv::Mat& flow : flows) {
    threads.emplace_back(
        [&] { flow = test::solved_flow(*kTvl1Cpu.make(flow_), frames.from, frames.to); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const cv::Mat& flow : flows) EXPECT_TRUE(same_bytes(flow, expected));
}

TEST_P(Tvl1CpuVariant, HeedsEveryParameter) {
  const cv::Mat a = test::texture({0, 0}), b = test::texture({2.5, -1.25});
  const auto flow_with = [&](const Recipe::Flow& parameters) {
    return test::solved_flow(*kTvl1Cpu.make(parameters), a, b);
  };
  const cv::Mat usual = flow_with(flow_);
  const auto changes = [&](auto member, auto value) {
    Recipe::Flow changed = flow_;
    changed.*member = value;
    return !same_bytes(flow_with(changed), usual);
  };
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
  for (const FlowVariant variant : kOurs) {
    for (const char* name : {"auto", "cpu"}) {
      // A GPU that auto finds gives the same.
      EXPECT_EQ(choose_flow_backend(name, flow_of(variant), std::nullopt).key_name(), "cpu");
    }
  }
}

TEST(ChooseFlowBackend, SaysWhatThereIsWhereNothingFits) {
  const auto expect_refused = [](const std::string& name, FlowVariant variant,
                                 const std::vector<std::string>& parts) {
    test::expect_error(ErrorKind::kUsage, parts,
                       [&] { choose_flow_backend(name, flow_of(variant), std::nullopt); });
  };
  expect_refused(
      "abacus", FlowVariant::kOpencvCpu,
      {"flow backend 'abacus' is not one of", "auto, cpu, cuda, cuda:N, opencl, opencl:N, opencv"});
  for (const std::string name :
       {"cuda:", "cuda:x", "opencl:", "opencl:x", "opencl:-1", "opencl:1x", "cpu:0", "CPU"}) {
    expect_refused(name, FlowVariant::kPortable, {"flow backend '" + name + "' is not one of"});
  }
  for (const std::string name : {"auto", "cpu", "cuda:1", "opencl", "opencv"}) {
    expect_refused(name, FlowVariant::kOpencvCuda,
                   {"OpenCV's own code", "backend opencv", "cudaoptflow", "flow.variant=portable"});
  }
  expect_refused("cuda", FlowVariant::kOpencvCpu,
                 {"cuda does not compute flow.variant=opencv-cpu", "cpu and auto"});
  expect_refused("opencl", FlowVariant::kOpencvCpu,
                 {"opencl does not compute flow.variant=opencv-cpu", "cpu and auto"});
  for (const FlowVariant variant : kOurs) {
    expect_refused("opencv", variant, {"opencv does not compute flow.variant=", "cpu and auto"});
  }
}

TEST(Tvl1Cpu, RefusesWhatIsNoPairOfGrayImages) {
  const cv::Mat gray(20, 30, CV_8UC1, cv::Scalar(0));
  const auto solver = kTvl1Cpu.make(Recipe::Flow());
  for (const cv::Mat& other : {cv::Mat(0, 0, CV_8UC1), cv::Mat(20, 31, CV_8UC1)}) {
    test::expect_error(ErrorKind::kInternal, {"gray images of equal size"},
                       [&] { test::solved_flow(*solver, gray, other); });
  }
  for (const cv::Size empty : {cv::Size(0, 0), cv::Size(0, 20), cv::Size(30, 0)}) {
    const cv::Mat none(empty, CV_8UC1);
    test::expect_error(ErrorKind::kInternal, {"that have pixels"},
                       [&] { test::solved_flow(*solver, none, none); });
  }
}

}  // namespace
}  // namespace co2net
