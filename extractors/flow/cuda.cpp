#include "extractors/flow/cuda.h"

#include <dlfcn.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <deque>
#include <map>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr int kKernelsVersion = 1;

// cuda.h's.
constexpr int kOutOfMemory = 2;
constexpr int kComputeCapabilityMajor = 75, kComputeCapabilityMinor = 76;
constexpr unsigned kNonBlockingStream = 1;  // does not wait for the stream that libtorch works on
constexpr unsigned kEventWithoutTiming = 2;

std::string name_of_code(int code) {
  switch (code) {
    case kOutOfMemory:
      return "out of memory";
    case 46:
      return "the device is not available";
    case 700:
      return "a kernel read or wrote beside its memory";
    case 719:
      return "a kernel failed";
    default:
      return "CUDA's error " + std::to_string(code);
  }
}

// What a lost device, a full one and a driver's fault have in common.
void expect_done(int code, const std::string& device, const std::string& doing) {
  if (code == 0) return;
  throw Error(ErrorKind::kInternal,
              device + ": " + doing + ": " + name_of_code(code) + " (" + std::to_string(code) +
                  "); the device may be lost or full: run again, or with --device cpu, which gives "
                  "the same and takes what is cached");
}

class Device;

// Copies go by page-locked memory, without which CUDA waits for what the stream has to do before.
class Stream : public GpuStream {
 public:
  explicit Stream(std::shared_ptr<const Device> device);
  ~Stream() override;

  std::optional<GpuMemory> allocate(std::size_t bytes) override;
  void free(GpuMemory memory) override;
  void write(GpuMemory to, std::size_t offset, const void* from, std::size_t bytes) override;
  void read(GpuMemory from, std::size_t offset, void* to, std::size_t bytes) override;
  void launch(const char* kernel, GpuExtent groups, GpuExtent group_size,
              const std::vector<GpuArgument>& arguments) override;
  void mark() override;
  void wait_for_oldest_mark() override;

 private:
  struct Copy {
    void* page_locked;
    void* to;  // of the host; none of a copy to the device
    std::size_t bytes;
  };
  struct Mark {
    CudaHandle event;
    std::vector<Copy> copies;  // that came before it
  };

  void use() const;  // by the calling thread
  void expect(int code, const std::string& doing) const;
  CudaHandle function(const char* name);
  void* page_locked(std::size_t bytes);

  const std::shared_ptr<const Device> device_;
  const CudaApi& api_;
  CudaHandle stream_ = nullptr;
  std::map<std::string, CudaHandle> functions_;
  std::vector<GpuMemory> memory_;
  std::multimap<std::size_t, void*> spare_;  // page-locked memory by its size
  std::vector<Copy> copies_;                 // since the last mark
  std::deque<Mark> marks_;
};

// A GPU with its primary context, which libtorch uses too, and the program.
class Device : public GpuDevice, public std::enable_shared_from_this<Device> {
 public:
  Device(const CudaApi& api, int index) : api_(api), name_("cuda:" + std::to_string(index)) {
    expect_done(api.cuDeviceGet(&id_, index), name_, "finding it");
    constexpr int kLongestName = 256;
    char text[kLongestName] = "";
    expect_done(api.cuDeviceGetName(text, kLongestName, id_), name_, "asking for its name");
    expect_done(api.cuDriverGetVersion(&driver_), name_, "asking for the driver's version");
    model_ = printable(text);
    name_ += " (" + model_ + ", driver for CUDA " + std::to_string(driver_ / 1000) + "." +
             std::to_string(driver_ / 10 % 100) + ")";
    expect_done(api.cuDevicePrimaryCtxRetain(&context_, id_), name_, "taking its context");
  }
  ~Device() override {
    if (module_ != nullptr && api_.cuCtxSetCurrent(context_) == 0) api_.cuModuleUnload(module_);
    api_.cuDevicePrimaryCtxRelease_v2(id_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& name() const override { return name_; }
  std::size_t memory_bytes() const override {
    std::size_t bytes = 0;
    expect_done(api_.cuDeviceTotalMem_v2(&bytes, id_), name_, "asking for its memory");
    return bytes;
  }
  std::size_t largest_allocation() const override { return memory_bytes(); }
  std::unique_ptr<GpuStream> open_stream() override {
    return std::make_unique<Stream>(shared_from_this());
  }

  void build(const NvrtcApi& compiler, const CudaSource& source, DiskCache* kernels) {
    expect_done(api_.cuCtxSetCurrent(context_), name_, "using its context");
    const CacheKey key = key_of(compiler, source);
    const std::optional<Entry> kept = kernels != nullptr ? kernels->get(key) : std::nullopt;
    if (kept && api_.cuModuleLoadData(&module_, kept->bytes.data()) == 0) return;
    const std::string code =
        within(name_, [&] { return compile_cuda(compiler, source, target()); });
    expect_done(api_.cuModuleLoadData(&module_, code.data()), name_, "loading the kernels");
    if (kernels != nullptr) kernels->put(key, {{{"device", name_}}, code, {}});
  }

  const CudaApi& api() const { return api_; }
  CudaHandle context() const { return context_; }
  CudaHandle module() const { return module_; }

 private:
  int attribute(int which) const {
    int value = 0;
    expect_done(api_.cuDeviceGetAttribute(&value, which, id_), name_, "asking what it can do");
    return value;
  }
  std::string target() const {
    return "sm_" + std::to_string(attribute(kComputeCapabilityMajor)) +
           std::to_string(attribute(kComputeCapabilityMinor));
  }

  CacheKey key_of(const NvrtcApi& compiler, const CudaSource& source) const {
    int major = 0, minor = 0;
    compiler.nvrtcVersion(&major, &minor);
    return KeyBuilder("kernels", kKernelsVersion)
        .add("source", sha256(source.text))
        .add("options", source.options)
        .add("device", model_)
        .add("target", target())
        .add("driver", driver_)
        .add("nvrtc", std::to_string(major) + "." + std::to_string(minor))
        .build();
  }

  const CudaApi& api_;
  int id_ = 0, driver_ = 0;
  std::string name_, model_;
  CudaHandle context_ = nullptr, module_ = nullptr;
};

Stream::Stream(std::shared_ptr<const Device> device)
    : device_(std::move(device)), api_(device_->api()) {
  use();
  expect(api_.cuStreamCreate(&stream_, kNonBlockingStream), "making a stream");
}

Stream::~Stream() {
  api_.cuCtxSetCurrent(device_->context());
  api_.cuStreamSynchronize(stream_);
  for (Mark& mark : marks_) {
    api_.cuEventDestroy_v2(mark.event);
    copies_.insert(copies_.end(), mark.copies.begin(), mark.copies.end());
  }
  for (const Copy& copy : copies_) api_.cuMemFreeHost(copy.page_locked);
  for (const auto& [bytes, memory] : spare_) api_.cuMemFreeHost(memory);
  for (const GpuMemory memory : memory_) api_.cuMemFree_v2(memory);
  api_.cuStreamDestroy_v2(stream_);
}

void Stream::use() const { expect(api_.cuCtxSetCurrent(device_->context()), "using its context"); }

void Stream::expect(int code, const std::string& doing) const {
  expect_done(code, device_->name(), doing);
}

std::optional<GpuMemory> Stream::allocate(std::size_t bytes) {
  use();
  CudaPointer memory = 0;
  const int code = api_.cuMemAlloc_v2(&memory, bytes);
  if (code == kOutOfMemory) return std::nullopt;
  expect(code, "taking memory");
  memory_.push_back(memory);
  expect(api_.cuMemsetD8Async(memory, 0, bytes, stream_), "taking memory");
  return memory;
}

void Stream::free(GpuMemory memory) {
  use();
  std::erase(memory_, memory);
  api_.cuMemFree_v2(memory);
}

void Stream::write(GpuMemory to, std::size_t offset, const void* from, std::size_t bytes) {
  use();
  copies_.push_back({page_locked(bytes), nullptr, bytes});
  void* staged = copies_.back().page_locked;
  std::memcpy(staged, from, bytes);
  expect(api_.cuMemcpyHtoDAsync_v2(to + offset, staged, bytes, stream_), "sending data");
}

void* Stream::page_locked(std::size_t bytes) {
  if (const auto spare = spare_.find(bytes); spare != spare_.end()) {
    return spare_.extract(spare).mapped();
  }
  void* memory = nullptr;
  expect(api_.cuMemAllocHost_v2(&memory, bytes), "taking page-locked memory");
  return memory;
}

void Stream::read(GpuMemory from, std::size_t offset, void* to, std::size_t bytes) {
  use();
  copies_.push_back({page_locked(bytes), to, bytes});
  expect(api_.cuMemcpyDtoHAsync_v2(copies_.back().page_locked, from + offset, bytes, stream_),
         "fetching data");
}

CudaHandle Stream::function(const char* name) {
  const auto found = functions_.find(name);
  if (found != functions_.end()) return found->second;
  CudaHandle made = nullptr;
  expect(api_.cuModuleGetFunction(&made, device_->module(), name),
         std::string("finding the kernel ") + name);
  functions_.emplace(name, made);
  return made;
}

void Stream::launch(const char* kernel, GpuExtent groups, GpuExtent group_size,
                    const std::vector<GpuArgument>& arguments) {
  use();
  std::vector<void*> values;
  for (const GpuArgument& argument : arguments) values.push_back(const_cast<void*>(argument.value));
  expect(api_.cuLaunchKernel(function(kernel), groups[0], groups[1], groups[2], group_size[0],
                             group_size[1], group_size[2], 0, stream_, values.data(), nullptr),
         std::string("running the kernel ") + kernel);
}

void Stream::mark() {
  use();
  CudaHandle event = nullptr;
  expect(api_.cuEventCreate(&event, kEventWithoutTiming), "waiting");
  marks_.push_back({event, std::exchange(copies_, {})});
  expect(api_.cuEventRecord(event, stream_), "waiting");
}

void Stream::wait_for_oldest_mark() {
  use();
  expect(api_.cuEventSynchronize(marks_.front().event), "waiting");
  for (const Copy& copy : marks_.front().copies) {
    if (copy.to != nullptr) std::memcpy(copy.to, copy.page_locked, copy.bytes);
    spare_.emplace(copy.bytes, copy.page_locked);
  }
  api_.cuEventDestroy_v2(marks_.front().event);
  marks_.pop_front();
}

// The first of these that is there.
void* load_library(const std::vector<const char*>& names, const std::string& remedy) {
  for (const char* name : names) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
  }
  throw Error(ErrorKind::kUsage,
              std::string("CUDA needs ") + names.front() + ", which is not here: " + remedy);
}

template <class Function>
void load(Function& function, void* library, const char* name) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function != nullptr) return;
  throw Error(ErrorKind::kUsage, std::string("CUDA's libraries lack ") + name +
                                     ": install a driver for CUDA 11.4 or newer, and its NVRTC");
}

CudaApi load_driver() {
  void* library = load_library({"libcuda.so.1"}, "install NVIDIA's driver");
  CudaApi api;
#define CO2NET_LOAD(function) load(api.function, library, #function)
  CO2NET_LOAD(cuInit);
  CO2NET_LOAD(cuDriverGetVersion);
  CO2NET_LOAD(cuDeviceGetCount);
  CO2NET_LOAD(cuDeviceGet);
  CO2NET_LOAD(cuDeviceGetName);
  CO2NET_LOAD(cuDeviceGetAttribute);
  CO2NET_LOAD(cuDeviceTotalMem_v2);
  CO2NET_LOAD(cuDevicePrimaryCtxRetain);
  CO2NET_LOAD(cuDevicePrimaryCtxRelease_v2);
  CO2NET_LOAD(cuCtxSetCurrent);
  CO2NET_LOAD(cuModuleLoadData);
  CO2NET_LOAD(cuModuleUnload);
  CO2NET_LOAD(cuModuleGetFunction);
  CO2NET_LOAD(cuStreamCreate);
  CO2NET_LOAD(cuStreamDestroy_v2);
  CO2NET_LOAD(cuStreamSynchronize);
  CO2NET_LOAD(cuMemAlloc_v2);
  CO2NET_LOAD(cuMemFree_v2);
  CO2NET_LOAD(cuMemAllocHost_v2);
  CO2NET_LOAD(cuMemFreeHost);
  CO2NET_LOAD(cuMemsetD8Async);
  CO2NET_LOAD(cuMemcpyHtoDAsync_v2);
  CO2NET_LOAD(cuMemcpyDtoHAsync_v2);
  CO2NET_LOAD(cuLaunchKernel);
  CO2NET_LOAD(cuEventCreate);
  CO2NET_LOAD(cuEventDestroy_v2);
  CO2NET_LOAD(cuEventRecord);
  CO2NET_LOAD(cuEventSynchronize);
  if (const int code = api.cuInit(0); code != 0) {
    throw Error(ErrorKind::kUsage, "CUDA's driver finds no GPU (" + std::to_string(code) + ")");
  }
  return api;
}

// libtorch with CUDA has one that is loaded already, by its number.
NvrtcApi load_compiler() {
  void* library =
      load_library({"libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2",
                    "/usr/local/cuda/lib64/libnvrtc.so", "/usr/local/cuda/lib/libnvrtc.so"},
                   "install it from CUDA's toolkit, and name its folder in LD_LIBRARY_PATH");
  NvrtcApi api;
  CO2NET_LOAD(nvrtcVersion);
  CO2NET_LOAD(nvrtcCreateProgram);
  CO2NET_LOAD(nvrtcDestroyProgram);
  CO2NET_LOAD(nvrtcCompileProgram);
  CO2NET_LOAD(nvrtcGetProgramLogSize);
  CO2NET_LOAD(nvrtcGetProgramLog);
  CO2NET_LOAD(nvrtcGetPTXSize);
  CO2NET_LOAD(nvrtcGetPTX);
  CO2NET_LOAD(nvrtcGetCUBINSize);
  CO2NET_LOAD(nvrtcGetCUBIN);
#undef CO2NET_LOAD
  return api;
}

std::string log_of(const NvrtcApi& api, CudaHandle program) {
  std::size_t size = 0;
  api.nvrtcGetProgramLogSize(program, &size);
  std::string log(size, '\0');
  api.nvrtcGetProgramLog(program, log.data());
  constexpr std::size_t kMost = 300;
  return printable(shortened(trimmed(log.substr(0, log.find('\0'))), kMost));
}

}  // namespace

const CudaApi& cuda_api() {
  static const CudaApi api = load_driver();
  return api;
}

const NvrtcApi& nvrtc_api() {
  static const NvrtcApi api = load_compiler();
  return api;
}

std::string compile_cuda(const NvrtcApi& api, const CudaSource& source, const std::string& target) {
  CudaHandle program = nullptr;
  const std::string text(source.text);
  if (api.nvrtcCreateProgram(&program, text.c_str(), "tvl1_gpu.cl", 0, nullptr, nullptr) != 0) {
    throw Error(ErrorKind::kInternal, "NVRTC takes no program");
  }
  const std::unique_ptr<CudaHandle, int (*)(CudaHandle*)> owner(&program, api.nvrtcDestroyProgram);
  std::vector<std::string> options = {"--fmad=false",    "--ftz=false",
                                      "--prec-div=true", "--prec-sqrt=true",
                                      "--std=c++17",     "--gpu-architecture=" + target};
  options.insert(options.end(), source.options.begin(), source.options.end());
  std::vector<const char*> words;
  for (const std::string& option : options) words.push_back(option.c_str());
  if (api.nvrtcCompileProgram(program, static_cast<int>(words.size()), words.data()) != 0) {
    throw Error(ErrorKind::kUsage, "NVRTC does not compile the kernels of flow for " + target +
                                       " (" + log_of(api, program) +
                                       "); install the CUDA that the GPU wants, or use --device "
                                       "cpu");
  }
  const bool is_machine_code = target.starts_with("sm_");
  std::size_t size = 0;
  const auto get_size = is_machine_code ? api.nvrtcGetCUBINSize : api.nvrtcGetPTXSize;
  const auto get = is_machine_code ? api.nvrtcGetCUBIN : api.nvrtcGetPTX;
  std::string code;
  if (get_size(program, &size) == 0) code.resize(size);
  if (code.empty() || get(program, code.data()) != 0) {
    throw Error(ErrorKind::kInternal, "NVRTC gives no code for " + target);
  }
  return code;
}

int cuda_device_count() {
  try {
    int count = 0;
    return cuda_api().cuDeviceGetCount(&count) == 0 ? count : 0;
  } catch (const Error& e) {
    spdlog::debug("{}", e.what());
    return 0;
  }
}

std::shared_ptr<GpuDevice> open_cuda(const CudaApi& api, const NvrtcApi& compiler, int index,
                                     const CudaSource& source, DiskCache* kernels) {
  int count = 0;
  const std::string name = "cuda:" + std::to_string(index);
  expect_done(api.cuDeviceGetCount(&count), name, "counting devices");
  if (index >= count) {
    throw Error(ErrorKind::kUsage, name + ": no CUDA device of that index; there are " +
                                       std::to_string(count) + ", from cuda:0 on");
  }
  const auto device = std::make_shared<Device>(api, index);
  device->build(compiler, source, kernels);
  return device;
}

}  // namespace co2net
