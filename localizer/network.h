#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "localizer/co2net.h"

namespace co2net {

class AttentionModule;

// The parameters that tell a network's sizes.
inline constexpr const char* kFusionWeight = "fusion.0.weight";         // [2D, 2D, 1]
inline constexpr const char* kScoresWeight = "classifier.4.weight";     // [C+1, 2D, 1]
inline constexpr const char* kWtalcFeatureWeight = "fc.weight";         // [2D, 2D]
inline constexpr const char* kWtalcScoresWeight = "classifier.weight";  // [C, 2D]

// What the network says about B videos of T snippets; float32. A W-TALC has no background and no
// attention: its attn, attn_rgb and attn_flow are undefined.
struct NetworkOutput {
  torch::Tensor cas;        // [B, T, C+1], or [B, T, C]
  torch::Tensor attn;       // [B, T], mean of the next two, in [0, 1]
  torch::Tensor attn_rgb;   // [B, T], of vAttn, with RGB as its main modality unless ablated
  torch::Tensor attn_flow;  // [B, T], of fAttn, likewise flow
  torch::Tensor feat;       // [B, T, 2D], the fused feature, or what W-TALC classifies
};

// CO2-Net or W-TALC as a torch module; its parameters carry the names of the authors' checkpoints.
// Several threads may call forward() at once.
class Network : public torch::nn::Module {
 public:
  // Errors: Error(kModel) for a config out of range.
  explicit Network(const Co2NetConfig& config);

  // Weights U(-b, b), b = sqrt(6 / fan_in), fan_in = input channels * kernel, in W-TALC (Xavier)
  // sqrt(6 / (in + out)); biases zero.
  void initialise(std::uint64_t seed);

  //   features  float32 [B, T, 2D], RGB first
  //   dropout   draws the masks of dropout, in training; without it nothing is dropped
  NetworkOutput forward(const torch::Tensor& features,
                        std::optional<at::Generator> dropout = std::nullopt) const;

 private:
  void add_co2net(const Co2NetConfig& config);
  void add_wtalc(const Co2NetConfig& config);
  NetworkOutput co2net(const torch::Tensor& features,
                       const std::optional<at::Generator>& dropout) const;
  // Every snippet by itself: scores of relu(fc(x)), after dropout.
  NetworkOutput wtalc(const torch::Tensor& features,
                      const std::optional<at::Generator>& dropout) const;

  NetworkKind kind_;
  double dropout_;  // of the feature
  Ablation ablation_;
  int pool_width_;  // snippets averaged in each output; 1 for kThumos14
  std::shared_ptr<AttentionModule> vattn_, fattn_;
  torch::nn::Sequential gate_ = nullptr;  // of kSe and kSsma
  torch::nn::Sequential fusion_ = nullptr, classifier_ = nullptr;
  torch::nn::Linear wtalc_feature_ = nullptr, wtalc_classifier_ = nullptr;
};

}  // namespace co2net
