#include "pipeline/devices/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#ifdef CO2NET_HAVE_TORCH_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

#include <charconv>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"

namespace co2net {
namespace {

int gpu_count() { return static_cast<int>(torch::cuda::device_count()); }

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
  throw Error(ErrorKind::kUsage,
              "'" + text +
                  "' is no device for networks: give cpu, cuda or cuda:N, or opencl:N for flow "
                  "alone" +
                  suggestion(text, {"auto", "cpu", "cuda", "opencl"}));
}

std::string to_string(const Device& device) {
  const std::string kind = name_of(device.kind);
  return device.index == 0 ? kind : kind + ":" + std::to_string(device.index);
}

Device best_device() { return {gpu_count() > 0 ? DeviceKind::kCuda : DeviceKind::kCpu}; }

void use_device(const Device& device) {
  if (!device.is_gpu()) return;
  if (gpu_count() == 0) {
    throw Error(
        ErrorKind::kUsage,
        to_string(device) + ": no CUDA device; " +
            (at::Context::hasCUDART() ? "libtorch finds no NVIDIA GPU with a driver for its CUDA"
                                      : "this program was built with a libtorch that lacks CUDA"));
  }
  if (device.index >= gpu_count()) {
    throw Error(ErrorKind::kUsage, to_string(device) +
                                       ": no CUDA device of that index; there are " +
                                       std::to_string(gpu_count()) + ", from cuda:0 on");
  }
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
}

std::string device_description(const Device& device) {
#ifdef CO2NET_HAVE_TORCH_CUDA
  if (device.is_gpu() && device.index < gpu_count()) {
    return std::string(
               at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device.index))->name) +
           ", CUDA " + std::to_string(CUDART_VERSION) + ", cuDNN " +
           std::to_string(at::detail::getCUDAHooks().versionCuDNN());
  }
#endif
  return to_string(device);
}

}  // namespace co2net
