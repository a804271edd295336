// Each place of dropout in the network, one at a time: weights set by hand make its masks visible
// in an output. What is kept is scaled by 1/kept, so a value tells the rate; how many are kept
// tells it again. Masks come from seeds, so nothing here depends on chance.
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <string>

#include "localizer/network.h"

namespace co2net {
namespace {

using torch::Tensor;

constexpr int kChannels = 16;           // D
constexpr int kSize = 2 * kChannels;    // 2D
constexpr std::int64_t kVideos = 4;     // B
constexpr std::int64_t kLength = 300;   // T
constexpr double kOthersRate = 0.5;     // of the global, local and attention places
constexpr double kHiddenRate = 0.7;     // of the classifier's second
constexpr double kPublishedRate = 0.7;  // p

at::Generator generator(std::uint64_t seed) { return at::detail::createCPUGenerator(seed); }

// A network whose parameters are zero but for those that a test sets; cas shows the classifier's
// hidden channels, in order.
class Bare {
 public:
  explicit Bare(double dropout)
      : network_({.classes = kSize - 1, .feature_size = kSize, .dropout = dropout}),
        parameters_(network_.named_parameters()) {
    torch::NoGradGuard no_grad;
    for (const auto& item : parameters_) item.value().zero_();
  }

  void bias(const std::string& layer, double value) { fill(parameters_[layer + ".bias"], value); }
  // Output channel i is input channel i, at the same time, times `factor`.
  void pass(const std::string& layer, double factor = 1) {
    torch::NoGradGuard no_grad;
    Tensor& weight = parameters_[layer + ".weight"];
    for (std::int64_t i = 0; i < weight.size(0); ++i) {
      weight[i][i][weight.size(2) / 2] = factor;
    }
  }

  NetworkOutput forward(std::optional<at::Generator> dropout) const {
    torch::NoGradGuard no_grad;
    return network_.forward(torch::ones({kVideos, kLength, kSize}), dropout);
  }
  Network& network() { return network_; }

 private:
  static void fill(Tensor& tensor, double value) {
    torch::NoGradGuard no_grad;
    tensor.fill_(value);
  }

  Network network_;
  torch::OrderedDict<std::string, Tensor> parameters_;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

Tensor near(const Tensor& values, double value) { return (values - value).abs() < 1e-4; }

double share(const Tensor& is_true) { return is_true.to(torch::kFloat64).mean().item<double>(); }

// That `values` are `dropped` or `kept` and nothing else, the latter with probability 1 - rate each
// by itself: within five deviations.
void expect_dropped(const Tensor& values, double dropped, double kept, double rate) {
  const Tensor is_kept = near(values, kept);
  EXPECT_TRUE((is_kept | near(values, dropped)).all().item<bool>());
  const auto count = static_cast<double>(values.numel());
  EXPECT_NEAR(share(is_kept), 1 - rate, 5 * std::sqrt(rate * (1 - rate) / count));
}

// That neighbours along a dimension differ as often as draws of their own do.
void expect_independent(const Tensor& is_kept, std::int64_t dimension, double rate) {
  const std::int64_t length = is_kept.size(dimension);
  const Tensor differ =
      is_kept.slice(dimension, 1, length).logical_xor(is_kept.slice(dimension, 0, length - 1));
  const double want = 2 * rate * (1 - rate);
  EXPECT_NEAR(share(differ), want, 0.1 * want);
}

class ModuleDropout : public testing::TestWithParam<std::string> {
 protected:
  std::string layer(const std::string& name) const { return GetParam() + "." + name; }
  Tensor attention(const NetworkOutput& output) const {
    return GetParam() == "vAttn" ? output.attn_rgb : output.attn_flow;
  }
  // What the module makes of its main modality, [B, T, D], where the fusion layer lets it pass.
  Tensor enhanced(const NetworkOutput& output) const {
    return output.feat.chunk(2, 2)[GetParam() == "vAttn" ? 0 : 1];
  }
};

INSTANTIATE_TEST_SUITE_P(Each, ModuleDropout, testing::Values("vAttn", "fAttn"),
                         [](const auto& module) { return module.param; });

TEST_P(ModuleDropout, BeforeTheAttentionsSigmoidIsHalf) {
  Bare bare(0);
  bare.bias(layer("attention.5"), 1.5);
  const Tensor attn = attention(bare.forward(generator(1)));
  expect_dropped(attn, 0.5, sigmoid(1.5 / (1 - kOthersRate)), kOthersRate);
  expect_independent(attn > 0.6, 1, kOthersRate);
}

TEST_P(ModuleDropout, AfterTheAttentionsFirstLayerIsHalf) {
  Bare bare(0);
  bare.bias(layer("attention.0"), 1);
  bare.pass(layer("attention.3"));
  bare.pass(layer("attention.5"));
  bare.bias(layer("attention.5"), 0.25);
  const Tensor attn = attention(bare.forward(generator(2)));
  // Where the place before the sigmoid dropped nothing, which the last test settles.
  const Tensor seen = attn.masked_select(near(attn, 0.5).logical_not());
  EXPECT_GT(seen.numel(), 400);
  const double first_kept = 1 / (1 - kOthersRate);
  expect_dropped(seen, sigmoid(0.25 * 2), sigmoid((first_kept + 0.25) * 2), kOthersRate);
}

TEST_P(ModuleDropout, OfTheLocalBranchIsHalfForEachChannelAndSnippet) {
  Bare bare(0);
  bare.pass("fusion.0");
  bare.bias(layer("channel_conv.0"), 0.5);
  bare.bias(layer("bit_wise_attn.0"), 0.5);
  const Tensor gate = enhanced(bare.forward(generator(3)));
  // Channels whose global context was kept, which is so for all of a video or not at all.
  const Tensor is_kept = near(gate, 0.5).logical_not();
  const Tensor live = is_kept.any(1).unsqueeze(1).expand_as(gate);
  const double scale = 1 / (1 - kOthersRate);
  expect_dropped(gate.masked_select(live), 0.5, sigmoid(0.5 * scale * 0.5 * scale), kOthersRate);
  expect_independent(is_kept.masked_select(live), 0, kOthersRate);
}

TEST_P(ModuleDropout, OfTheGlobalBranchIsHalfForEachChannelAndTheSameAtEverySnippet) {
  std::int64_t kept = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Bare bare(0);
    bare.pass("fusion.0");
    bare.bias(layer("channel_conv.0"), 0.5);
    bare.bias(layer("bit_wise_attn.0"), 0.5);
    const Tensor is_open = near(enhanced(bare.forward(generator(seed))), 0.5).logical_not();
    kept += is_open.any(1).sum().item<std::int64_t>();
    all += kVideos * kChannels;
  }
  // That all 300 snippets of the local branch are dropped by chance does not happen.
  const double deviation = std::sqrt(kOthersRate * kOthersRate / static_cast<double>(all));
  EXPECT_NEAR(static_cast<double>(kept) / static_cast<double>(all), 1 - kOthersRate, 5 * deviation);
}

class RateOfDropout : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Each, RateOfDropout, testing::Values(kPublishedRate, 0.25),
                         [](const auto& rate) {
                           return std::to_string(static_cast<int>(rate.param * 100)) + "Percent";
                         });

TEST_P(RateOfDropout, AfterFusionIsTheConfigs) {
  const double rate = GetParam();
  Bare bare(rate);
  bare.bias("fusion.0", 1);
  const Tensor feat = bare.forward(generator(4)).feat;
  expect_dropped(feat, 0, 1 / (1 - rate), rate);
  expect_independent(feat > 0, 1, rate);
  expect_independent(feat > 0, 2, rate);
}

TEST_P(RateOfDropout, BeforeTheClassifierIsTheConfigsAndThenSevenTenths) {
  const double rate = GetParam();
  Bare bare(rate);
  bare.bias("fusion.0", 1);
  bare.pass("classifier.1");
  bare.bias("classifier.1", 1);
  bare.pass("classifier.4");
  const NetworkOutput output = bare.forward(generator(5));
  // A hidden channel is 1 where the first place dropped, 1 + feat / kept elsewhere; then the second
  // drops it or scales it.
  const double kept_first = 1 + 1 / (1 - rate) / (1 - rate), scale = 1 / (1 - kHiddenRate);
  const Tensor cas = output.cas.masked_select(output.feat > 0);
  const Tensor is_kept = near(cas, 0).logical_not();
  const auto count = static_cast<double>(cas.numel());
  EXPECT_NEAR(share(is_kept), 1 - kHiddenRate,
              5 * std::sqrt(kHiddenRate * (1 - kHiddenRate) / count));
  expect_dropped(cas.masked_select(is_kept), scale, kept_first * scale, rate);
  expect_independent(output.cas > 0, 1, kHiddenRate);
}

// A network that shows every place at once.
Network usual_network() {
  Network network({.classes = 3, .feature_size = kSize});
  network.initialise(1);
  return network;
}

bool equal(const NetworkOutput& a, const NetworkOutput& b) {
  return a.cas.equal(b.cas) && a.attn.equal(b.attn) && a.attn_rgb.equal(b.attn_rgb) &&
         a.attn_flow.equal(b.attn_flow) && a.feat.equal(b.feat);
}

TEST(Dropout, IsOffAtInferenceWhateverTheMode) {
  torch::NoGradGuard no_grad;
  Network network = usual_network();
  Co2NetConfig without{.classes = 3, .feature_size = kSize, .dropout = 0};
  Network other(without);
  other.initialise(1);
  const Tensor features = torch::rand({2, 20, kSize}, generator(6));
  network.eval();
  const NetworkOutput got = network.forward(features);
  EXPECT_TRUE(equal(got, other.forward(features)));
  network.train();
  EXPECT_TRUE(equal(network.forward(features), got));

  Bare bare(kPublishedRate);
  bare.bias("fusion.0", 1);
  bare.bias("vAttn.attention.5", 1.5);
  EXPECT_TRUE(near(bare.forward(std::nullopt).feat, 1).all().item<bool>());
  EXPECT_TRUE(near(bare.forward(std::nullopt).attn_rgb, sigmoid(1.5)).all().item<bool>());
}

TEST(Dropout, IsDrawnFromTheGivenSeedAloneAndAnewForEachCall) {
  torch::NoGradGuard no_grad;
  const Network network = usual_network();
  const Tensor features = torch::rand({2, 20, kSize}, generator(7));
  torch::manual_seed(1);
  const NetworkOutput once = network.forward(features, generator(8));
  torch::manual_seed(2);
  EXPECT_TRUE(equal(network.forward(features, generator(8)), once));
  EXPECT_FALSE(equal(network.forward(features, generator(9)), once));
  const at::Generator running = generator(8);
  EXPECT_TRUE(equal(network.forward(features, running), once));
  EXPECT_FALSE(equal(network.forward(features, running), once));
}

TEST(Dropout, OfTheTwoModulesIsDrawnForEachByItself) {
  Bare bare(0);
  bare.bias("vAttn.attention.5", 1.5);
  bare.bias("fAttn.attention.5", 1.5);
  const NetworkOutput output = bare.forward(generator(10));
  EXPECT_NEAR(share((output.attn_rgb > 0.6).logical_xor(output.attn_flow > 0.6)), 0.5, 0.08);
}

}  // namespace
}  // namespace co2net
