#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "extractors/i3d/i3d_network.h"

namespace co2net {

// The I3D that save_i3d() writes, as a function that can be differentiated. Its 3-D convolutions
// are 2-D ones over the frames that a kernel sees, side by side as channels: the same sums, which
// libtorch 1.13 computes several times faster than conv3d.
class TrainableI3d {
 public:
  // Starts from he_uniform(seed).
  TrainableI3d(const I3dArchitecture& architecture, std::uint64_t seed);

  //   clips    float32 [N, C, 16, S, S], S a multiple of 32
  //   returns  float32 [N, D], before dropout and logits
  // While training, batch normalisation uses the batch's own statistics and follows them.
  torch::Tensor features(const torch::Tensor& clips, bool training);

  // What gradients are for: weights, and scales and offsets of batch normalisation.
  std::vector<torch::Tensor> trained() const;
  // These and the running statistics, as they are at any time.
  std::vector<torch::Tensor> tensors() const;
  // The present values, for save_i3d().
  ParameterFill values() const;

 private:
  struct Forward;
  std::map<std::string, torch::Tensor> parameters_;  // by the names of i3d_parameters()
};

}  // namespace co2net
