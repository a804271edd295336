#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "extractors/i3d/i3d_network.h"

namespace co2net {

inline torch::Tensor tensor_of(const Array& array) {
  return torch::tensor(array.values).reshape(array.shape);
}

// A float32 tensor to be trained, with the values that `fill` gives it.
inline torch::Tensor trainable(const ParameterFill& fill, const std::string& name,
                               const Shape& shape) {
  return tensor_of(fill(name, shape)).set_requires_grad(true);
}

// The values of a float32 tensor on the CPU.
inline Array array_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().contiguous();
  const float* begin = values.data_ptr<float>();
  return Array(values.sizes().vec(), std::vector<float>(begin, begin + values.numel()));
}

}  // namespace co2net
