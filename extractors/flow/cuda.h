#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "extractors/flow/gpu.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// CUDA's driver and its compiler, NVRTC, as far as we call them: declared here, so that every build
// has them, and loaded where they are. The names with _v2 are those that cuda.h's stand for.

using CudaHandle = struct CudaObject*;  // of a context, stream, event, module or function
using CudaPointer = unsigned long long;

struct CudaApi {
  int (*cuInit)(unsigned flags);
  int (*cuDriverGetVersion)(int* version);
  int (*cuDeviceGetCount)(int* count);
  int (*cuDeviceGet)(int* device, int index);
  int (*cuDeviceGetName)(char* name, int size, int device);
  int (*cuDeviceGetAttribute)(int* value, int attribute, int device);
  int (*cuDeviceTotalMem_v2)(std::size_t* bytes, int device);
  int (*cuDevicePrimaryCtxRetain)(CudaHandle* context, int device);
  int (*cuDevicePrimaryCtxRelease_v2)(int device);
  int (*cuCtxSetCurrent)(CudaHandle context);
  int (*cuModuleLoadData)(CudaHandle* module, const void* image);
  int (*cuModuleUnload)(CudaHandle module);
  int (*cuModuleGetFunction)(CudaHandle* function, CudaHandle module, const char* name);
  int (*cuStreamCreate)(CudaHandle* stream, unsigned flags);
  int (*cuStreamDestroy_v2)(CudaHandle stream);
  int (*cuStreamSynchronize)(CudaHandle stream);
  int (*cuMemAlloc_v2)(CudaPointer* memory, std::size_t bytes);
  int (*cuMemFree_v2)(CudaPointer memory);
  int (*cuMemAllocHost_v2)(void** memory, std::size_t bytes);
  int (*cuMemFreeHost)(void* memory);
  int (*cuMemsetD8Async)(CudaPointer to, unsigned char value, std::size_t count, CudaHandle stream);
  int (*cuMemcpyHtoDAsync_v2)(CudaPointer to, const void* from, std::size_t bytes,
                              CudaHandle stream);
  int (*cuMemcpyDtoHAsync_v2)(void* to, CudaPointer from, std::size_t bytes, CudaHandle stream);
  int (*cuLaunchKernel)(CudaHandle function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                        unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                        CudaHandle stream, void** arguments, void** extra);
  int (*cuEventCreate)(CudaHandle* event, unsigned flags);
  int (*cuEventDestroy_v2)(CudaHandle event);
  int (*cuEventRecord)(CudaHandle event, CudaHandle stream);
  int (*cuEventSynchronize)(CudaHandle event);
};

struct NvrtcApi {
  int (*nvrtcVersion)(int* major, int* minor);
  int (*nvrtcCreateProgram)(CudaHandle* program, const char* source, const char* name, int headers,
                            const char* const* header_texts, const char* const* header_names);
  int (*nvrtcDestroyProgram)(CudaHandle* program);
  int (*nvrtcCompileProgram)(CudaHandle program, int count, const char* const* options);
  int (*nvrtcGetProgramLogSize)(CudaHandle program, std::size_t* size);
  int (*nvrtcGetProgramLog)(CudaHandle program, char* log);
  int (*nvrtcGetPTXSize)(CudaHandle program, std::size_t* size);
  int (*nvrtcGetPTX)(CudaHandle program, char* ptx);
  int (*nvrtcGetCUBINSize)(CudaHandle program, std::size_t* size);
  int (*nvrtcGetCUBIN)(CudaHandle program, char* cubin);
};

// Of libcuda.so.1 and libnvrtc.so, loaded by the first call. Throw Error(kUsage) saying what is
// missing.
const CudaApi& cuda_api();
const NvrtcApi& nvrtc_api();

// A program's text, and what the compiler is told of it beside the options that keep it from
// contracting and approximating.
struct CudaSource {
  std::string_view text;
  std::vector<std::string> options;
};

// Compiles for "sm_90" to machine code, or for "compute_90" to PTX. Throws Error(kUsage).
std::string compile_cuda(const NvrtcApi& api, const CudaSource& source, const std::string& target);

// 0 where there is no driver, or no GPU.
int cuda_device_count();

// A GPU with the program on it. `kernels`, which may be null, keeps what was compiled; the
// interfaces must outlive the device. Throws Error(kUsage) where there is no GPU of that index.
std::shared_ptr<GpuDevice> open_cuda(const CudaApi& api, const NvrtcApi& compiler, int index,
                                     const CudaSource& source, DiskCache* kernels);

}  // namespace co2net
