#include "extractors/flow/opencl.h"

#include <dlfcn.h>
#include <spdlog/spdlog.h>

#include <array>
#include <deque>
#include <map>
#include <type_traits>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr const char* kLibrary = "libOpenCL.so.1";
constexpr int kKernelsVersion = 1;
constexpr std::size_t kGroupItems = 256;
constexpr cl_ulong kLocalBytes = 32 << 10;

std::string name_of_code(cl_int code) {
  switch (code) {
    case CL_DEVICE_NOT_AVAILABLE:
      return "the device is not available";
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_RESOURCES:
      return "out of the device's resources";
    case CL_OUT_OF_HOST_MEMORY:
      return "out of memory";
    case CL_BUILD_PROGRAM_FAILURE:
      return "the compiler failed";
    default:
      return "OpenCL's error " + std::to_string(code);
  }
}

// What a lost device, a full one and a driver's fault have in common.
void expect_done(cl_int code, const std::string& device, const std::string& doing) {
  if (code == CL_SUCCESS) return;
  throw Error(ErrorKind::kInternal,
              device + ": " + doing + ": " + name_of_code(code) + " (" + std::to_string(code) +
                  "); the device may be lost or full: run again, or with --device cpu, which gives "
                  "the same and takes what is cached");
}

bool is_short_of_memory(cl_int code) {
  return code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES ||
         code == CL_OUT_OF_HOST_MEMORY || code == CL_INVALID_BUFFER_SIZE;
}

std::string device_text(const OpenClApi& api, cl_device_id device, cl_device_info what) {
  std::size_t size = 0;
  if (api.clGetDeviceInfo(device, what, 0, nullptr, &size) != CL_SUCCESS) return {};
  std::string text(size, '\0');
  if (api.clGetDeviceInfo(device, what, size, text.data(), nullptr) != CL_SUCCESS) return {};
  return std::string(trimmed(text.substr(0, text.find('\0'))));
}

template <class T>
T device_number(const OpenClApi& api, cl_device_id device, cl_device_info what) {
  T number{};
  api.clGetDeviceInfo(device, what, sizeof number, &number, nullptr);
  return number;
}

std::vector<cl_device_id> devices_of(const OpenClApi& api) {
  std::vector<cl_device_id> devices;
  cl_uint count = 0;
  if (api.clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS) return devices;
  std::vector<cl_platform_id> platforms(count);
  if (api.clGetPlatformIDs(count, platforms.data(), nullptr) != CL_SUCCESS) return devices;
  for (cl_platform_id platform : platforms) {
    if (api.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS)
      continue;
    std::vector<cl_device_id> its(count);
    if (api.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, its.data(), nullptr) ==
        CL_SUCCESS) {
      devices.insert(devices.end(), its.begin(), its.end());
    }
  }
  return devices;
}

bool is_gpu(const OpenClApi& api, cl_device_id device) {
  return (device_number<cl_device_type>(api, device, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_GPU) != 0;
}

// At least one.
std::vector<cl_device_id> present_devices(const OpenClApi& api) {
  std::vector<cl_device_id> devices = devices_of(api);
  if (!devices.empty()) return devices;
  throw Error(ErrorKind::kUsage,
              "no OpenCL device: install the package of the GPU's driver for OpenCL, in Debian "
              "nvidia-opencl-icd, mesa-opencl-icd or intel-opencl-icd");
}

cl_device_id device_at(const OpenClApi& api, std::size_t index) {
  const std::string wanted = "opencl:" + std::to_string(index);
  const auto devices = within(wanted, [&] { return present_devices(api); });
  if (index < devices.size()) return devices[index];
  throw Error(ErrorKind::kUsage, wanted + ": no OpenCL device of that index; there are " +
                                     std::to_string(devices.size()) + ", from opencl:0 on");
}

std::string name_of(const OpenClApi& api, cl_device_id device, std::size_t index) {
  return "opencl:" + std::to_string(index) + " (" + device_text(api, device, CL_DEVICE_NAME) +
         ", driver " + device_text(api, device, CL_DRIVER_VERSION) + ")";
}

// What keeps flow from running there; empty for nothing.
std::string fault_of(const OpenClApi& api, cl_device_id device) {
  const auto is_true = [&](cl_device_info what) {
    return device_number<cl_bool>(api, device, what) == CL_TRUE;
  };
  if (!is_true(CL_DEVICE_AVAILABLE)) return "is not available";
  if (!is_true(CL_DEVICE_COMPILER_AVAILABLE)) return "has no compiler";
  if (!is_true(CL_DEVICE_ENDIAN_LITTLE)) return "is not little-endian";
  if (device_number<std::size_t>(api, device, CL_DEVICE_MAX_WORK_GROUP_SIZE) < kGroupItems) {
    return "has work-groups of less than " + std::to_string(kGroupItems);
  }
  if (device_number<cl_ulong>(api, device, CL_DEVICE_LOCAL_MEM_SIZE) < kLocalBytes) {
    return "has less than 32 KiB of local memory";
  }
  return {};
}

class Device;

class Stream : public GpuStream {
 public:
  explicit Stream(std::shared_ptr<const Device> device);
  ~Stream() override;

  std::optional<GpuMemory> allocate(std::size_t bytes) override;
  void free(GpuMemory memory) override;
  void write(GpuMemory to, std::size_t offset, const void* from, std::size_t bytes) override;
  void read(GpuMemory from, std::size_t offset, void* to, std::size_t bytes) override;
  void launch(const char* name, GpuExtent groups, GpuExtent group_size,
              const std::vector<GpuArgument>& arguments) override;
  void mark() override;
  void wait_for_oldest_mark() override;

 private:
  cl_kernel kernel(const char* name);
  void expect(cl_int code, const std::string& doing) const;

  const std::shared_ptr<const Device> device_;
  const OpenClApi& api_;
  cl_command_queue queue_ = nullptr;
  std::map<std::string, cl_kernel> kernels_;  // ours alone: setting arguments is not thread-safe
  std::vector<cl_mem> memory_;
  std::deque<cl_event> marks_;
};

cl_mem memory_of(GpuMemory memory) { return reinterpret_cast<cl_mem>(memory); }

// A device with its context and the program.
class Device : public GpuDevice, public std::enable_shared_from_this<Device> {
 public:
  Device(const OpenClApi& api, cl_device_id id, std::size_t index) : api_(api), id_(id) {
    name_ = name_of(api, id, index);
    if (const std::string fault = fault_of(api, id); !fault.empty()) {
      throw Error(ErrorKind::kUsage, name_ + ": " + fault + "; use another device");
    }
    cl_int code = CL_SUCCESS;
    context_ = api.clCreateContext(nullptr, 1, &id, nullptr, nullptr, &code);
    expect_done(code, name_, "making a context");
  }
  ~Device() override {
    if (program_ != nullptr) api_.clReleaseProgram(program_);
    if (context_ != nullptr) api_.clReleaseContext(context_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& name() const override { return name_; }
  std::size_t memory_bytes() const override {
    return device_number<cl_ulong>(api_, id_, CL_DEVICE_GLOBAL_MEM_SIZE);
  }
  std::size_t largest_allocation() const override {
    return device_number<cl_ulong>(api_, id_, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  }
  std::unique_ptr<GpuStream> open_stream() override {
    return std::make_unique<Stream>(shared_from_this());
  }

  void build(const OpenClSource& source, DiskCache* kernels) {
    const std::string options = "-cl-std=CL1.2 " + rounding_option() + " " + spaced(source.options);
    const CacheKey key = key_of(source.text, options);
    const std::optional<Entry> kept = kernels != nullptr ? kernels->get(key) : std::nullopt;
    if (kept && build_kept(kept->bytes, options)) return;
    build_source(source.text, options);
    const std::string binary = kernels != nullptr ? built_binary() : std::string();
    if (!binary.empty()) kernels->put(key, {{{"device", name_}}, binary, {}});
  }

  const OpenClApi& api() const { return api_; }
  cl_device_id id() const { return id_; }
  cl_context context() const { return context_; }
  cl_program program() const { return program_; }

 private:
  std::string rounding_option() const {
    const auto has = device_number<cl_device_fp_config>(api_, id_, CL_DEVICE_SINGLE_FP_CONFIG);
    return (has & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
               ? "-cl-fp32-correctly-rounded-divide-sqrt"
               : "-DEMULATED_ROUNDING";
  }

  static std::string spaced(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }

  CacheKey key_of(std::string_view text, const std::string& options) const {
    return KeyBuilder("kernels", kKernelsVersion)
        .add("source", sha256(text))
        .add("options", options)
        .add("device", printable(device_text(api_, id_, CL_DEVICE_NAME)))
        .add("vendor", printable(device_text(api_, id_, CL_DEVICE_VENDOR)))
        .add("opencl", printable(device_text(api_, id_, CL_DEVICE_VERSION)))
        .add("driver", printable(device_text(api_, id_, CL_DRIVER_VERSION)))
        .build();
  }

  // Whether what was kept is a program still; a driver that changed without its version may refuse.
  bool build_kept(const std::string& binary, const std::string& options) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(binary.data());
    const std::size_t size = binary.size();
    cl_int code = CL_SUCCESS, of_binary = CL_SUCCESS;
    program_ = api_.clCreateProgramWithBinary(context_, 1, &id_, &size, &bytes, &of_binary, &code);
    if (code == CL_SUCCESS && of_binary == CL_SUCCESS && built(options) == CL_SUCCESS) return true;
    spdlog::debug("{}: the kernels in the cache are not accepted", name_);
    if (program_ != nullptr) api_.clReleaseProgram(std::exchange(program_, nullptr));
    return false;
  }

  void build_source(std::string_view text, const std::string& options) {
    const char* start = text.data();
    const std::size_t size = text.size();
    cl_int code = CL_SUCCESS;
    program_ = api_.clCreateProgramWithSource(context_, 1, &start, &size, &code);
    expect_done(code, name_, "taking the kernels");
    if (built(options) == CL_SUCCESS) return;
    throw Error(ErrorKind::kUsage, name_ + ": its compiler does not take the kernels of flow (" +
                                       build_log() + "); update its driver, or use --device cpu");
  }

  cl_int built(const std::string& options) {
    return api_.clBuildProgram(program_, 1, &id_, options.c_str(), nullptr, nullptr);
  }

  std::string build_log() const {
    std::size_t size = 0;
    api_.clGetProgramBuildInfo(program_, id_, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size);
    std::string log(size, '\0');
    api_.clGetProgramBuildInfo(program_, id_, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr);
    constexpr std::size_t kMost = 300;
    return printable(shortened(trimmed(log.substr(0, log.find('\0'))), kMost));
  }

  // Empty where the device gives none.
  std::string built_binary() const {
    std::size_t size = 0;
    if (api_.clGetProgramInfo(program_, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, nullptr) !=
        CL_SUCCESS) {
      return {};
    }
    std::string binary(size, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(binary.data());
    const cl_int code =
        api_.clGetProgramInfo(program_, CL_PROGRAM_BINARIES, sizeof bytes, &bytes, nullptr);
    return code == CL_SUCCESS ? binary : std::string();
  }

  const OpenClApi& api_;
  cl_device_id id_;
  std::string name_;
  cl_context context_ = nullptr;
  cl_program program_ = nullptr;
};

Stream::Stream(std::shared_ptr<const Device> device)
    : device_(std::move(device)), api_(device_->api()) {
  cl_int code = CL_SUCCESS;
  queue_ = api_.clCreateCommandQueue(device_->context(), device_->id(), 0, &code);
  expect(code, "making a queue");
}

Stream::~Stream() {
  api_.clFinish(queue_);
  for (cl_event event : marks_) api_.clReleaseEvent(event);
  for (const auto& [name, kernel] : kernels_) api_.clReleaseKernel(kernel);
  for (cl_mem memory : memory_) api_.clReleaseMemObject(memory);
  api_.clReleaseCommandQueue(queue_);
}

void Stream::expect(cl_int code, const std::string& doing) const {
  expect_done(code, device_->name(), doing);
}

// A buffer may only be found not to fit when it is first used.
std::optional<GpuMemory> Stream::allocate(std::size_t bytes) {
  cl_int code = CL_SUCCESS;
  cl_mem memory = api_.clCreateBuffer(device_->context(), CL_MEM_READ_WRITE, bytes, nullptr, &code);
  if (code == CL_SUCCESS) {
    memory_.push_back(memory);
    const cl_uchar zero = 0;
    code =
        api_.clEnqueueFillBuffer(queue_, memory, &zero, sizeof zero, 0, bytes, 0, nullptr, nullptr);
    if (code == CL_SUCCESS) code = api_.clFinish(queue_);
  }
  if (is_short_of_memory(code)) {
    if (memory != nullptr) free(reinterpret_cast<GpuMemory>(memory));
    return std::nullopt;
  }
  expect(code, "taking memory");
  return reinterpret_cast<GpuMemory>(memory);
}

void Stream::free(GpuMemory memory) {
  std::erase(memory_, memory_of(memory));
  api_.clReleaseMemObject(memory_of(memory));
}

void Stream::write(GpuMemory to, std::size_t offset, const void* from, std::size_t bytes) {
  expect(api_.clEnqueueWriteBuffer(queue_, memory_of(to), CL_FALSE, offset, bytes, from, 0, nullptr,
                                   nullptr),
         "sending data");
}

void Stream::read(GpuMemory from, std::size_t offset, void* to, std::size_t bytes) {
  expect(api_.clEnqueueReadBuffer(queue_, memory_of(from), CL_FALSE, offset, bytes, to, 0, nullptr,
                                  nullptr),
         "fetching data");
}

cl_kernel Stream::kernel(const char* name) {
  const auto found = kernels_.find(name);
  if (found != kernels_.end()) return found->second;
  cl_int code = CL_SUCCESS;
  cl_kernel made = api_.clCreateKernel(device_->program(), name, &code);
  expect(code, std::string("making the kernel ") + name);
  kernels_.emplace(name, made);
  return made;
}

void Stream::launch(const char* name, GpuExtent groups, GpuExtent group_size,
                    const std::vector<GpuArgument>& arguments) {
  cl_kernel k = kernel(name);
  const std::string doing = std::string("running the kernel ") + name;
  for (cl_uint i = 0; i < arguments.size(); ++i) {
    expect(api_.clSetKernelArg(k, i, arguments[i].size, arguments[i].value), doing);
  }
  std::array<std::size_t, 3> all{}, local{};
  for (std::size_t axis = 0; axis < all.size(); ++axis) {
    local[axis] = group_size[axis];
    all[axis] = std::size_t{groups[axis]} * group_size[axis];
  }
  expect(api_.clEnqueueNDRangeKernel(queue_, k, 3, nullptr, all.data(), local.data(), 0, nullptr,
                                     nullptr),
         doing);
}

void Stream::mark() {
  cl_event event = nullptr;
  expect(api_.clEnqueueMarkerWithWaitList(queue_, 0, nullptr, &event), "waiting");
  marks_.push_back(event);
  expect(api_.clFlush(queue_), "waiting");
}

void Stream::wait_for_oldest_mark() {
  cl_event event = marks_.front();
  marks_.pop_front();
  const cl_int code = api_.clWaitForEvents(1, &event);
  api_.clReleaseEvent(event);
  expect(code, "waiting");
}

OpenClApi load_api() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(ErrorKind::kUsage, std::string("OpenCL needs ") + kLibrary +
                                       ", which is not here: install ocl-icd-libopencl1");
  }
  OpenClApi api;
  const auto load = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (function != nullptr) return;
    throw Error(ErrorKind::kUsage, std::string(kLibrary) + " lacks " + name +
                                       ": install the newest ocl-icd-libopencl1");
  };
#define CO2NET_LOAD(function) load(api.function, #function);
  CO2NET_OPENCL_FUNCTIONS(CO2NET_LOAD)
#undef CO2NET_LOAD
  return api;
}

}  // namespace

const OpenClApi& opencl_api() {
  static const OpenClApi api = load_api();
  return api;
}

std::optional<int> first_opencl_gpu(const OpenClApi& api) {
  const std::vector<cl_device_id> devices = devices_of(api);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (is_gpu(api, devices[i])) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::vector<OpenClDevice> opencl_devices(const OpenClApi& api) {
  std::vector<OpenClDevice> found;
  for (cl_device_id id : present_devices(api)) {
    found.push_back({name_of(api, id, found.size()), is_gpu(api, id), fault_of(api, id)});
  }
  return found;
}

std::shared_ptr<GpuDevice> open_opencl(const OpenClApi& api, int index, const OpenClSource& source,
                                       DiskCache* kernels) {
  const auto i = static_cast<std::size_t>(index);
  const auto device = std::make_shared<Device>(api, device_at(api, i), i);
  device->build(source, kernels);
  return device;
}

}  // namespace co2net
