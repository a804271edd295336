#include "samples/trainable_i3d.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <tuple>

#include "extractors/i3d/i3d.h"
#include "pipeline/base/files.h"
#include "tests/support.h"

namespace co2net {
namespace {

torch::Tensor tensor_of(const Array& array) {
  return torch::tensor(array.values).reshape(array.shape);
}

class TrainableI3dOf : public testing::TestWithParam<std::tuple<int, int>> {};

// Over sides whose halves are odd and even.
TEST_P(TrainableI3dOf, GivesTheFeaturesOfTheNetworkThatItsValuesMake) {
  const auto [channels, side] = GetParam();
  const I3dArchitecture architecture{.channels = channels, .width = 1. / 16};
  TrainableI3d trainable(architecture, 1);
  const Array clips = test::hashfill("clips", {2, channels, 16, side, side}, 1);
  for (int step = 0; step < 3; ++step) {  // so that no value is that of the beginning
    trainable.features(tensor_of(clips), true).square().mean().backward();
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : trainable.trained()) parameter.sub_(parameter.grad(), 0.01);
  }

  const TempDir dir;
  save_i3d(dir.path() / "i3d.pt", architecture, trainable.values());
  const I3d saved(dir.path() / "i3d.pt", {.channels = channels, .feature_size = 64, .side = side});
  const torch::NoGradGuard no_grad;
  const torch::Tensor want = tensor_of(saved.features(clips));
  const torch::Tensor got = trainable.features(tensor_of(clips), false);
  EXPECT_GT(want.abs().max().item<float>(), 1e-3);
  EXPECT_LT((got - want).abs().max().item<float>(), 1e-4 * want.abs().max().item<float>());
}

INSTANTIATE_TEST_SUITE_P(Networks, TrainableI3dOf,
                         testing::Combine(testing::Values(2, 3), testing::Values(64, 96)));

TEST(TrainableI3d, LearnsToTellClipsApart) {
  TrainableI3d network({.channels = 2, .width = 1. / 16}, 1);
  const torch::Tensor clips = tensor_of(test::hashfill("clips", {4, 2, 16, 32, 32}, 1));
  const torch::Tensor labels = torch::tensor({0, 1, 2, 3}, torch::kLong);
  torch::optim::Adam optimizer(network.trained(), 1e-2);
  const auto loss = [&] {
    return torch::cross_entropy_loss(network.features(clips, true).slice(1, 0, 4), labels);
  };
  const double before = loss().item<double>();
  for (int step = 0; step < 30; ++step) {
    optimizer.zero_grad();
    loss().backward();
    optimizer.step();
  }
  EXPECT_LT(loss().item<double>(), 0.2 * before);
}

}  // namespace
}  // namespace co2net
