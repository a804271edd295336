#include "extractors/flow/flow_backend.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "extractors/flow/flow_field.h"
#include "tests/gpu/gpu.h"
#include "tests/solved_flow.h"
#include "tests/support.h"
#include "tests/unit/texture.h"

namespace co2net {
namespace {

// At the size of the benchmark's frames.
cv::Mat texture(double x, double y) {
  cv::Mat scaled;
  cv::resize(test::texture({x, y}), scaled, {340, 256}, 0, 0, cv::INTER_CUBIC);
  return scaled;
}

std::vector<std::pair<cv::Mat, cv::Mat>> moving_pairs() {
  std::vector<std::pair<cv::Mat, cv::Mat>> pairs;
  for (int i = 0; i < 40; ++i) pairs.emplace_back(texture(0, 0), texture(i % 7 - 3, i % 5 - 2));
  return pairs;
}

std::vector<cv::Mat> solved_by(FlowField& field,
                               const std::vector<std::pair<cv::Mat, cv::Mat>>& pairs) {
  std::vector<FlowPair> views;
  for (const auto& [from, to] : pairs) views.push_back(test::pair_of(from, to));
  std::vector<cv::Mat> flows(pairs.size());
  field.solve(views, [&](std::size_t i, const FlowView& flow) { flows[i] = mat_of(flow).clone(); });
  return flows;
}

TEST(PortableFlowOnGpu, IsTheCpusForMorePairsThanAreInFlight) {
  SKIP_WITHOUT_GPU();
  const Recipe::Flow flow;
  const auto pairs = moving_pairs();
  FlowField on_gpu(choose_flow_backend("cuda", flow, 0), flow, Deadline());
  FlowField on_cpu(kTvl1Cpu, flow, Deadline());
  const std::vector<cv::Mat> found = solved_by(on_gpu, pairs), wanted = solved_by(on_cpu, pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(cv::norm(found[i], wanted[i], cv::NORM_INF), 0) << "pair " << i;
  }
}

class Tvl1OnGpu : public testing::Test {
 protected:
  Tvl1OnGpu() { flow_.variant = FlowVariant::kOpencvCuda; }

  void SetUp() override {
    cuda_ = cuda_of(0);
    if (!cuda_) GTEST_SKIP() << test::kMachineLacks << "an OpenCV with cudaoptflow";
    if (cuda_->device(flow_).empty()) GTEST_SKIP() << test::kNoGpu;
  }

  static std::optional<FlowBackend> cuda_of(std::optional<int> gpu) {
    for (const FlowBackend& backend : flow_backends(gpu)) {
      if (backend.name == "opencv") return backend;
    }
    return std::nullopt;
  }

  Recipe::Flow flow_;
  std::optional<FlowBackend> cuda_;
};

TEST_F(Tvl1OnGpu, IsNearThePortableFlow) {
  const cv::Mat a = texture(0, 0), b = texture(1, -0.5);
  const cv::Mat flow = test::solved_flow(*cuda_->make(flow_), a, b);
  const cv::Mat on_cpu = test::solved_flow(*kTvl1Cpu.make(Recipe::Flow()), a, b);
  ASSERT_EQ(flow.size(), on_cpu.size());
  EXPECT_GT(test::mean_inside(on_cpu)[0], 2) << "there is motion to find";
  const cv::Scalar distance = test::mean_inside(cv::abs(flow - on_cpu));
  EXPECT_LT(distance[0] + distance[1], 0.1);
}

TEST_F(Tvl1OnGpu, SolvesManyPairsAtOnceToTheBytesOfOneAtATime) {
  const auto pairs = moving_pairs();
  const auto solver = cuda_->make(flow_);
  FlowField field(*cuda_, flow_, Deadline());
  for (int round = 0; round < 5; ++round) {
    const std::vector<cv::Mat> flows = solved_by(field, pairs);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const cv::Mat alone = test::solved_flow(*solver, pairs[i].first, pairs[i].second);
      ASSERT_EQ(cv::norm(flows[i], alone, cv::NORM_INF), 0) << "pair " << i << ", round " << round;
    }
  }
}

TEST_F(Tvl1OnGpu, IsNotThereWhenNoGpuMayBeUsed) {
  EXPECT_EQ(cuda_of(std::nullopt)->device(flow_), "");
}

TEST_F(Tvl1OnGpu, IsTakenForTheVariantThatItIs) {
  EXPECT_EQ(choose_flow_backend("auto", flow_, 0).name, "opencv");
}

}  // namespace
}  // namespace co2net
