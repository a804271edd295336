#include "localizer/network.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>

#include "pipeline/error.h"

namespace co2net {
namespace {

namespace nn = torch::nn;

// Keeps the length of the sequence.
nn::Conv1d conv(int in, int out, int kernel) {
  return nn::Conv1d(nn::Conv1dOptions(in, out, kernel).padding(kernel / 2));
}

nn::LeakyReLU leaky_relu() { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)); }

void check(const Co2NetConfig& config) {
  const auto want = [](bool ok, const std::string& what) {
    if (!ok) throw Error(ErrorKind::kModel, "CO2-Net config: " + what);
  };
  want(config.classes >= 1, "classes must be at least 1");
  want(config.feature_size >= 4 && config.feature_size % 4 == 0,
       "feature_size must be a positive multiple of 4");
  want(config.max_seqlen >= 1, "max_seqlen must be at least 1");
  want(config.dropout >= 0 && config.dropout < 1, "dropout must be in [0, 1)");
}

int pool_width(const Co2NetConfig& config) {
  return config.variant == Variant::kActivityNet ? config.max_seqlen / 5 / 2 * 2 + 1 : 1;
}

// Averages [B, channels, T] over time; beyond the ends there are zeros, which count.
torch::Tensor smooth(const torch::Tensor& sequence, int width) {
  if (width == 1) return sequence;
  return torch::avg_pool1d(sequence, width, /*stride=*/1, /*padding=*/width / 2);
}

}  // namespace

// The cross-modal consensus module: global context of the main modality and local detail of the
// auxiliary one decide together which of the main modality's channels to keep.
class ConsensusModule : public nn::Module {
 public:
  struct Output {
    torch::Tensor attn;      // [B, 1, T]
    torch::Tensor enhanced;  // [B, D, T]
  };

  explicit ConsensusModule(int channels)
      : global_(conv(channels, channels, 3), leaky_relu(), nn::Dropout(0.5)),
        local_(conv(channels, channels, 3), leaky_relu(), nn::Dropout(0.5)),
        attention_(conv(channels, channels / 2, 3), leaky_relu(), nn::Dropout(0.5),
                   conv(channels / 2, channels / 2, 3), leaky_relu(), conv(channels / 2, 1, 1),
                   nn::Dropout(0.5), nn::Sigmoid()) {
    register_module("channel_conv", global_);
    register_module("bit_wise_attn", local_);
    register_module("attention", attention_);
  }

  //   main, aux  [B, D, T]
  Output forward(const torch::Tensor& main, const torch::Tensor& aux) {
    const torch::Tensor context = global_->forward(main.mean(/*dim=*/2, /*keepdim=*/true));
    const torch::Tensor enhanced = torch::sigmoid(local_->forward(aux) * context) * main;
    return {attention_->forward(enhanced), enhanced};
  }

 private:
  nn::Sequential global_, local_, attention_;
};

Network::Network(const Co2NetConfig& config) {
  check(config);
  const int size = config.feature_size;
  pool_width_ = pool_width(config);
  rgb_consensus_ = register_module("vAttn", std::make_shared<ConsensusModule>(size / 2));
  flow_consensus_ = register_module("fAttn", std::make_shared<ConsensusModule>(size / 2));
  fusion_ = register_module(
      "fusion", nn::Sequential(conv(size, size, 1), leaky_relu(), nn::Dropout(config.dropout)));
  classifier_ = register_module(
      "classifier", nn::Sequential(nn::Dropout(config.dropout), conv(size, size, 3), leaky_relu(),
                                   nn::Dropout(0.7), conv(size, config.classes + 1, 1)));
}

void Network::initialise(std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (torch::Tensor& parameter : parameters()) {
    if (parameter.dim() == 1) {
      parameter.zero_();
    } else {
      const auto fan_in = static_cast<double>(parameter.size(1) * parameter.size(2));
      const double bound = std::sqrt(6 / fan_in);
      parameter.uniform_(-bound, bound, generator);
    }
  }
}

NetworkOutput Network::forward(const torch::Tensor& features) {
  const std::vector<torch::Tensor> streams = features.transpose(1, 2).chunk(2, /*dim=*/1);
  const auto rgb = rgb_consensus_->forward(streams[0], streams[1]);
  const auto flow = flow_consensus_->forward(streams[1], streams[0]);
  const torch::Tensor feat = fusion_->forward(torch::cat({rgb.enhanced, flow.enhanced}, 1));
  const torch::Tensor cas = classifier_->forward(feat);
  const torch::Tensor attn = (rgb.attn + flow.attn) / 2;
  return {smooth(cas, pool_width_).transpose(1, 2), smooth(attn, pool_width_).squeeze(1),
          smooth(rgb.attn, pool_width_).squeeze(1), smooth(flow.attn, pool_width_).squeeze(1),
          feat.transpose(1, 2)};
}

}  // namespace co2net
