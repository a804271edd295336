#pragma once

#include <string>

#include "pipeline/base/choice.h"

namespace co2net {

enum class DeviceKind { kCpu, kCuda };
template <>
inline constexpr Choice<DeviceKind> kChoices<DeviceKind>[] = {{DeviceKind::kCpu, "cpu"},
                                                              {DeviceKind::kCuda, "cuda"}};

// Where networks run: on the CPU, or on one of CUDA's GPUs.
struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  int index = 0;      // of a GPU, from 0
  bool tf32 = false;  // whether a GPU may round what it multiplies to TensorFloat-32

  bool is_gpu() const { return kind == DeviceKind::kCuda; }
  bool operator==(const Device&) const = default;
};

// "cpu", "cuda" (the first GPU) or "cuda:N". Throws Error(kUsage) for any other text.
Device parse_device(const std::string& text);
std::string to_string(const Device& device);

// The first GPU that libtorch finds, else the CPU.
Device best_device();

// Throws Error(kUsage) that says why if networks can't run on `device`. For a GPU, also makes
// libtorch compute in full float32, unless it is device.tf32, and by algorithms that repeat their
// results, for the whole process.
void use_device(const Device& device);

// What `device` is, for the log and for cache keys: "cpu", or the GPU's name, the versions of CUDA
// and cuDNN, and "TF32" if it is so. Just its text where it is not here.
std::string device_description(const Device& device);

// Makes libtorch compute on the calling thread alone, and oneDNN, which uses the same OpenMP. A
// thread that others start takes as many threads as there are cores until it calls this.
void use_one_thread_here();

}  // namespace co2net
