#pragma once

#include <torch/types.h>

#include <filesystem>

namespace torch::jit {
struct Module;
}

namespace co2net {

// Loads a network that torch.jit.save wrote, in evaluation mode and otherwise as it was saved, but
// for two things:
// - Weights, and the types that its code names, that are float32, float16 or bfloat16 become
//   `type`; from float16 and bfloat16 no weight changes its value. Other types stay.
// - What it forks runs in turn, on the calling thread.
// What it prints becomes log lines, of all networks of the process.
// Throws Error(kModel) if its forward gives something else than one tensor, and what libtorch
// throws if `file` cannot be loaded.
torch::jit::Module load_torchscript(const std::filesystem::path& file, torch::Device device,
                                    torch::ScalarType type);

}  // namespace co2net
