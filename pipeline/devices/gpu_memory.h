#pragma once

#include <cstdint>
#include <exception>

#include "pipeline/devices/device.h"

namespace co2net {

// Whether an exception of libtorch's says that a GPU's memory does not suffice. Its words decide
// where TorchScript's interpreter threw, which hides the type.
bool is_short_of_gpu_memory(const std::exception& e);

// Gives back what libtorch keeps of the GPU's memory for reuse. Nothing for the CPU.
void free_unused_gpu_memory(const Device& device);

// The most bytes of the GPU's memory that tensors have taken at once since the last call; 0 for the
// CPU.
std::int64_t take_peak_gpu_memory(const Device& device);

}  // namespace co2net
