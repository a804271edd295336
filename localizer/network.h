#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "localizer/co2net.h"

namespace co2net {

class ConsensusModule;

// What the network says about B videos of T snippets; float32.
struct NetworkOutput {
  torch::Tensor cas;        // [B, T, C+1]
  torch::Tensor attn;       // [B, T], mean of the next two, in [0, 1]
  torch::Tensor attn_rgb;   // [B, T], RGB as main modality
  torch::Tensor attn_flow;  // [B, T], flow as main modality
  torch::Tensor feat;       // [B, T, 2D], the fused feature
};

// CO2-Net as a torch module; its parameters carry the names of the authors' checkpoints. Dropout
// is active in training mode only.
class Network : public torch::nn::Module {
 public:
  // Errors: Error(kModel) for a config out of range.
  explicit Network(const Co2NetConfig& config);

  // Weights U(-b, b), b = sqrt(6 / fan_in), fan_in = input channels * kernel; biases zero.
  void initialise(std::uint64_t seed);

  //   features  float32 [B, T, 2D], RGB first
  NetworkOutput forward(const torch::Tensor& features);

 private:
  int pool_width_;  // snippets averaged in each output; 1 for kThumos14
  std::shared_ptr<ConsensusModule> rgb_consensus_, flow_consensus_;
  torch::nn::Sequential fusion_, classifier_;
};

}  // namespace co2net
