#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"

namespace co2net {

// To a multiple of `unit`.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

using Size3 = std::array<std::int64_t, 3>;  // time, height, width

// A layer of a ConvNet. Its output is float32 [1, channels, size...].
struct ConvLayer {
  enum class Kind { kInput, kConvolution, kMaxPool, kAveragePool, kConcat };

  Kind kind = Kind::kInput;
  std::vector<std::size_t> inputs;  // earlier layers; kConcat joins several along the channels
  std::int64_t channels = 0;
  Size3 size{};

  // Of convolutions and pools: output i covers the inputs [i * stride - pad_begin, ... + kernel).
  // Beyond the input a convolution sees zeros, and a max pool nothing; kAveragePool has no padding.
  Size3 kernel{1, 1, 1}, stride{1, 1, 1}, pad_begin{}, pad_end{};

  // Of convolutions: output = weights * input + bias, then max(0, output) if relu.
  Array weights;  // [channels, input's channels, kernel...]
  Array bias;     // [channels]
  bool relu = false;
};

// A 3-D convolutional network without loops, for one input of fixed shape.
struct ConvNet {
  std::vector<ConvLayer> layers;  // the first is the input
  std::size_t output = 0;         // the layer whose elements are the result
  Shape output_shape;             // the result's, which may have other axes than the layer
};

// A network that cannot be expressed as a ConvNet, or not be run as one here. what() says why.
class UnsupportedNetwork : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace co2net
