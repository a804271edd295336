#include "pipeline/devices/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#ifdef CO2NET_HAVE_TORCH_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

#include <charconv>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

int gpu_count() { return static_cast<int>(torch::cuda::device_count()); }

}  // namespace

void use_one_thread_here() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

std::string best_device() { return gpu_count() > 0 ? "cuda" : "cpu"; }

int gpu_index(const std::string& device) {
  if (device == "cpu") return -1;
  if (device == "cuda") return 0;
  int index = -1;
  if (device.starts_with("cuda:")) {
    const char* end = device.data() + device.size();
    const auto parsed = std::from_chars(device.data() + 5, end, index);
    if (parsed.ec != std::errc() || parsed.ptr != end) index = -1;
  }
  if (index < 0) {
    throw Error(ErrorKind::kUsage, "'" + device + "' is no device: give cpu, cuda or cuda:N");
  }
  return index;
}

void use_device(const std::string& device) {
  const int gpu = gpu_index(device);
  if (gpu < 0) return;
  if (gpu_count() == 0) {
    throw Error(
        ErrorKind::kUsage,
        device + ": no CUDA device; " +
            (at::Context::hasCUDART() ? "libtorch finds no NVIDIA GPU with a driver for its CUDA"
                                      : "this program was built with a libtorch that lacks CUDA"));
  }
  if (gpu >= gpu_count()) {
    throw Error(ErrorKind::kUsage, device + ": no CUDA device of that index; there are " +
                                       std::to_string(gpu_count()) + ", from cuda:0 on");
  }
  at::Context& context = at::globalContext();
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
}

std::string device_description(const std::string& device) {
#ifdef CO2NET_HAVE_TORCH_CUDA
  const int gpu = gpu_index(device);
  if (gpu >= 0 && gpu < gpu_count()) {
    return std::string(at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(gpu))->name) +
           ", CUDA " + std::to_string(CUDART_VERSION) + ", cuDNN " +
           std::to_string(at::detail::getCUDAHooks().versionCuDNN());
  }
#endif
  return device;
}

}  // namespace co2net
