#include "extractors/flow/flow_backend.h"
#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"
#include "tests/gpu/gpu.h"

namespace co2net::test {
namespace {

class RunOnGpu : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GPU(); }
  static bool has_opencv_flow() { return flow_backends(0).front().name == "opencv"; }
  Workplace here_;
};

TEST_F(RunOnGpu, LocalizesAVideo) {
  const Outcome outcome = here_.call("run", {here_.clip("clip.mkv"), "--device", "cuda"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_FALSE(outcome.json().at("results").at("clip").empty());
}

TEST_F(RunOnGpu, ExtractsTheCpusFeaturesUpToRounding) {
  const std::string clip = here_.clip("clip.mkv");
  const auto features = [&](const Strings& options) {
    const Outcome outcome = here_.call("extract", Strings{clip, "-o", here_.path("out")} + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read_npy(here_.path("out") / "clip.npy");
  };
  const Array wanted = features({"--device", "cpu"});
  expect_near(features({"--device", "cuda:0"}), wanted, 1e-3);
  expect_near(features({"--device", "cuda:0", "--i3d-precision", "fp16"}), wanted, 2e-2);
}

TEST_F(RunOnGpu, TakesFlowFromTheGpuWhereTheRecipeAsksForItsAlgorithm) {
  if (!has_opencv_flow()) GTEST_SKIP() << kMachineLacks << "an OpenCV with cudaoptflow";
  const Outcome outcome = here_.call("run", {here_.clip("clip.mkv"), "--device", "cuda",
                                             "--recipe-set", "flow.variant=opencv-cuda"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("flow runs on opencv")) << outcome.err;
}

}  // namespace
}  // namespace co2net::test
