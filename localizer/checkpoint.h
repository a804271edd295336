#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "pipeline/formats/array.h"

namespace at {
class Tensor;
}

namespace co2net {

using Tensors = std::map<std::string, at::Tensor>;

// A checkpoint: a dictionary from names to tensors, as torch.save in Python writes it, in the zip
// archive or in the stream of before 2020, and torch.load reads it, also with weights_only=True.
//
// Reading gives dense tensors of real numbers on the CPU, each of the dtype that the file has, and
// runs nothing of the file's. Tensors that share their elements in the file do not share them here.
// Errors: Error(kIo); Error(kModel) for anything else than such a dictionary.
Tensors read_checkpoint(const std::filesystem::path& path);
// The tensors' shapes alone, without their elements. Errors as above.
using Shapes = std::map<std::string, Shape>;
Shapes checkpoint_shapes(const std::filesystem::path& path);
void write_checkpoint(const std::filesystem::path& path, const Tensors& tensors);

}  // namespace co2net
