#include "extractors/flow/tvl1_gpu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <opencv2/core.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "extractors/flow/flow_backend.h"
#include "extractors/flow/opencl.h"
#include "extractors/flow/quantise.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/stages/disk_cache.h"
#include "tests/solved_flow.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/extractors/flow/moving_texture.h"
#include "tests/unit/extractors/flow/portable_flow.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using test::Frames;
using test::moving_texture;
using test::same_bytes;

// The first device of OpenCL's, whatever it is.
class OpenClFlow : public testing::Test {
 protected:
  void SetUp() override {
    try {
      api_ = opencl_api();
    } catch (const Error& e) {
      GTEST_SKIP() << test::kNoOpenCl << ": " << e.what();
    }
    cl_uint platforms = 0;
    if (api_.clGetPlatformIDs(0, nullptr, &platforms) != CL_SUCCESS || platforms == 0) {
      GTEST_SKIP() << test::kNoOpenCl;
    }
  }

  static OpenClSource source(std::vector<std::string> more = {}) {
    std::vector<std::string> options = tvl1_gpu_definitions();
    options.insert(options.end(), more.begin(), more.end());
    return {kTvl1GpuSource, options};
  }
  std::shared_ptr<GpuDevice> open(DiskCache* kernels = nullptr) const {
    return open_opencl(api_, 0, source(), kernels);
  }
  // Built once for all tests.
  static std::shared_ptr<GpuDevice> device() {
    static const std::shared_ptr<GpuDevice> device =
        open_opencl(opencl_api(), 0, source(), nullptr);
    return device;
  }

  OpenClApi api_;
};

std::vector<FlowPair> views_of(const std::vector<Frames>& pairs) {
  std::vector<FlowPair> views;
  for (const auto& [from, to] : pairs) views.push_back(test::pair_of(from, to));
  return views;
}

std::vector<cv::Mat> solved(const std::shared_ptr<GpuDevice>& device,
                            const std::vector<Frames>& pairs, const Recipe::Flow& flow = {},
                            int in_flight = 3) {
  std::vector<cv::Mat> flows(pairs.size());
  EffortMeter meter;
  make_tvl1_gpu(device, flow, in_flight)
      ->solve(
          views_of(pairs), [&](std::size_t i, const FlowView& f) { flows[i] = mat_of(f).clone(); },
          Deadline(), meter);
  EXPECT_EQ(meter.total().count, static_cast<std::int64_t>(pairs.size()));
  return flows;
}

void expect_exact(const std::shared_ptr<GpuDevice>& device, const std::vector<Frames>& pairs,
                  const Recipe::Flow& flow = {}) {
  const std::vector<cv::Mat> flows = solved(device, pairs, flow);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const cv::Mat wanted = test::portable_flow(flow, pairs[i].from, pairs[i].to);
    EXPECT_TRUE(same_bytes(flows[i], wanted)) << "pair " << i << ", " << wanted.size();
  }
}

std::vector<Frames> moving_pairs(cv::Size size, int count) {
  std::vector<Frames> pairs;
  for (int i = 0; i < count; ++i) pairs.push_back(moving_texture(size, 1 + i));
  return pairs;
}

TEST_F(OpenClFlow, IsExactAtEverySize) {
  std::vector<Frames> pairs;  // in one batch, though each size has to wait for the last one
  for (const cv::Size size : {cv::Size(1, 1),
                              {1, 2},
                              {2, 1},
                              {1, 40},
                              {40, 1},
                              {3, 3},
                              {16, 16},
                              {17, 33},
                              {24, 24},
                              {25, 49},
                              {48, 64},
                              {97, 61}}) {
    pairs.push_back(moving_texture(size, 1));
    pairs.push_back(moving_texture(size, 2));
  }
  expect_exact(device(), pairs);
}

// All levels, one warp each: PoCL is slow.
TEST_F(OpenClFlow, IsExactForALargeOddSize) {
  Recipe::Flow flow;
  flow.warps = 1;
  expect_exact(device(), moving_pairs({341, 257}, 1), flow);
}

TEST_F(OpenClFlow, IsExactWhateverTheParameters) {
  const std::vector<Frames> pairs = moving_pairs({61, 46}, 2);
  const auto expect_with = [&](auto member, auto value) {
    Recipe::Flow flow;
    flow.*member = value;
    SCOPED_TRACE(value);
    expect_exact(device(), pairs, flow);
  };
  for (const double tau : {0.01, 0.9}) expect_with(&Recipe::Flow::tau, tau);
  for (const double lambda : {0.001, 50.}) expect_with(&Recipe::Flow::lambda, lambda);
  for (const double theta : {1e-6, 2.}) expect_with(&Recipe::Flow::theta, theta);
  for (const int scales : {1, 2, 30}) expect_with(&Recipe::Flow::scales, scales);
  for (const double step : {0.5, 0.3, 0.73, 0.99}) expect_with(&Recipe::Flow::scale_step, step);
  for (const int warps : {1, 8}) expect_with(&Recipe::Flow::warps, warps);
  for (const double epsilon : {0., 0.001, 0.1, 3.}) expect_with(&Recipe::Flow::epsilon, epsilon);
  for (const int outer : {1, 3}) expect_with(&Recipe::Flow::outer_iterations, outer);
  for (const int inner : {1, 2, 7, 100}) expect_with(&Recipe::Flow::inner_iterations, inner);
}

TEST_F(OpenClFlow, IsExactWhereNothingMovesOrThereIsNothingToSee) {
  const Frames moving = moving_texture({70, 50}, 3);
  const auto flat = [](int gray) { return cv::Mat(50, 70, CV_8UC1, cv::Scalar(gray)); };
  cv::Mat noise(50, 70, CV_8UC1);
  cv::RNG(5).fill(noise, cv::RNG::UNIFORM, 0, 2);
  noise *= 255;
  expect_exact(device(), {{moving.from, moving.from},
                          {flat(77), flat(77)},
                          {flat(0), flat(0)},
                          {flat(255), flat(255)},
                          {flat(0), flat(255)},
                          {flat(77), moving.to},
                          {moving.from, flat(255)},
                          {noise, moving.to},
                          {noise, 255 - noise}});
}

// Far beyond the image's edges.
TEST_F(OpenClFlow, IsExactForHugeMotion) {
  Recipe::Flow flow;
  flow.lambda = 1e6;
  flow.tau = 1;
  for (const double theta : {1e3, 1e6}) {
    flow.theta = theta;
    expect_exact(device(), moving_pairs({40, 30}, 2), flow);
  }
}

TEST_F(OpenClFlow, IsExactForPartsOfLargerImages) {
  const Frames frames = moving_texture({90, 70}, 4);
  const cv::Rect part(7, 3, 61, 47);
  expect_exact(device(), {{frames.from(part), frames.to(part)}});
}

TEST_F(OpenClFlow, IsExactWithEmulatedRounding) {
  expect_exact(open_opencl(api_, 0, source({"-DEMULATED_ROUNDING"}), nullptr),
               moving_pairs({97, 61}, 2));
}

// Of pairs that take more and less time, so that slots are freed out of order.
std::vector<Frames> uneven_pairs(int count) {
  std::vector<Frames> pairs;
  for (int i = 0; i < count; ++i) {
    const Frames frames = moving_texture({40, 36}, 20 + i);
    pairs.push_back({frames.from, i % 3 == 1 ? frames.from : frames.to});
  }
  return pairs;
}

TEST_F(OpenClFlow, SolvesMorePairsThanAreInFlight) {
  const std::vector<Frames> pairs = uneven_pairs(11);
  const std::vector<cv::Mat> one_by_one = solved(device(), pairs, {}, 1);
  for (const int in_flight : {2, 5, kPairsInFlight}) {
    const std::vector<cv::Mat> flows = solved(device(), pairs, {}, in_flight);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      EXPECT_TRUE(same_bytes(flows[i], one_by_one[i])) << in_flight << " in flight, pair " << i;
    }
  }
  expect_exact(device(), {pairs[0], pairs[1]});
}

TEST_F(OpenClFlow, GivesTheBytesOfQuantisedFloats) {
  const std::vector<Frames> pairs = uneven_pairs(7);
  Recipe::Flow flow;
  flow.bound = 1.5;
  const std::vector<cv::Mat> floats = solved(device(), pairs, flow, 3);
  std::vector<cv::Mat> bytes(pairs.size());
  EffortMeter meter;
  make_tvl1_gpu(device(), flow, 3)
      ->solve(
          views_of(pairs),
          [&](std::size_t i, const FlowBytesView& f) { bytes[i] = mat_of(f).clone(); }, Deadline(),
          meter);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_TRUE(same_bytes(bytes[i], quantised(flow_view(floats[i]), flow.bound))) << i;
  }
}

// Every byte, ties, their neighbours, what is beyond the bounds, infinite or no number.
std::vector<float> telling_values(double bound) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values = {0.f,  -0.f,  kInfinity, -kInfinity, nan,
                               -nan, 1e30f, -1e30f,    1e-40f,     -1e-40f};
  for (int half = -2; half <= 512; ++half) {
    const auto at = static_cast<float>(bound * (half / 255. - 1));
    for (const float value : {at, std::nextafter(at, kInfinity), std::nextafter(at, -kInfinity)}) {
      values.push_back(value);
    }
  }
  return values;
}

TEST_F(OpenClFlow, QuantisesAsTheHost) {
  struct Level {  // as the kernels have it
    std::int64_t threshold = 0;
    std::int32_t width = 0, height = 1, start = 0;
    float shrink = 1, x_scale = 1, y_scale = 1;
  };
  for (const double bound : {20., 127.5, 15., 0.1, 1e-3, 7.3}) {
    const std::vector<float> values = telling_values(bound);
    const std::size_t count = values.size();
    const Level level{.width = static_cast<std::int32_t>(count)};
    const QuantisationSteps steps = quantisation_steps(bound);
    std::vector<float> planes = values;
    planes.insert(planes.end(), values.rbegin(), values.rend());
    std::vector<FlowBytes> found(count);

    const auto stream = device()->open_stream();
    const std::array<GpuMemory, 4> memory = {
        *stream->allocate(6 * count * sizeof(float)), *stream->allocate(2 * count),
        *stream->allocate(sizeof level), *stream->allocate(sizeof steps)};
    const std::int32_t slot = 0;
    stream->write(memory[0], 0, planes.data(), planes.size() * sizeof(float));
    stream->write(memory[2], 0, &level, sizeof level);
    stream->write(memory[3], 0, steps.data(), sizeof steps);
    std::vector<GpuArgument> arguments;
    for (const GpuMemory& each : memory) arguments.push_back({&each, sizeof each});
    arguments.push_back({&slot, sizeof slot});
    stream->launch("quantise", {static_cast<unsigned>(count / 32 + 1), 1, 1}, {32, 8, 1},
                   arguments);
    stream->read(memory[1], 0, found.data(), 2 * count);
    stream->mark();
    stream->wait_for_oldest_mark();
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(found[i].u, quantise(values[i], bound)) << values[i] << ", " << bound;
      EXPECT_EQ(found[i].v, quantise(values[count - 1 - i], bound)) << i << ", " << bound;
    }
  }
}

TEST_F(OpenClFlow, SolvesForManyCallersAtOnce) {
  const auto batch = make_tvl1_gpu(device(), Recipe::Flow(), 4);
  EffortMeter meter;
  std::vector<std::vector<Frames>> pairs;
  for (int caller = 0; caller < 4; ++caller) {
    pairs.push_back(moving_pairs(caller < 3 ? cv::Size(50, 40) : cv::Size(40, 50), caller));
  }
  std::vector<std::vector<cv::Mat>> flows;
  for (const auto& of_caller : pairs) flows.emplace_back(of_caller.size());
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    callers.emplace_back([&, i] {
      batch->solve(
          views_of(pairs[i]),
          [&](std::size_t k, const FlowView& f) { flows[i][k] = mat_of(f).clone(); }, Deadline(),
          meter);
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (std::size_t k = 0; k < pairs[i].size(); ++k) {
      EXPECT_TRUE(
          same_bytes(flows[i][k], test::portable_flow({}, pairs[i][k].from, pairs[i][k].to)));
    }
  }
  EXPECT_EQ(meter.total().count, 0 + 1 + 2 + 3);
}

TEST_F(OpenClFlow, StopsAtTheDeadlineAndPassesOnWhatTheTakerThrows) {
  const std::vector<Frames> pairs = moving_pairs({40, 30}, 3);
  EffortMeter meter;
  const auto late = make_tvl1_gpu(device(), Recipe::Flow(), 2);
  const auto solve_late = [&] {
    late->solve(
        views_of(pairs), [](std::size_t, const FlowView&) {}, Deadline(std::chrono::seconds(-1)),
        meter);
  };
  test::expect_error(ErrorKind::kInput, {"timed out"}, solve_late);
  test::expect_error(ErrorKind::kInput, {"timed out"}, solve_late);
  test::expect_error(ErrorKind::kIo, {"disk full"}, [&] {
    make_tvl1_gpu(device(), Recipe::Flow(), 2)
        ->solve(
            views_of(pairs),
            [](std::size_t, const FlowView&) { throw Error(ErrorKind::kIo, "disk full"); },
            Deadline(), meter);
  });
}

TEST_F(OpenClFlow, RefusesWhatIsNoPairOfGrayImages) {
  const cv::Mat gray(20, 30, CV_8UC1, cv::Scalar(0));
  for (const cv::Mat& other : {cv::Mat(0, 0, CV_8UC1), cv::Mat(20, 31, CV_8UC1)}) {
    test::expect_error(ErrorKind::kInternal, {"gray images of equal size"}, [&] {
      solved(device(), {{gray, other}});
    });
  }
}

// Two processes, each of which runs a test of this program's.
TEST_F(OpenClFlow, ServesTwoProcessesAtOnce) {
  const std::string program = test::shell_quoted(std::filesystem::read_symlink("/proc/self/exe"));
  const std::string once = program + " --gtest_filter=OpenClFlow.SolvesMorePairsThanAreInFlight";
  test::run_shell(once + " & other=$!; " + once + " && wait $other");
}

TEST_F(OpenClFlow, SharesCacheKeysWithTheCpu) {
  const FlowBackend backend = choose_flow_backend("opencl:0", Recipe::Flow(), std::nullopt);
  EXPECT_EQ(backend.name, "opencl");
  EXPECT_EQ(backend.key_name(), kTvl1Cpu.key_name());
  EXPECT_EQ(backend.device({}), kTvl1Cpu.device({}));
  EXPECT_TRUE(backend.where.starts_with("opencl:0 (")) << backend.where;
}

TEST_F(OpenClFlow, SaysWhichDevicesThereAre) {
  test::expect_error(ErrorKind::kUsage, {"opencl:99: no OpenCL device of that index", "opencl:0"},
                     [] { choose_flow_backend("opencl:99", Recipe::Flow(), std::nullopt); });
}

// What OpenCL says and does, with faults. A fake takes the place of a function and calls the real
// one but for what it fakes; it can't capture, so the faults are here.
struct Faults {
  int calls = 0;
  int fails_at = 0;  // which call, counted from 1; 0: none
  std::size_t largest_buffer = SIZE_MAX;
  cl_device_type type = CL_DEVICE_TYPE_CPU;
  int compilations = 0;
  int releases = 0;  // of buffers
};
Faults faults;

bool is_due() { return ++faults.calls == faults.fails_at; }

class OpenClFaults : public OpenClFlow {
 protected:
  void SetUp() override {
    OpenClFlow::SetUp();
    faults = Faults();
  }
};

// The function `name` fails with `code` at the call that is due.
template <auto Member>
struct Failing;
template <class... Arguments, cl_int (*OpenClApi::*Member)(Arguments...)>
struct Failing<Member> {
  static cl_int call(Arguments... arguments) {
    return is_due() ? CL_OUT_OF_RESOURCES : (opencl_api().*Member)(arguments...);
  }
};

// `unnoticed`: calls at the end, when all is solved.
template <auto Member>
void expect_every_failure_told(OpenClApi api, const std::string& doing,
                               const std::vector<Frames>& pairs, int unnoticed = 0) {
  Recipe::Flow flow;
  flow.warps = 1;
  api.*Member = Failing<Member>::call;
  const auto device = open_opencl(api, 0, {kTvl1GpuSource, tvl1_gpu_definitions()}, nullptr);
  faults = Faults();
  solved(device, pairs, flow, 2);
  const int calls = faults.calls - unnoticed;
  ASSERT_GT(calls, 0);
  // The first, the last and some between.
  for (int at = 1; at <= calls; at = at < calls ? std::min(calls, at + 1 + calls / 7) : at + 1) {
    faults = Faults();
    faults.fails_at = at;
    test::expect_error(ErrorKind::kInternal,
                       {"opencl:0 (", doing, "out of the device's resources", "--device cpu"},
                       [&] { solved(device, pairs, flow, 2); });
  }
  faults = Faults();
  EXPECT_EQ(solved(device, pairs, flow, 2).size(), pairs.size()) << "the device can be used again";
}

TEST_F(OpenClFaults, AreToldWithTheDeviceTheStepAndTheRemedy) {
  const std::vector<Frames> pairs = uneven_pairs(4);
  expect_every_failure_told<&OpenClApi::clEnqueueWriteBuffer>(api_, "sending data", pairs);
  expect_every_failure_told<&OpenClApi::clEnqueueReadBuffer>(api_, "fetching data", pairs);
  expect_every_failure_told<&OpenClApi::clEnqueueNDRangeKernel>(api_, "running the kernel", pairs);
  expect_every_failure_told<&OpenClApi::clSetKernelArg>(api_, "running the kernel", pairs);
  expect_every_failure_told<&OpenClApi::clWaitForEvents>(api_, "waiting", pairs);
  expect_every_failure_told<&OpenClApi::clEnqueueMarkerWithWaitList>(api_, "waiting", pairs, 1);
}

cl_mem short_of_memory(cl_context context, cl_mem_flags flags, std::size_t bytes, void* at,
                       cl_int* code) {
  if (bytes <= faults.largest_buffer) {
    return opencl_api().clCreateBuffer(context, flags, bytes, at, code);
  }
  *code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return nullptr;
}

TEST_F(OpenClFaults, FewerPairsAreInFlightWhereMemoryIsShort) {
  api_.clCreateBuffer = short_of_memory;
  const auto device = open();
  const std::vector<Frames> pairs = uneven_pairs(5);
  constexpr std::size_t kStateOfAPair = 40 * 36 * 6 * sizeof(float);
  faults.largest_buffer = 2 * kStateOfAPair;
  const std::vector<cv::Mat> flows = solved(device, pairs, {}, 8);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_TRUE(same_bytes(flows[i], test::portable_flow({}, pairs[i].from, pairs[i].to)));
  }
  faults.largest_buffer = kStateOfAPair - 1;
  test::expect_error(ErrorKind::kInternal,
                     {"opencl:0 (", "not enough memory for a pair of 40x36", "--device cpu"},
                     [&] { solved(device, pairs, {}, 8); });
}

cl_int short_when_filled(cl_command_queue queue, cl_mem memory, const void* pattern,
                         std::size_t pattern_bytes, std::size_t offset, std::size_t bytes,
                         cl_uint waits, const cl_event* for_events, cl_event* event) {
  if (bytes > faults.largest_buffer) return CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return opencl_api().clEnqueueFillBuffer(queue, memory, pattern, pattern_bytes, offset, bytes,
                                          waits, for_events, event);
}

cl_int counted_release(cl_mem memory) {
  ++faults.releases;
  return opencl_api().clReleaseMemObject(memory);
}

TEST_F(OpenClFaults, ABufferThatProvesTooLargeWhenItIsFirstUsedIsGivenBack) {
  api_.clEnqueueFillBuffer = short_when_filled;
  api_.clReleaseMemObject = counted_release;
  const auto stream = open_opencl(api_, 0, {"__kernel void none() {}", {}}, nullptr)->open_stream();
  faults.largest_buffer = 1000;
  EXPECT_EQ(stream->allocate(1001), std::nullopt);
  EXPECT_EQ(faults.releases, 1);
  EXPECT_NE(stream->allocate(1000), std::nullopt);
  EXPECT_EQ(faults.releases, 1);
}

cl_int no_platforms(cl_uint, cl_platform_id*, cl_uint*) {
  constexpr cl_int kPlatformNotFound = -1001;  // of the loader's
  return kPlatformNotFound;
}

TEST_F(OpenClFaults, WithoutADeviceItSaysWhatToInstall) {
  api_.clGetPlatformIDs = no_platforms;
  const std::string remedy = "no OpenCL device: install";
  test::expect_error(ErrorKind::kUsage, {remedy}, [&] { opencl_devices(api_); });
  test::expect_error(ErrorKind::kUsage, {"opencl:0: " + remedy}, [&] { open(); });
  EXPECT_EQ(first_opencl_gpu(api_), std::nullopt);
}

cl_int other_type(cl_device_id device, cl_device_info what, std::size_t size, void* value,
                  std::size_t* wanted) {
  if (what != CL_DEVICE_TYPE) {
    return opencl_api().clGetDeviceInfo(device, what, size, value, wanted);
  }
  *static_cast<cl_device_type*>(value) = faults.type;
  return CL_SUCCESS;
}

TEST_F(OpenClFaults, ACpuIsNeverTakenForAGpu) {
  api_.clGetDeviceInfo = other_type;
  faults.type = CL_DEVICE_TYPE_CPU;
  EXPECT_EQ(first_opencl_gpu(api_), std::nullopt);
  faults.type = CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_DEFAULT;
  EXPECT_EQ(first_opencl_gpu(api_), 0);
}

TEST_F(OpenClFaults, ADeviceWithOtherBytesIsRefusedByName) {
  for (const auto& [right, wrong] : std::vector<std::pair<std::string, std::string>>{
           {"+ 12.f) - 12.f", "+ 24.f) - 24.f"}, {"return (uchar)byte;", "return 7;"}}) {
    std::string source(kTvl1GpuSource);
    const std::size_t at = source.find(right);
    ASSERT_NE(at, std::string::npos);
    source.replace(at, right.size(), wrong);
    const auto device = open_opencl(api_, 0, {source, tvl1_gpu_definitions()}, nullptr);
    test::expect_error(ErrorKind::kUsage, {"opencl:0 (", "other flow than the CPU", "--device cpu"},
                       [&] { checked_gpu_backend("opencl", device, Recipe::Flow()); });
  }
}

TEST(BackendIfItOpens, WarnsOfADeviceThatDoesNotDo) {
  const test::LogCapture log;
  const auto differs = []() -> FlowBackend {
    throw Error(ErrorKind::kUsage, "GPU 0 (a card) gives other bytes than the CPU");
  };
  EXPECT_FALSE(backend_if_it_opens(differs));
  EXPECT_NE(log.lines().find("GPU 0 (a card)"), std::string::npos) << log.lines();
  EXPECT_EQ(backend_if_it_opens([] { return kTvl1Cpu; })->name, "cpu");
  const auto interrupted = []() -> FlowBackend { throw Error(ErrorKind::kInterrupted, "stop"); };
  EXPECT_THROW(backend_if_it_opens(interrupted), Error);
}

TEST_F(OpenClFaults, ACompilerThatFailsIsQuoted) {
  const OpenClSource source{"__kernel void load() { nonsense; }", {}};
  test::expect_error(ErrorKind::kUsage, {"opencl:0 (", "its compiler", "nonsense", "--device cpu"},
                     [&] { open_opencl(api_, 0, source, nullptr); });
}

cl_program counted_compilation(cl_context context, cl_uint count, const char** texts,
                               const std::size_t* sizes, cl_int* code) {
  ++faults.compilations;
  return opencl_api().clCreateProgramWithSource(context, count, texts, sizes, code);
}

TEST_F(OpenClFaults, KernelsAreCompiledOnceAndAgainWhereTheCacheIsDamaged) {
  api_.clCreateProgramWithSource = counted_compilation;
  const TempDir folder;
  const auto file = [&] {
    std::vector<std::filesystem::path> files;
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (each.path().extension() == ".entry") files.push_back(each.path());
    }
    return files;
  };
  DiskCache kernels(folder.path());
  open(&kernels);
  EXPECT_EQ(faults.compilations, 1);
  expect_exact(open(&kernels), moving_pairs({40, 30}, 1));
  EXPECT_EQ(faults.compilations, 1);
  EXPECT_EQ(kernels.usage_by_stage().at("kernels").entries, 1);
  for (const auto& each : file()) std::filesystem::resize_file(each, 200);
  expect_exact(open(&kernels), moving_pairs({40, 30}, 1));
  EXPECT_EQ(faults.compilations, 2);
  open(&kernels);
  EXPECT_EQ(faults.compilations, 2);
}

cl_program refused_binary(cl_context, cl_uint, const cl_device_id*, const std::size_t*,
                          const unsigned char**, cl_int*, cl_int* code) {
  *code = CL_INVALID_BINARY;
  return nullptr;
}

TEST_F(OpenClFaults, KernelsThatADriverNoLongerTakesAreCompiledAgain) {
  api_.clCreateProgramWithSource = counted_compilation;
  const TempDir folder;
  DiskCache kernels(folder.path());
  open(&kernels);
  api_.clCreateProgramWithBinary = refused_binary;
  expect_exact(open(&kernels), moving_pairs({40, 30}, 1));
  EXPECT_EQ(faults.compilations, 2);
}

// What exact_rounding.cl needs of its language.
#define FUNCTION inline
#define FMA(a, b, c) std::fma(a, b, c)
int as_int(float x) {
  int bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
float as_float(int bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
#define AS_INT(x) as_int(x)
#define AS_FLOAT(x) as_float(x)
#include "extractors/flow/exact_rounding.cl"

constexpr int kMantissas = 1 << 23;
// All of them take a few seconds, and were tried.
constexpr int kStep = 61;

TEST(ExactRounding, RoundsReciprocalsWhateverTheDevicesError) {
  for (const float scale : {0x1p-23f, 1.f, 0x1p40f}) {
    for (int m = kMantissas - 1; m >= 0; m -= m > kMantissas - 100 ? 1 : kStep) {
      const float d = scale * as_float(as_int(1.f) + m), wanted = 1 / d;
      for (int error = -3; error <= 3; ++error) {
        ASSERT_EQ(rounded_reciprocal(d, as_float(as_int(wanted) + error)), wanted) << d;
      }
    }
  }
}

TEST(ExactRounding, RoundsRootsWhateverTheDevicesError) {
  EXPECT_EQ(rounded_root(0, 0), 0);
  for (const float scale : {0x1p-42f, 1.f, 0x1p40f}) {
    for (int m = 2 * kMantissas - 1; m >= 0; m -= m > 2 * kMantissas - 100 ? 1 : kStep) {
      const float x = scale * as_float(as_int(1.f) + m), wanted = std::sqrt(x);
      for (int error = -3; error <= 3; ++error) {
        ASSERT_EQ(rounded_root(x, as_float(as_int(wanted) + error)), wanted) << x;
      }
    }
  }
}

}  // namespace
}  // namespace co2net
