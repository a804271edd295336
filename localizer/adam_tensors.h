#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "localizer/adam.h"

namespace co2net {

// adam_step() by operators of libtorch, for tensors that may be on a GPU: the same up to rounding.
// All have one shape and device and need no gradients.
void adam_step(const AdamOptions& options, std::int64_t step, at::Tensor parameter,
               const at::Tensor& gradient, at::Tensor moment1, at::Tensor moment2);

}  // namespace co2net
