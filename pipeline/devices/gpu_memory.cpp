#include "pipeline/devices/gpu_memory.h"

#include <c10/util/Exception.h>
#ifdef CO2NET_HAVE_TORCH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

#include <string_view>

namespace co2net {

bool is_short_of_gpu_memory(const std::exception& e) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&e) != nullptr) return true;
  const std::string_view words = e.what();
  // Of libtorch's allocator, of cuBLAS and of cuDNN.
  for (const std::string_view said :
       {"CUDA out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED"}) {
    if (words.find(said) != std::string_view::npos) return true;
  }
  return false;
}

#ifdef CO2NET_HAVE_TORCH_CUDA

void free_unused_gpu_memory(const Device& device) {
  if (device.is_gpu()) c10::cuda::CUDACachingAllocator::emptyCache();
}

std::int64_t take_peak_gpu_memory(const Device& device) {
  namespace allocator = c10::cuda::CUDACachingAllocator;
  if (!device.is_gpu()) return 0;
  const auto index = static_cast<c10::DeviceIndex>(device.index);
  constexpr std::size_t kOfAllSizes = 0;
  const std::int64_t peak = allocator::getDeviceStats(index).allocated_bytes[kOfAllSizes].peak;
  allocator::resetPeakStats(index);
  return peak;
}

#else

void free_unused_gpu_memory(const Device&) {}

std::int64_t take_peak_gpu_memory(const Device&) { return 0; }

#endif

}  // namespace co2net
