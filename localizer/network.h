#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "localizer/co2net.h"

namespace co2net {

class AttentionModule;

// The parameters that tell a network's sizes.
inline constexpr const char* kFusionWeight = "fusion.0.weight";      // [2D, 2D, 1]
inline constexpr const char* kScoresWeight = "classifier.4.weight";  // [C+1, 2D, 1]

// What the network says about B videos of T snippets; float32.
struct NetworkOutput {
  torch::Tensor cas;        // [B, T, C+1]
  torch::Tensor attn;       // [B, T], mean of the next two, in [0, 1]
  torch::Tensor attn_rgb;   // [B, T], of vAttn, with RGB as its main modality unless ablated
  torch::Tensor attn_flow;  // [B, T], of fAttn, likewise flow
  torch::Tensor feat;       // [B, T, 2D], the fused feature
};

// CO2-Net as a torch module; its parameters carry the names of the authors' checkpoints. Several
// threads may call forward() at once.
class Network : public torch::nn::Module {
 public:
  // Errors: Error(kModel) for a config out of range.
  explicit Network(const Co2NetConfig& config);

  // Weights U(-b, b), b = sqrt(6 / fan_in), fan_in = input channels * kernel; biases zero.
  void initialise(std::uint64_t seed);

  //   features  float32 [B, T, 2D], RGB first
  //   dropout   draws the masks of dropout, in training; without it nothing is dropped
  NetworkOutput forward(const torch::Tensor& features,
                        std::optional<at::Generator> dropout = std::nullopt) const;

 private:
  Ablation ablation_;
  int pool_width_;  // snippets averaged in each output; 1 for kThumos14
  std::shared_ptr<AttentionModule> vattn_, fattn_;
  torch::nn::Sequential gate_ = nullptr;  // of kSe and kSsma
  torch::nn::Sequential fusion_, classifier_;
};

}  // namespace co2net
