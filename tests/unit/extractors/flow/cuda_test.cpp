#include "extractors/flow/cuda.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <opencv2/core.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "extractors/flow/tvl1_gpu.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/solved_flow.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

const std::vector<std::string> kCapabilities = {"75", "80", "90", "120"};

CudaSource source() { return {kTvl1GpuSource, tvl1_gpu_definitions()}; }

// CUDA's compiler, which needs no GPU.
class Nvrtc : public testing::Test {
 protected:
  void SetUp() override {
    try {
      api_ = nvrtc_api();
    } catch (const Error& e) {
      GTEST_SKIP() << test::kMachineLacks << "NVRTC: " << e.what();
    }
    int minor = 0;
    api_.nvrtcVersion(&major_, &minor);
  }
  bool knows(const std::string& capability) const { return capability != "120" || major_ >= 13; }

  NvrtcApi api_{};
  int major_ = 0;
};

std::size_t matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {}));
}

TEST_F(Nvrtc, ContractsAndApproximatesNothing) {
  for (const std::string& capability : kCapabilities) {
    if (!knows(capability)) continue;
    const std::string ptx = compile_cuda(api_, source(), "compute_" + capability);
    for (const char* kernel :
         {"load", "shrink", "gradient", "take_up", "warp", "iterate", "quantise"}) {
      EXPECT_EQ(matches(ptx, std::string(R"(\.entry )") + kernel + R"(\b)"), 1u) << kernel;
    }
    EXPECT_GT(matches(ptx, R"(\brcp\.rn\.f32\b)"), 0u);
    EXPECT_GT(matches(ptx, R"(\bsqrt\.rn\.f32\b)"), 0u);
    EXPECT_GT(matches(ptx, R"(\bmul(\.rn)?\.f32\b)"), 0u);
    EXPECT_EQ(matches(ptx, R"(\b(fma|mad)(\.\w+)*\.f(32|64)\b)"), 0u) << "contracted";
    EXPECT_EQ(matches(ptx, R"(\.(approx|full|ftz)\b)"), 0u) << "approximated";
    EXPECT_EQ(matches(ptx, R"(\.f64\b)"), 0u) << "double precision";
  }
}

TEST_F(Nvrtc, MakesMachineCodeOfWhatItKnowsAndNamesWhatItDoesNot) {
  for (const std::string& capability : kCapabilities) {
    if (!knows(capability)) continue;
    EXPECT_TRUE(compile_cuda(api_, source(), "sm_" + capability)
                    .starts_with("\x7f"
                                 "ELF"));
  }
  test::expect_error(ErrorKind::kUsage, {"NVRTC", "sm_10", "--device cpu"},
                     [&] { compile_cuda(api_, source(), "sm_10"); });
}

// A driver that executes nothing: memory of the device is memory of ours, and what it is asked is
// checked. Kernels do one thing, so that the solver comes to its end: after take_up, every pair is
// done. Functions of a driver can't capture, so all that it knows is here.
struct FakeDriver {
  std::string current, wrong;  // whose context is current; the first thing that was wrong
  std::map<CudaPointer, std::size_t> memory;
  std::map<const void*, std::size_t> page_locked;
  std::set<CudaHandle> streams, events;
  std::vector<std::string> launched;
  std::map<std::string, std::size_t> arguments;  // how many a kernel has
  std::string loaded;
  int contexts = 0, modules = 0, compilations = 0;
  int refusals = 0;  // of modules that are still to come
  int calls = 0, fails_at = 0;
  std::size_t most_memory = SIZE_MAX, taken = 0;
  std::uintptr_t handles = 0;
};
FakeDriver driver;

constexpr int kOutOfMemory = 2, kLost = 719;
const CudaHandle kContext = reinterpret_cast<CudaHandle>(1),
                 kModule = reinterpret_cast<CudaHandle>(2);
const std::vector<std::string> kKernels = {"load", "shrink",  "gradient", "take_up",
                                           "warp", "iterate", "quantise"};

void require(bool is_so, const std::string& what) {
  if (!is_so && driver.wrong.empty()) driver.wrong = what;
}
// Of what happens on a stream in time.
int done(const std::string& what, CudaHandle stream) {
  require(driver.current == "ours", what + " without the context");
  require(driver.streams.count(stream) == 1, what + " on another stream");
  return ++driver.calls == driver.fails_at ? kLost : 0;
}
CudaHandle new_handle() { return reinterpret_cast<CudaHandle>(1000 + ++driver.handles); }
bool is_within(CudaPointer at, std::size_t bytes) {
  auto after = driver.memory.upper_bound(at);
  if (after == driver.memory.begin()) return false;
  --after;
  return at + bytes <= after->first + after->second;
}
bool is_page_locked(const void* at, std::size_t bytes) {
  const auto found = driver.page_locked.find(at);
  return found != driver.page_locked.end() && bytes <= found->second;
}
void* host(CudaPointer pointer) { return reinterpret_cast<void*>(pointer); }

// 56 bytes each: the phase is the seventh 4 bytes after two times 8.
void finish_all(CudaPointer progress) {
  constexpr std::size_t kBytes = 56, kPhase = 24;
  constexpr std::int32_t kDone = 4;
  for (std::size_t i = 0; i < driver.memory.at(progress) / kBytes; ++i) {
    char* phase = static_cast<char*>(host(progress)) + i * kBytes + kPhase;
    std::int32_t now = 0;
    std::memcpy(&now, phase, sizeof now);
    if (now != 0) std::memcpy(phase, &kDone, sizeof kDone);
  }
}

int launch(CudaHandle function, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by,
           unsigned bz, unsigned shared, CudaHandle stream, void** arguments, void** extra) {
  const std::string name = kKernels.at(reinterpret_cast<std::uintptr_t>(function) - 10);
  require(x * y * z > 0 && bx == 32 && by == 8 && bz == 1 && shared == 0, name + "'s extent");
  require(extra == nullptr, name + "'s extra");
  for (std::size_t i = 0; i < driver.arguments[name]; ++i) {
    require(arguments[i] != nullptr, name + " lacks an argument");
  }
  CudaPointer first = 0;
  std::memcpy(&first, arguments[0], sizeof first);
  require(driver.memory.count(first) == 1, name + "'s first argument is no memory");
  driver.launched.push_back(name);
  if (name == "take_up") {
    CudaPointer progress = 0;
    std::memcpy(&progress, arguments[2], sizeof progress);
    finish_all(progress);
  }
  return done("running " + name, stream);
}

CudaApi fake_driver() {
  CudaApi api{};
  api.cuDriverGetVersion = [](int* version) { return *version = 13000, 0; };
  api.cuDeviceGetCount = [](int* count) { return *count = 1, 0; };
  api.cuDeviceGet = [](int* device, int index) { return *device = index, 0; };
  api.cuDeviceGetName = [](char* name, int, int) { return std::strcpy(name, "Fake"), 0; };
  api.cuDeviceGetAttribute = [](int* value, int attribute, int) {
    return *value = attribute == 75 ? 9 : 0, 0;  // compute capability 9.0
  };
  api.cuDeviceTotalMem_v2 = [](std::size_t* bytes, int) { return *bytes = 1 << 30, 0; };
  api.cuDevicePrimaryCtxRetain = [](CudaHandle* context, int) {
    ++driver.contexts;
    return *context = kContext, 0;
  };
  api.cuDevicePrimaryCtxRelease_v2 = [](int) { return --driver.contexts, 0; };
  api.cuCtxSetCurrent = [](CudaHandle context) {
    return driver.current = context == kContext ? "ours" : "", 0;
  };
  api.cuModuleLoadData = [](CudaHandle* module, const void* image) {
    if (driver.refusals > 0) return --driver.refusals, 200;
    driver.loaded.assign(static_cast<const char*>(image), 4);
    ++driver.modules;
    return *module = kModule, driver.loaded == "code" ? 0 : 200;
  };
  api.cuModuleUnload = [](CudaHandle) { return --driver.modules, 0; };
  api.cuModuleGetFunction = [](CudaHandle* function, CudaHandle module, const char* name) {
    require(module == kModule, "another module");
    const auto found = std::find(kKernels.begin(), kKernels.end(), name);
    *function = reinterpret_cast<CudaHandle>(10 + (found - kKernels.begin()));
    return found == kKernels.end() ? 500 : 0;
  };
  api.cuStreamCreate = [](CudaHandle* stream, unsigned flags) {
    require(flags == 1, "a stream that waits for libtorch's");
    driver.streams.insert(*stream = new_handle());
    return 0;
  };
  api.cuStreamDestroy_v2 = [](CudaHandle stream) {
    return driver.streams.erase(stream) == 1 ? 0 : 400;
  };
  api.cuStreamSynchronize = [](CudaHandle stream) { return done("waiting", stream), 0; };
  api.cuMemAlloc_v2 = [](CudaPointer* memory, std::size_t bytes) {
    if (driver.taken + bytes > driver.most_memory) return kOutOfMemory;
    driver.taken += bytes;
    *memory = reinterpret_cast<CudaPointer>(std::malloc(bytes));
    driver.memory[*memory] = bytes;
    return 0;
  };
  api.cuMemFree_v2 = [](CudaPointer memory) {
    require(driver.memory.count(memory) == 1, "frees other memory");
    driver.taken -= driver.memory[memory];
    driver.memory.erase(memory);
    return std::free(host(memory)), 0;
  };
  api.cuMemAllocHost_v2 = [](void** memory, std::size_t bytes) {
    driver.page_locked[*memory = std::malloc(bytes)] = bytes;
    return 0;
  };
  api.cuMemFreeHost = [](void* memory) {
    require(driver.page_locked.erase(memory) == 1, "frees other page-locked memory");
    return std::free(memory), 0;
  };
  api.cuMemsetD8Async = [](CudaPointer to, unsigned char value, std::size_t bytes,
                           CudaHandle stream) {
    require(is_within(to, bytes), "fills beside its memory");
    return std::memset(host(to), value, bytes), done("filling", stream);
  };
  api.cuMemcpyHtoDAsync_v2 = [](CudaPointer to, const void* from, std::size_t bytes,
                                CudaHandle stream) {
    require(is_within(to, bytes), "writes beside its memory");
    require(is_page_locked(from, bytes), "writes from memory that is not page-locked");
    return std::memcpy(host(to), from, bytes), done("writing", stream);
  };
  api.cuMemcpyDtoHAsync_v2 = [](void* to, CudaPointer from, std::size_t bytes, CudaHandle stream) {
    require(is_within(from, bytes), "reads beside its memory");
    require(is_page_locked(to, bytes), "reads into memory that is not page-locked");
    return std::memcpy(to, host(from), bytes), done("reading", stream);
  };
  api.cuLaunchKernel = launch;
  api.cuEventCreate = [](CudaHandle* event, unsigned) {
    driver.events.insert(*event = new_handle());
    return 0;
  };
  api.cuEventDestroy_v2 = [](CudaHandle event) {
    require(driver.events.erase(event) == 1, "destroys another event");
    return 0;
  };
  api.cuEventRecord = [](CudaHandle event, CudaHandle stream) {
    require(driver.events.count(event) == 1, "records another event");
    return done("recording", stream);
  };
  api.cuEventSynchronize = [](CudaHandle event) {
    require(driver.events.count(event) == 1, "waits for another event");
    return ++driver.calls == driver.fails_at ? kLost : 0;
  };
  return api;
}

NvrtcApi fake_compiler() {
  NvrtcApi api{};
  api.nvrtcVersion = [](int* major, int* minor) { return *major = 13, *minor = 0, 0; };
  api.nvrtcCreateProgram = [](CudaHandle* program, const char*, const char*, int,
                              const char* const*,
                              const char* const*) { return *program = new_handle(), 0; };
  api.nvrtcDestroyProgram = [](CudaHandle*) { return 0; };
  api.nvrtcCompileProgram = [](CudaHandle, int count, const char* const* options) {
    ++driver.compilations;
    const std::set<std::string> told(options, options + count);
    require(told.count("--fmad=false") == 1, "contraction");
    require(told.count("--gpu-architecture=sm_90") == 1, "another target");
    return 0;
  };
  api.nvrtcGetCUBINSize = [](CudaHandle, std::size_t* size) { return *size = 4, 0; };
  api.nvrtcGetCUBIN = [](CudaHandle, char* code) { return std::memcpy(code, "code", 4), 0; };
  return api;
}

class CudaFlow : public testing::Test {
 protected:
  void SetUp() override {
    driver = FakeDriver();
    const std::string text(kTvl1GpuSource);
    for (const std::string& kernel : kKernels) {
      const std::size_t begin = text.find("void " + kernel + "("), end = text.find(')', begin);
      driver.arguments[kernel] = 1 + std::count(&text[begin], &text[end], ',');
    }
  }
  std::shared_ptr<GpuDevice> open(DiskCache* kernels = nullptr) const {
    return open_cuda(api_, compiler_, 0, source(), kernels);
  }
  static std::size_t solve(const std::shared_ptr<GpuDevice>& device, int count,
                           cv::Size size = {50, 40}) {
    const cv::Mat gray(size, CV_8UC1, cv::Scalar(3));
    std::size_t taken = 0;
    EffortMeter meter;
    make_tvl1_gpu(device, Recipe::Flow(), 3)
        ->solve(
            std::vector<FlowPair>(static_cast<std::size_t>(count), test::pair_of(gray, gray)),
            [&](std::size_t, const FlowView& flow) {
              taken += flow.size == ImageSize{size.height, size.width} ? 1 : 0;
            },
            Deadline(), meter);
    return taken;
  }
  static void expect_nothing_left() {
    EXPECT_EQ(driver.wrong, "");
    EXPECT_TRUE(driver.memory.empty());
    EXPECT_TRUE(driver.page_locked.empty());
    EXPECT_TRUE(driver.streams.empty());
    EXPECT_TRUE(driver.events.empty());
  }

  const CudaApi api_ = fake_driver();
  const NvrtcApi compiler_ = fake_compiler();
};

TEST_F(CudaFlow, CallsTheDriverInOrderAndGivesAllBack) {
  auto device = open();
  EXPECT_EQ(device->name(), "cuda:0 (Fake, driver for CUDA 13.0)");
  EXPECT_EQ(solve(device, 8), 8u);
  expect_nothing_left();
  const std::vector<std::string> of_new = {"load",   "shrink",   "shrink",  "shrink",
                                           "shrink", "gradient", "take_up", "warp"};
  ASSERT_GT(driver.launched.size(), of_new.size() + 6);
  EXPECT_TRUE(std::equal(of_new.begin(), of_new.end(), driver.launched.begin()));
  const std::vector<std::string> of_a_turn = {"iterate", "iterate", "iterate",
                                              "iterate", "take_up", "warp"};
  EXPECT_TRUE(std::equal(of_a_turn.begin(), of_a_turn.end(),
                         driver.launched.begin() + static_cast<std::ptrdiff_t>(of_new.size())));
  device.reset();
  EXPECT_EQ(driver.contexts, 0);
  EXPECT_EQ(driver.modules, 0);
}

TEST_F(CudaFlow, HasTheDeviceMakeBytesWhereTheseAreWanted) {
  const cv::Mat gray(40, 50, CV_8UC1, cv::Scalar(3));
  constexpr std::size_t kPairs = 4;
  std::size_t taken = 0;
  EffortMeter meter;
  make_tvl1_gpu(open(), Recipe::Flow(), 3)
      ->solve(
          std::vector<FlowPair>(kPairs, test::pair_of(gray, gray)),
          [&](std::size_t, const FlowBytesView&) { ++taken; }, Deadline(), meter);
  EXPECT_EQ(taken, kPairs);
  EXPECT_EQ(std::count(driver.launched.begin(), driver.launched.end(), "quantise"), kPairs);
  expect_nothing_left();
}

TEST_F(CudaFlow, TellsEveryFailureAndGivesAllBack) {
  const auto device = open();
  driver.calls = 0;
  solve(device, 4);
  const int calls = driver.calls - 2;  // the last mark, and the end of the stream: all is solved
  for (int at = 1; at <= calls; ++at) {
    driver.calls = 0;
    driver.fails_at = at;
    test::expect_error(ErrorKind::kInternal, {"cuda:0 (Fake", "a kernel failed", "--device cpu"},
                       [&] { solve(device, 4); });
    expect_nothing_left();
  }
}

TEST_F(CudaFlow, FewerPairsAreInFlightWhereMemoryIsShort) {
  const auto device = open();
  constexpr std::size_t kAPair = 200000;
  driver.most_memory = 2 * kAPair;
  EXPECT_EQ(solve(device, 5), 5u);
  driver.most_memory = kAPair / 2;
  test::expect_error(ErrorKind::kInternal, {"not enough memory for a pair of 50x40"},
                     [&] { solve(device, 1); });
  expect_nothing_left();
}

TEST_F(CudaFlow, KernelsAreCompiledOnce) {
  const TempDir folder;
  DiskCache kernels(folder.path());
  open(&kernels);
  open(&kernels);
  EXPECT_EQ(driver.compilations, 1);
  EXPECT_EQ(driver.loaded, "code");
}

TEST_F(CudaFlow, KernelsThatADriverNoLongerTakesAreCompiledAgain) {
  const TempDir folder;
  DiskCache kernels(folder.path());
  open(&kernels);
  driver.refusals = 1;
  open(&kernels);
  EXPECT_EQ(driver.compilations, 2);
  open(&kernels);
  EXPECT_EQ(driver.compilations, 2);
}

TEST_F(CudaFlow, ADeviceWithOtherBytesIsRefusedByName) {
  test::expect_error(ErrorKind::kUsage, {"cuda:0 (Fake", "other flow than the CPU", "--device cpu"},
                     [&] { checked_gpu_backend("cuda", open(), Recipe::Flow()); });
}

TEST_F(CudaFlow, SaysWhichDevicesThereAre) {
  test::expect_error(ErrorKind::kUsage, {"cuda:7: no CUDA device of that index", "there are 1"},
                     [&] { open_cuda(api_, compiler_, 7, source(), nullptr); });
}

}  // namespace
}  // namespace co2net
