#include "tests/gpu/card.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>

#include "extractors/flow/tvl1_gpu.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/bench/timing.h"

namespace co2net::card {
namespace {

constexpr std::int64_t kChannels = 3;

// As OpenCV's BGR2GRAY.
std::uint8_t gray_of(const std::uint8_t* bgr) {
  constexpr int kShift = 14;
  return static_cast<std::uint8_t>(
      (1868 * bgr[0] + 9617 * bgr[1] + 4899 * bgr[2] + (1 << (kShift - 1))) >> kShift);
}

}  // namespace

Clip::Clip(const std::filesystem::path& npy) {
  const Array frames = read_npy(npy);
  expect_shape(frames, {-1, -1, -1, kChannels}, npy.string());
  size_ = {static_cast<int>(frames.dim(1)), static_cast<int>(frames.dim(2))};
  bgr_.assign(frames.values.begin(), frames.values.end());
  for (auto pixel = bgr_.begin(); pixel != bgr_.end(); pixel += kChannels) {
    gray_.push_back(gray_of(&*pixel));
  }
  if (gray_.empty()) throw Error(ErrorKind::kInput, npy.string() + ": has no frames");
}

const std::uint8_t* Clip::bgr(std::int64_t index) const {
  return bgr_.data() + kChannels * (gray(index).pixels - gray_.data());
}

GrayView Clip::gray(std::int64_t index) const {
  const std::size_t at = static_cast<std::size_t>(index) * size_.area() % gray_.size();
  return {gray_.data() + at, size_, size_.width};
}

std::vector<FlowPair> Clip::pairs(std::int64_t first, std::int64_t count) const {
  std::vector<FlowPair> pairs;
  for (std::int64_t i = first; i < first + count; ++i) pairs.push_back({gray(i), gray(i + 1)});
  return pairs;
}

void Report::add(const std::string& what, double value, const std::string& unit) {
  const int digits = value == std::trunc(value) ? 12 : 4;  // of a count, all
  std::printf("%-52s %12.*g %s\n", what.c_str(), digits, value, unit.c_str());
  add_row({{"what", what}, {"value", value}, {"unit", unit}});
}

void Report::tell(const std::string& what, const std::string& text) {
  std::printf("%-52s %s\n", what.c_str(), text.c_str());
  add_row({{"what", what}, {"text", text}});
}

void Report::part(const std::string& name, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& e) {
    has_failed_ = true;
    tell(name + ": FAILED", e.what());
  }
}

void Report::add_row(const Json& row) {
  std::fflush(stdout);
  rows_.push_back(row);
  write_file(file_, rows_.dump(1) + "\n");
}

double times_a_second(double seconds, const std::function<void()>& work) {
  work();
  double spent = 0;
  int times = 0;
  do {
    spent += test::seconds_of(work);
    ++times;
  } while (spent < seconds);
  return times / spent;
}

std::shared_ptr<GpuDevice> open_for_flow(const std::string& device) {
  return device == "cuda" ? open_cuda_for_tvl1(0, nullptr) : open_opencl_for_tvl1(0, nullptr);
}

int run(int argc, char** argv, void (*measure)(const Job& job, Report& report)) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  const std::vector<std::string> devices = {"cuda", "opencl", "cpu"};
  const bool is_small = given.size() == 4 && given[3] == "small";
  if ((given.size() != 3 && !is_small) || std::ranges::count(devices, given[1]) == 0) {
    std::fprintf(stderr, "usage: %s CLIP.npy cuda|opencl|cpu REPORT.json [small]\n", argv[0]);
    return 2;
  }
  try {
    Report report(given[2]);
    measure({given[0], given[1], given[2], is_small}, report);
    report.add("peak memory of the host", test::peak_megabytes(), "MB");
    return report.has_failed() ? 1 : 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}

}  // namespace co2net::card
