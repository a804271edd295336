#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <set>

#include "localizer/checkpoint.h"
#include "localizer/co2net.h"
#include "localizer/network.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr Co2NetConfig kSmall = {
    .network = {.kind = NetworkKind::kWtalc}, .classes = 3, .feature_size = 16};

Array some_features() { return test::hashfill("features", {5, kSmall.feature_size}, 1); }

TEST(Wtalc, IsReadBackFromItsCheckpointWithTheAuthorsUnusedLayer) {
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  TempDir dir;
  model.save(dir.path() / "a.pt");
  Tensors checkpoint = read_checkpoint(dir.path() / "a.pt");
  std::set<std::string> names;
  for (const auto& [name, values] : checkpoint) names.insert(name);
  EXPECT_EQ(names, (std::set<std::string>{"classifier.bias", "classifier.weight", "fc.bias",
                                          "fc.weight", "fc1.bias", "fc1.weight"}));
  EXPECT_EQ(checkpoint.at("fc1.weight").sizes(), (torch::IntArrayRef{16, 16}));
  checkpoint["fc1.weight"].fill_(7);
  write_checkpoint(dir.path() / "b.pt", checkpoint);
  const Array want = model.localize(some_features()).at("cas");
  EXPECT_EQ(want.shape, (Shape{5, 3}));
  for (const char* file : {"a.pt", "b.pt"}) {
    EXPECT_NO_THROW(expect_sizes(dir.path() / file, kSmall));
    const Arrays scores = Co2Net::load(dir.path() / file, kSmall).localize(some_features());
    ASSERT_EQ(scores.size(), 1u) << "no attention";
    EXPECT_EQ(scores.at("cas").values, want.values) << file;
  }
  const Co2NetConfig co2net = {.classes = 3, .feature_size = 16};
  test::expect_error(ErrorKind::kModel, {"a.pt", "is no CO2-Net"},
                     [&] { expect_sizes(dir.path() / "a.pt", co2net); });
  Co2Net::seeded(co2net, 1).save(dir.path() / "c.pt");
  test::expect_error(ErrorKind::kModel, {"c.pt", "is no W-TALC"},
                     [&] { expect_sizes(dir.path() / "c.pt", kSmall); });
}

TEST(Wtalc, BeginsWithXaviersWeightsAndZeroBiases) {
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  for (const auto& item : model.network().named_parameters()) {
    const torch::Tensor& values = item.value();
    const double most = values.abs().max().item<double>();
    if (values.dim() == 1) {
      EXPECT_EQ(most, 0) << item.key();
    } else {
      const double bound = std::sqrt(6. / static_cast<double>(values.size(0) + values.size(1)));
      EXPECT_LE(most, bound) << item.key();
      EXPECT_GT(most, 0.8 * bound) << item.key();
    }
  }
}

TEST(Wtalc, TakesFeaturesOfAnyWidthThatBothStreamsShare) {
  Co2NetConfig config = kSmall;
  for (const int size : {2, 6}) {
    config.feature_size = size;
    const Array features = test::hashfill("narrow", {4, size}, 1);
    EXPECT_EQ(Co2Net::seeded(config, 1).localize(features).at("cas").shape, (Shape{4, 3}));
  }
  for (const int size : {0, 7}) {
    config.feature_size = size;
    test::expect_error(ErrorKind::kModel, {"W-TALC config: feature_size must be even"},
                       [&] { Co2Net::seeded(config, 1); });
  }
  test::expect_error(ErrorKind::kModel, {"CO2-Net config: feature_size must be a positive"},
                     [] { Co2Net::seeded({.classes = 3, .feature_size = 6}, 1); });
}

TEST(Wtalc, DropsTheFeatureThatItsClassifierSees) {
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  const torch::Tensor input = torch::ones({1, 200, 16});
  torch::NoGradGuard no_grad;
  const NetworkOutput whole = model.network().forward(input);
  const NetworkOutput some = model.network().forward(input, at::detail::createCPUGenerator(1));
  const torch::Tensor kept = some.feat.ne(0).logical_and(whole.feat.ne(0));
  const double share = kept.sum().item<double>() / whole.feat.ne(0).sum().item<double>();
  EXPECT_NEAR(share, 0.3, 0.05);
  EXPECT_TRUE(torch::allclose(some.feat, torch::where(kept, whole.feat / 0.3, 0 * whole.feat)));
  const auto parameters = model.network().named_parameters();
  EXPECT_TRUE(
      torch::allclose(some.cas, some.feat.matmul(parameters["classifier.weight"].t()), 1e-4, 1e-5));
}

}  // namespace
}  // namespace co2net
