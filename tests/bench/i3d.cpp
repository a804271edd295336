// Compares I3d with torch::jit::load and forward, in seconds a snippet: on one thread, and on all
// cores with a snippet each. Both take turns, so that a busy machine slows both; processor time is
// printed, too, since other programs disturb it less. For networks of co2net_make_bundle. As on a
// CPU without AVX-512 with "AVX2" at the end and OPENBLAS_CORETYPE=Haswell ATEN_CPU_CAPABILITY=avx2
// ONEDNN_MAX_CPU_ISA=AVX2.
//   co2net_bench_i3d NETWORK.pt CHANNELS [ROUNDS [AVX2]]

#include <hwy/targets.h>
#include <oneapi/tbb/info.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "extractors/i3d/i3d.h"
#include "pipeline/base/statistics.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/threads.h"
#include "tests/bench/timing.h"
#include "tests/support.h"

namespace {

using co2net::test::peak_megabytes;
using co2net::test::seconds_of;

// What a snippet took, one value a round.
struct Timings {
  std::vector<double> wall, processor;  // in seconds; the latter of all threads together

  void add(int threads, const std::function<void()>& work);
};

void on_threads(int threads, const std::function<void()>& work) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

void Timings::add(int threads, const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  wall.push_back(seconds_of([&] { on_threads(threads, work); }) / threads);
  processor.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / threads);
}

void print(const char* what, const std::vector<double>& theirs, const std::vector<double>& ours) {
  std::printf("  %-9s jit::load %.3f s, I3d %.3f s, ratio %.2f\n", what, co2net::median(theirs),
              co2net::median(ours), co2net::median(theirs) / co2net::median(ours));
}

co2net::Array forward(torch::jit::Module& module, const co2net::Array& clip) {
  const torch::InferenceMode no_grad;
  co2net::use_one_thread_here();
  const torch::Tensor input =
      torch::from_blob(const_cast<float*>(clip.values.data()), clip.shape).clone();
  const torch::Tensor output = module.get_method("forward")({input}).toTensor().contiguous();
  const float* values = output.data_ptr<float>();
  return {output.sizes().vec(), {values, values + output.numel()}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "Usage: co2net_bench_i3d NETWORK.pt CHANNELS [ROUNDS [AVX2]]\n");
    return 2;
  }
  const int channels = std::stoi(argv[2]), rounds = argc > 3 ? std::stoi(argv[3]) : 7;
  if (argc > 4 && std::string(argv[4]) == "AVX2") hwy::DisableTargets(HWY_AVX3);
  const co2net::Array clip = co2net::test::hashfill("clip", {1, channels, 16, 224, 224}, 1);
  co2net::use_one_thread_a_call();
  torch::jit::Module module;
  std::printf("%s\n", co2net::I3d::library_version().c_str());
  std::printf("jit::load: %.2f s\n", seconds_of([&] { module = torch::jit::load(argv[1]); }));
  const co2net::Array want = forward(module, clip);

  const co2net::I3dOptions options{.channels = channels,
                                   .feature_size = static_cast<int>(want.dim(1))};
  std::unique_ptr<co2net::I3d> i3d;
  std::printf("I3d, compilation included: %.2f s\n",
              seconds_of([&] { i3d = std::make_unique<co2net::I3d>(argv[1], options); }));
  std::printf("peak memory: %.0f MB", peak_megabytes());
  const co2net::Array got = i3d->features(clip);
  std::printf(", with a snippet %.0f MB\n", peak_megabytes());

  float largest = 0, difference = 0;
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    largest = std::max(largest, std::abs(want.values[i]));
    difference = std::max(difference, std::abs(want.values[i] - got.values[i]));
  }
  std::printf("largest difference / largest feature: %.1e\n", difference / largest);

  const int cores = oneapi::tbb::info::default_concurrency();
  for (const int threads : {1, cores}) {
    Timings theirs, ours;
    for (int round = 0; round < rounds; ++round) {
      theirs.add(threads, [&] { forward(module, clip); });
      ours.add(threads, [&] { i3d->features(clip); });
    }
    std::printf("a snippet, threads: %d, medians of %d:\n", threads, rounds);
    print("wall", theirs.wall, ours.wall);
    print("processor", theirs.processor, ours.processor);
  }
}
