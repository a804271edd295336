#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "pipeline/formats/array.h"

namespace co2net {

// Inception-I3D (Carreira and Zisserman 2017, "Quo Vadis, Action Recognition?", figure 3).
struct I3dArchitecture {
  int channels = 3;  // 3 rgb, 2 flow
  // Scales every layer's channels, each rounded to the nearest whole number, at least 1.
  // 1 is the published network; must be positive.
  double width = 1;
};

// Size D of a feature: 1024 for width 1, 256 for width 0.25.
int i3d_feature_size(const I3dArchitecture& architecture);

// The values of one parameter: an array of `shape`. Names are those of the PyTorch port that
// published checkpoints come from, such as "Mixed_3b.b1a.conv3d.weight".
using ParameterFill = std::function<Array(const std::string& name, const Shape& shape)>;

// What save_i3d() asks for: the shapes of the parameters by name.
std::map<std::string, Shape> i3d_parameters(const I3dArchitecture& architecture);

// An untrained network: weights uniform in +-sqrt(6 / fan-in) (He et al. 2015, for ReLU), batch
// normalisation that changes nothing. The same seed gives the same values on every machine.
ParameterFill he_uniform(std::uint64_t seed);

// Writes the network as TorchScript, up to the average pool (dropout and logits are left out), for
// I3d to run: forward(float32 [N, channels, 16, S, S]) -> float32 [N, D], in evaluation mode; S is
// any multiple of 32, 224 in the published network.
// Equal arguments give equal bytes. Throws Error(kUsage) for an architecture that cannot be,
// Error(kInput) if `fill` returns another shape, Error(kIo).
void save_i3d(const std::filesystem::path& path, const I3dArchitecture& architecture,
              const ParameterFill& fill);
// The same as bytes, for writing them later.
std::string script_i3d(const I3dArchitecture& architecture, const ParameterFill& fill);

}  // namespace co2net
