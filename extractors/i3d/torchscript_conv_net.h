#pragma once

#include "extractors/i3d/conv_net.h"

namespace torch::jit {
struct Module;
}

namespace co2net {

// Reads the graph of a frozen TorchScript module (torch::jit::freeze, which folds batch
// normalisation into the convolutions) whose forward takes one float32 tensor of `input_shape`,
// [1, C, T, H, W], and returns one. Arithmetic on sizes, such as that of "same" padding, is
// evaluated for this shape; branches and loops that depend on it are followed.
// Throws UnsupportedNetwork naming the first operator that a ConvNet cannot express.
ConvNet read_conv_net(const torch::jit::Module& frozen, const Shape& input_shape);

}  // namespace co2net
