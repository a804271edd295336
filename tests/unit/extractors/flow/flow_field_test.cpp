#include "extractors/flow/flow_field.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "extractors/flow/frame_flow.h"
#include "extractors/flow/quantise.h"
#include "pipeline/base/error.h"
#include "tests/solved_flow.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

int quantised(float v, double bound) {
  const cv::Mat flow(1, 1, CV_32FC2, cv::Scalar(v, 0));
  return quantised(flow_view(flow), bound).at<cv::Vec2b>(0, 0)[0];
}

TEST(QuantiseFlow, TruncatesAndRoundsHalfToEven) {
  struct Case {
    float v;
    double bound;
    int byte;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const Case cases[] = {
      {-20, 20, 0},       {20, 20, 255},    {-21, 20, 0},     {1e9f, 20, 255},  {0, 20, 128},
      {10, 20, 191},      {-10, 20, 64},    {0.05f, 20, 128}, {-0.1f, 20, 127}, {infinity, 20, 255},
      {-infinity, 20, 0}, {15, 15, 255},    {0, 127.5, 128},  {1, 127.5, 128},  {2, 127.5, 130},
      {-1, 127.5, 126},   {-2, 127.5, 126}, {-127, 127.5, 0}, {-126, 127.5, 2}, {127, 127.5, 254},
  };
  for (const Case& c : cases) EXPECT_EQ(quantised(c.v, c.bound), c.byte) << c.v << ", " << c.bound;
}

TEST(QuantiseFlow, GivesNothingForWhatIsNoNumber) {
  EXPECT_EQ(quantised(std::nanf(""), 20), 0);
  EXPECT_EQ(quantised(-std::nanf("0x3fffff"), 20), 0);
}

TEST(QuantiseFlow, HasAStepWhereEachByteBegins) {
  for (const double bound : {20., 127.5, 0.1, 1e-3}) {
    const QuantisationSteps steps = quantisation_steps(bound);
    for (int byte = 1; byte <= 255; ++byte) {
      const float step = steps[byte - 1];
      EXPECT_EQ(quantised(step, bound), byte);
      EXPECT_EQ(quantised(std::nextafter(step, -1e9f), bound), byte - 1);
    }
  }
}

TEST(QuantiseFlow, KeepsComponentsApartInEveryPixel) {
  cv::Mat flow(5, 7, CV_32FC2);
  flow.forEach<cv::Vec2f>([](cv::Vec2f& v, const int* at) {
    v = {static_cast<float>(at[1]) - 127.5f, static_cast<float>(at[0]) + 100.5f - 127.5f};
  });
  const cv::Mat bytes = quantised(flow_view(flow(cv::Rect(1, 1, 5, 3))), 127.5);
  ASSERT_EQ(bytes.type(), CV_8UC2);
  ASSERT_EQ(bytes.size(), cv::Size(5, 3));
  EXPECT_EQ(bytes.at<cv::Vec2b>(0, 0), cv::Vec2b(1, 102));  // 101.5, half to even
  EXPECT_EQ(bytes.at<cv::Vec2b>(2, 4), cv::Vec2b(5, 104));
}

// Flow whose x names the first frame of the pair and whose y the second, by their gray.
class NamingSolver : public FlowSolver {
 public:
  void start(const GrayView& frame) override { last_ = *frame.pixels; }
  FlowView next(const GrayView& frame) override {
    const FlowVector names{static_cast<float>(last_), static_cast<float>(*frame.pixels)};
    last_ = *frame.pixels;
    flow_.assign(frame.size.area(), names);
    return {flow_.data(), frame.size, frame.size.width};
  }

 private:
  std::uint8_t last_ = 0;
  std::vector<FlowVector> flow_;
};

class FailingSolver : public FlowSolver {
 public:
  void start(const GrayView&) override {}
  FlowView next(const GrayView&) override { throw Error(ErrorKind::kInput, "device lost"); }
};

template <class Solver>
FlowBackend backend_of(bool concurrent) {
  return {"test", [](const Recipe::Flow&) { return true; }, concurrent,
          [](const Recipe::Flow&) { return std::string("test"); },
          [](const Recipe::Flow&) -> std::unique_ptr<FlowSolver> {
            return std::make_unique<Solver>();
          }};
}

std::vector<FramePtr> numbered_frames(int count) {
  std::vector<FramePtr> frames;
  for (int i = 0; i < count; ++i) {
    frames.push_back(std::make_shared<Frame>());
    frames.back()->gray = cv::Mat(2, 2, CV_8UC1, cv::Scalar(i));
  }
  return frames;
}

Recipe::Flow unit_bound() {
  Recipe::Flow flow;
  flow.bound = 127.5;  // a byte is v + 127.5, rounded
  return flow;
}

// The bytes of the flow that NamingSolver gives from one frame to another.
cv::Vec2b flow_between(int from, int to) {
  cv::Mat flow(1, 1, CV_32FC2, cv::Scalar(from, to));
  return quantised(flow_view(flow), 127.5).at<cv::Vec2b>(0, 0);
}

TEST(FlowField, SolvesPairsInOrderOnOneThreadOrMany) {
  for (const bool concurrent : {false, true}) {
    const FlowBackend backend = backend_of<NamingSolver>(concurrent);
    FlowField field(backend, unit_bound(), Deadline());
    const std::vector<FramePtr> frames = numbered_frames(50);
    std::vector<FlowPair> pairs;
    std::vector<cv::Vec2f> wanted;
    for (int i = 0; i + 1 < 50; i += i % 7 == 3 ? 2 : 1) {  // with gaps
      pairs.push_back(test::pair_of(frames[i]->gray, frames[i + 1]->gray));
      wanted.emplace_back(i, i + 1);
    }
    std::vector<cv::Vec2f> flows(pairs.size());
    field.solve(pairs, [&](std::size_t i, const FlowView& flow) {
      flows[i] = {flow.row(1)[1].u, flow.row(1)[1].v};
    });
    EXPECT_EQ(flows, wanted);
  }
}

TEST(FlowField, NamesABackendThatMakesNoSolver) {
  FlowBackend makes_null = backend_of<NamingSolver>(true);
  makes_null.make = [](const Recipe::Flow&) { return nullptr; };
  FlowBackend makes_nothing = makes_null;
  makes_nothing.make = nullptr;
  const std::vector<FramePtr> frames = numbered_frames(2);
  for (const FlowBackend& backend : {makes_null, makes_nothing, FlowBackend{}}) {
    FlowField field(backend, unit_bound(), Deadline());
    test::expect_error(ErrorKind::kInternal, {"flow backend", "makes no solver"}, [&] {
      field.solve({test::pair_of(frames[0]->gray, frames[1]->gray)},
                  [](std::size_t, const FlowView&) {});
    });
  }
}

TEST(FrameFlow, FillsWhatIsWantedAndMissingOnly) {
  const FlowBackend backend = backend_of<NamingSolver>(true);
  FlowField field(backend, unit_bound(), Deadline());
  const std::vector<FramePtr> frames = numbered_frames(5);
  const cv::Mat given(2, 2, CV_8UC2, cv::Scalar(7, 7));
  frames[1]->flow = given;
  const std::vector<std::size_t> claimed =
      claim_missing_flow(frames, [](std::size_t i) { return i != 2 && i != 4; });
  EXPECT_EQ(claimed, (std::vector<std::size_t>{0, 3}));
  EXPECT_TRUE(claim_missing_flow(frames, [](std::size_t i) { return i != 2; }).empty())
      << "another part has";
  fill_flow(field, frames, claimed);
  EXPECT_EQ(frames[0]->flow.at<cv::Vec2b>(1, 1), flow_between(0, 1));
  EXPECT_EQ(cv::norm(frames[1]->flow, given, cv::NORM_INF), 0);
  EXPECT_TRUE(frames[2]->flow.empty());
  EXPECT_EQ(frames[3]->flow.at<cv::Vec2b>(1, 1), flow_between(3, 4));
  EXPECT_TRUE(frames[4]->flow.empty());
}

TEST(FrameFlow, RepeatsTheLastFlowForTheLastFrame) {
  const FlowBackend backend = backend_of<NamingSolver>(true);
  FlowField field(backend, unit_bound(), Deadline());
  std::vector<FramePtr> frames = numbered_frames(3);
  fill_flow(field, frames, claim_missing_flow(frames, [](std::size_t i) { return i == 2; }));
  repeat_last_flow(frames, unit_bound().bound);
  EXPECT_EQ(frames[2]->flow.at<cv::Vec2b>(1, 1), flow_between(1, 2));

  frames = numbered_frames(1);
  fill_flow(field, frames, claim_missing_flow(frames, [](std::size_t) { return true; }));
  repeat_last_flow(frames, unit_bound().bound);
  EXPECT_EQ(frames[0]->flow.at<cv::Vec2b>(1, 1), cv::Vec2b(128, 128)) << "no motion";
}

TEST(FlowField, PassesOnWhatASolverThrowsAndStopsAtTheDeadline) {
  const FlowBackend failing = backend_of<FailingSolver>(true);
  const std::vector<FramePtr> frames = numbered_frames(4);
  FlowField field(failing, unit_bound(), Deadline());
  test::expect_error(ErrorKind::kInput, {"device lost"}, [&] {
    fill_flow(field, frames, {0, 1, 2});
  });
  FlowField late(failing, unit_bound(), Deadline(std::chrono::seconds(-1)));
  test::expect_error(ErrorKind::kInput, {"timed out"}, [&] { fill_flow(late, frames, {0, 1, 2}); });
}

TEST(FrameFlow, RefusesImagesOfOtherTypes) {
  for (const cv::Mat& other : {cv::Mat(), cv::Mat(20, 30, CV_8UC3), cv::Mat(20, 30, CV_32FC1)}) {
    test::expect_error(ErrorKind::kInternal, {"uint8 gray images"}, [&] { flow_view(other); });
    if (other.empty()) continue;
    test::expect_error(ErrorKind::kInternal, {"uint8 gray images"}, [&] { gray_view(other); });
  }
}

}  // namespace
}  // namespace co2net
