#pragma once

#include "extractors/i3d/conv_net.h"

namespace torch::jit {
struct Module;
}

namespace co2net {

// Reads the code of a TorchScript module in evaluation mode whose forward takes one float32 tensor
// of `input_shape`, [1, C, T, H, W], and returns one: as it was written, by none of libtorch's
// passes over graphs. Batch normalisation becomes part of the convolutions. Arithmetic on sizes,
// such as that of "same" padding, is evaluated for this shape; branches and loops that depend on it
// are followed. Throws UnsupportedNetwork naming the first operator that a ConvNet cannot express
// or whose arguments and weights do not go together, and the module that it is in.
ConvNet read_conv_net(const torch::jit::Module& module, const Shape& input_shape);

}  // namespace co2net
