#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractors/flow/gpu.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// The functions of OpenCL that we call, as a library has them.
#define CO2NET_OPENCL_FUNCTIONS(each)                                                            \
  each(clGetPlatformIDs) each(clGetPlatformInfo) each(clGetDeviceIDs) each(clGetDeviceInfo)      \
      each(clCreateContext) each(clReleaseContext) each(clCreateCommandQueue)                    \
          each(clReleaseCommandQueue) each(clCreateProgramWithSource)                            \
              each(clCreateProgramWithBinary) each(clBuildProgram) each(clGetProgramInfo)        \
                  each(clGetProgramBuildInfo) each(clReleaseProgram) each(clCreateKernel)        \
                      each(clReleaseKernel) each(clSetKernelArg) each(clCreateBuffer)            \
                          each(clReleaseMemObject) each(clEnqueueFillBuffer)                     \
                              each(clEnqueueWriteBuffer) each(clEnqueueReadBuffer)               \
                                  each(clEnqueueNDRangeKernel) each(clEnqueueMarkerWithWaitList) \
                                      each(clWaitForEvents) each(clReleaseEvent) each(clFlush)   \
                                          each(clFinish)
struct OpenClApi {
// NOLINTNEXTLINE(bugprone-macro-parentheses): of a name
#define CO2NET_MEMBER(function) decltype(&::function) function = nullptr;
  CO2NET_OPENCL_FUNCTIONS(CO2NET_MEMBER)
#undef CO2NET_MEMBER
};

// Of libOpenCL.so.1, loaded by the first call. Throws Error(kUsage) naming the package it is in.
const OpenClApi& opencl_api();

// A program's source, and what a compiler is told of it beside OpenCL's own options. A device
// without correctly rounded quotients and roots is told -DEMULATED_ROUNDING.
struct OpenClSource {
  std::string_view text;
  std::vector<std::string> options;
};

// Devices count from 0, over all platforms, in OpenCL's order. The first that is a GPU, if any: a
// CPU is never one, whatever runs OpenCL on it.
std::optional<int> first_opencl_gpu(const OpenClApi& api);

struct OpenClDevice {
  std::string name;  // "opencl:0 (NVIDIA A2, driver 535.1)"
  bool is_gpu = false;
  std::string fault;  // why flow can't run there: "has no compiler"; empty where it can
};
// Throws Error(kUsage), saying what to install, where there is none.
std::vector<OpenClDevice> opencl_devices(const OpenClApi& api);

// A device with the program built for it. `kernels`, which may be null, keeps what was built; `api`
// must outlive the device. Throws Error(kUsage) where there is none of that index, or it can't do
// what is needed.
std::shared_ptr<GpuDevice> open_opencl(const OpenClApi& api, int index, const OpenClSource& source,
                                       DiskCache* kernels);

}  // namespace co2net
