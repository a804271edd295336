#include "localizer/adam.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <span>
#include <vector>

#include "localizer/adam_tensors.h"

namespace co2net {
namespace {

TEST(Adam, StepsAsTorchsDoes) {
  constexpr std::int64_t kSize = 50;
  torch::manual_seed(1);
  const AdamOptions options{.learning_rate = 0.01, .weight_decay = 0.1};
  const torch::Tensor theirs = torch::randn({kSize}).requires_grad_();
  torch::optim::Adam adam(
      {theirs},
      torch::optim::AdamOptions(options.learning_rate).weight_decay(options.weight_decay));
  std::vector<float> ours(theirs.data_ptr<float>(), theirs.data_ptr<float>() + kSize);
  std::vector<float> moment1(kSize), moment2(kSize);
  for (int step = 1; step <= 8; ++step) {
    const torch::Tensor gradient = torch::randn({kSize}) * (step == 4 ? 1e-6 : 10);
    theirs.mutable_grad() = gradient;
    adam.step();
    adam_step(options, step, ours, {gradient.data_ptr<float>(), kSize}, moment1, moment2);
    for (std::int64_t i = 0; i < kSize; ++i) {
      ASSERT_NEAR(ours[static_cast<std::size_t>(i)], theirs[i].item<float>(), 1e-6)
          << "step " << step << ", value " << i;
    }
  }
}

TEST(Adam, StepsTensorsAsItStepsArraysUpToRounding) {
  constexpr std::int64_t kSize = 50;
  torch::manual_seed(1);
  const AdamOptions options{.learning_rate = 0.01, .weight_decay = 0.1};
  const auto values_of = [](const torch::Tensor& tensor) {
    return std::span(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
  };
  const torch::Tensor array = torch::randn({kSize}), tensor = array.clone();
  const torch::Tensor moments = torch::zeros({4, kSize});
  for (int step = 1; step <= 8; ++step) {
    const torch::Tensor gradient = torch::randn({kSize}) * (step == 4 ? 1e-6 : 10);
    adam_step(options, step, values_of(array), values_of(gradient), values_of(moments[0]),
              values_of(moments[1]));
    adam_step(options, step, tensor, gradient, moments[2], moments[3]);
    EXPECT_TRUE(tensor.allclose(array, 1e-5, 1e-6)) << step;
    EXPECT_TRUE(moments[3].allclose(moments[1], 1e-5, 1e-9)) << step;
  }
}

}  // namespace
}  // namespace co2net
