#include "pipeline/devices/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#ifdef CO2NET_HAVE_TORCH_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAFunctions.h>
#include <dlfcn.h>
#endif

#include <charconv>
#include <cstdlib>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

int gpu_count() { return static_cast<int>(torch::cuda::device_count()); }

// Why libtorch has no GPU, with the remedy.
std::string what_is_missing() {
#ifdef CO2NET_HAVE_TORCH_CUDA
  if (dlopen("libcuda.so.1", RTLD_LAZY) == nullptr) {
    return "there is no driver (libcuda.so.1); install NVIDIA's driver";
  }
  try {
    c10::cuda::device_count_ensure_non_zero();
  } catch (const c10::Error& e) {
    return lines_of(e.what_without_backtrace()).front();
  }
  return "libtorch does not say why; see what nvidia-smi prints";
#else
  return "this program was built with a libtorch that lacks CUDA; samples/cuda.sh builds one with "
         "it, and --device opencl runs flow, though not the networks, on any GPU";
#endif
}

// An operator that has no such algorithm is a warning of libtorch's.
void use_repeatable_algorithms(bool tf32) {
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(tf32);
  context.setAllowTF32CuBLAS(tf32);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
}

}  // namespace

void use_one_thread_here() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

Device parse_device(const std::string& text) {
  if (const auto kind = named<DeviceKind>(text)) return {*kind};
  constexpr std::string_view kIndexed = "cuda:";
  Device device{DeviceKind::kCuda};
  if (text.starts_with(kIndexed)) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + kIndexed.size(), end, device.index);
    if (parsed.ec == std::errc() && parsed.ptr == end && device.index >= 0) return device;
  }
  throw Error(
      ErrorKind::kUsage,
      "'" + text +
          "' is no device for networks: give cpu, cuda or cuda:N, or opencl:N for flow "
          "alone" +
          (text.starts_with("opencl") ? "" : suggestion(text, {"auto", "cpu", "cuda", "opencl"})));
}

std::string to_string(const Device& device) {
  const std::string kind = name_of(device.kind);
  return device.index == 0 ? kind : kind + ":" + std::to_string(device.index);
}

Device best_device() { return {gpu_count() > 0 ? DeviceKind::kCuda : DeviceKind::kCpu}; }

void use_device(const Device& device) {
  if (!device.is_gpu()) return;
  if (gpu_count() == 0) {
    throw Error(ErrorKind::kUsage, to_string(device) + ": no CUDA device: " + what_is_missing());
  }
  if (device.index >= gpu_count()) {
    throw Error(ErrorKind::kUsage, to_string(device) +
                                       ": no CUDA device of that index; there are " +
                                       std::to_string(gpu_count()) + ", from cuda:0 on");
  }
  use_repeatable_algorithms(device.tf32);
}

std::string device_description(const Device& device) {
#ifdef CO2NET_HAVE_TORCH_CUDA
  if (device.is_gpu() && device.index < gpu_count()) {
    return std::string(
               at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device.index))->name) +
           ", CUDA " + std::to_string(CUDART_VERSION) + ", cuDNN " +
           std::to_string(at::detail::getCUDAHooks().versionCuDNN()) +
           (device.tf32 ? ", TF32" : "");
  }
#endif
  return to_string(device);
}

}  // namespace co2net
