#include "localizer/network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "pipeline/base/interrupt.h"
#include "pipeline/base/settings.h"
#include "pipeline/datasets/network_title.h"

namespace co2net {
namespace {

namespace nn = torch::nn;

constexpr int kGateReduction = 16;

// Keeps the length of the sequence.
nn::Conv1d conv(int in, int out, int kernel) {
  return nn::Conv1d(nn::Conv1dOptions(in, out, kernel).padding(kernel / 2));
}

nn::LeakyReLU leaky_relu() { return nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.2)); }

void validate(const Co2NetConfig& config) {
  const SettingsCheck check(std::string(title_of(config.network.kind)) + " config");
  check.require(config.classes >= 1, "classes", "at least 1");
  check_dropout(check, config.dropout);
  if (config.network.kind == NetworkKind::kWtalc) {
    // Its layers take any size, but features of a bundle are of two streams.
    check.require(config.feature_size >= 2 && config.feature_size % 2 == 0, "feature_size",
                  "even and at least 2, for both streams");
    return;
  }
  check.require(config.feature_size >= 4 && config.feature_size % 4 == 0, "feature_size",
                "a positive multiple of 4");
  check.in(config.network.max_seqlen, "max_seqlen", 1, kLongestSequence);
}

int pool_width(const Co2NetConfig& config) {
  const NetworkSpec& network = config.network;
  return network.variant == Variant::kActivityNet ? network.max_seqlen / 5 / 2 * 2 + 1 : 1;
}

// Averages [B, channels, T] over time; beyond the ends there are zeros, which count.
torch::Tensor smooth(const torch::Tensor& sequence, int width) {
  if (width == 1) return sequence;
  return torch::avg_pool1d(sequence, width, /*stride=*/1, /*padding=*/width / 2);
}

// Takes masks from `generator`: torch's own dropout would take them from a generator that all
// threads share, in no fixed order.
torch::Tensor dropped(const torch::Tensor& x, double share,
                      const std::optional<at::Generator>& generator) {
  if (!generator) return x;
  const double kept = 1 - share;
  return x * torch::empty_like(x).bernoulli_(kept, *generator).div_(kept);
}

// Runs layers in order.
torch::Tensor run(const nn::Sequential& layers, torch::Tensor x,
                  const std::optional<at::Generator>& generator) {
  for (const nn::AnyModule& layer : *layers) {
    throw_if_interrupted();  // a layer of a long video takes seconds
    if (const auto* dropout = layer.ptr()->as<nn::DropoutImpl>()) {
      x = dropped(x, dropout->options.p(), generator);
    } else {
      x = nn::AnyModule(layer).forward(x);
    }
  }
  return x;
}

}  // namespace

// One of the two modules: enhances its main modality and says where in time there is action.
class AttentionModule : public nn::Module {
 public:
  struct Output {
    torch::Tensor attn;      // [B, 1, T]
    torch::Tensor enhanced;  // [B, D, T]
  };

  AttentionModule(int channels, const Ablation& ablation, const ModuleInputs& inputs)
      : ablation_(ablation),
        inputs_(inputs),
        attention_(conv(channels, channels / 2, 3), leaky_relu(), nn::Dropout(0.5),
                   conv(channels / 2, channels / 2, 3), leaky_relu(), conv(channels / 2, 1, 1),
                   nn::Dropout(0.5), nn::Sigmoid()) {
    if (ablation.fusion == Fusion::kCcm) {
      global_ = nn::Sequential(conv(channels, channels, 3), leaky_relu(), nn::Dropout(0.5));
      local_ = nn::Sequential(conv(channels, channels, 3), leaky_relu(), nn::Dropout(0.5));
      register_module("channel_conv", global_);
      register_module("bit_wise_attn", local_);
    }
    register_module("attention", attention_);
  }

  //   streams  RGB and flow, [B, D, T] each
  //   gated    the same after the gate of kSe and kSsma
  Output forward(const std::vector<torch::Tensor>& streams, const std::vector<torch::Tensor>& gated,
                 const std::optional<at::Generator>& generator) const {
    const std::size_t main = column_of(inputs_.main), aux = column_of(inputs_.aux);
    torch::Tensor enhanced = gated[main];
    if (ablation_.fusion == Fusion::kCcm) {
      enhanced = consensus(streams[main], streams[aux], generator);
    }
    if (ablation_.fusion == Fusion::kAdd) enhanced = streams[main] + streams[aux];
    return {run(attention_, enhanced, generator), enhanced};
  }

 private:
  static std::size_t column_of(Modality modality) { return modality == Modality::kRgb ? 0 : 1; }

  // The cross-modal consensus module: global context of the main modality and local detail of the
  // auxiliary one decide together which of the main modality's channels to keep.
  torch::Tensor consensus(const torch::Tensor& main, const torch::Tensor& aux,
                          const std::optional<at::Generator>& generator) const {
    const torch::Tensor& wide = ablation_.global == Role::kMain ? main : aux;
    const torch::Tensor& near = ablation_.local == Role::kMain ? main : aux;
    const torch::Tensor context = run(global_, wide.mean(/*dim=*/2, /*keepdim=*/true), generator);
    return torch::sigmoid(run(local_, near, generator) * context) * main;
  }

  Ablation ablation_;
  ModuleInputs inputs_;
  nn::Sequential global_ = nullptr, local_ = nullptr;
  nn::Sequential attention_;
};

Network::Network(const Co2NetConfig& config)
    : kind_(config.network.kind), dropout_(config.dropout), ablation_(config.network.ablation) {
  validate(config);
  if (kind_ == NetworkKind::kWtalc) {
    add_wtalc(config);
  } else {
    add_co2net(config);
  }
}

void Network::add_wtalc(const Co2NetConfig& config) {
  const int size = config.feature_size;
  wtalc_feature_ = register_module("fc", nn::Linear(size, size));
  wtalc_classifier_ = register_module("classifier", nn::Linear(size, config.classes));
}

void Network::add_co2net(const Co2NetConfig& config) {
  const int size = config.feature_size;
  pool_width_ = pool_width(config);
  const auto module = [&](const ModuleInputs& inputs) {
    return std::make_shared<AttentionModule>(size / 2, ablation_, inputs);
  };
  vattn_ = register_module("vAttn", module(ablation_.vattn));
  fattn_ = register_module("fAttn", module(ablation_.fattn));
  if (ablation_.fusion == Fusion::kSe || ablation_.fusion == Fusion::kSsma) {
    const int kernel = ablation_.fusion == Fusion::kSe ? 1 : 3;
    const int reduced = std::max(1, size / kGateReduction);
    gate_ = register_module("gate", nn::Sequential(conv(size, reduced, kernel), nn::ReLU(),
                                                   conv(reduced, size, kernel), nn::Sigmoid()));
  }
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
      const std::int64_t fan_in = parameter[0].numel();
      const std::int64_t fans = kind_ == NetworkKind::kWtalc ? fan_in + parameter.size(0) : fan_in;
      const double bound = std::sqrt(6 / static_cast<double>(fans));
      parameter.uniform_(-bound, bound, generator);
    }
  }
}

NetworkOutput Network::forward(const torch::Tensor& features,
                               std::optional<at::Generator> dropout) const {
  return kind_ == NetworkKind::kWtalc ? wtalc(features, dropout) : co2net(features, dropout);
}

NetworkOutput Network::wtalc(const torch::Tensor& features,
                             const std::optional<at::Generator>& dropout) const {
  throw_if_interrupted();
  NetworkOutput output;
  output.feat = dropped(nn::Linear(wtalc_feature_)->forward(features).relu(), dropout_, dropout);
  output.cas = nn::Linear(wtalc_classifier_)->forward(output.feat);
  return output;
}

NetworkOutput Network::co2net(const torch::Tensor& features,
                              const std::optional<at::Generator>& dropout) const {
  const torch::Tensor sequence = features.transpose(1, 2);
  const std::vector<torch::Tensor> streams = sequence.chunk(2, /*dim=*/1);
  std::vector<torch::Tensor> gated = streams;
  if (gate_) {
    const torch::Tensor seen =
        ablation_.fusion == Fusion::kSe ? sequence.mean(/*dim=*/2, /*keepdim=*/true) : sequence;
    gated = (sequence * run(gate_, seen, dropout)).chunk(2, /*dim=*/1);
  }
  const auto rgb = vattn_->forward(streams, gated, dropout);
  const auto flow = fattn_->forward(streams, gated, dropout);
  const torch::Tensor feat = run(fusion_, torch::cat({rgb.enhanced, flow.enhanced}, 1), dropout);
  const torch::Tensor cas = run(classifier_, feat, dropout);
  const torch::Tensor attn = (rgb.attn + flow.attn) / 2;
  return {smooth(cas, pool_width_).transpose(1, 2), smooth(attn, pool_width_).squeeze(1),
          smooth(rgb.attn, pool_width_).squeeze(1), smooth(flow.attn, pool_width_).squeeze(1),
          feat.transpose(1, 2)};
}

}  // namespace co2net
