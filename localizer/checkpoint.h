#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace at {
class Tensor;
}

namespace co2net {

using Tensors = std::map<std::string, at::Tensor>;

// A checkpoint: a dictionary from names to tensors, as torch.save in Python writes it and
// torch.load reads it, also with weights_only=True.
//
// Reading gives dense floating-point tensors on the CPU, runs nothing of the file's, and gives no
// tensor more values than the file has; but torch's parser takes the memory that a file asks for.
// Errors: Error(kIo); Error(kModel) for anything else than such a dictionary.
Tensors read_checkpoint(const std::filesystem::path& path);
void write_checkpoint(const std::filesystem::path& path, const Tensors& tensors);

}  // namespace co2net
