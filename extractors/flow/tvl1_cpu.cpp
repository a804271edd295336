#include "extractors/flow/tvl1_cpu.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

constexpr int kAlignment = 16;     // floats
constexpr int kSmallestSide = 16;  // of a pyramid's level, the first excepted

constexpr int aligned(int floats) { return (floats + kAlignment - 1) / kAlignment * kAlignment; }

// Memory for planes of changing size.
class PlaneBuffer {
 public:
  // Planes of zeros with `border` pixels around each, and at least one row above and below.
  const Planes& clear(int count, int width, int height, int border = 0) {
    // Vectors that start up to a vector's width before the border are read, though not used.
    const int left = border > 0 ? aligned(border + kAlignment - 1) : 0;
    const int rows = std::max(border, 1);
    planes_ = {nullptr, width, height, left + aligned(width + border + 1), count};
    const std::ptrdiff_t row = planes_.stride * count;
    const int slack = 3 * kAlignment;  // to align, and for vectors that reach beyond the last row
    memory_.assign(static_cast<std::size_t>(row * (height + 2 * rows) + slack), 0.f);
    const auto start = reinterpret_cast<std::uintptr_t>(memory_.data()) / sizeof(float);
    planes_.origin = memory_.data() + (kAlignment - start % kAlignment) % kAlignment + row * rows;
    planes_.origin += left;
    return planes_;
  }
  const Planes& planes() const { return planes_; }

 private:
  std::vector<float> memory_;
  Planes planes_;
};

// The two source pixels, along one axis, of a pixel of a resized image.
struct Taps {
  int first, second;
  float first_weight, second_weight;
};

// Of cv::resize's bilinear, where the images' outer edges coincide. `scale`: from / to.
std::vector<Taps> edge_aligned_taps(int from, int to, double scale, bool horizontal) {
  std::vector<Taps> taps;
  for (int i = 0; i < to; ++i) {
    const auto position = static_cast<float>((i + 0.5) * scale - 0.5);
    const int first = static_cast<int>(std::floor(position));
    float weight = position - static_cast<float>(first);
    if (horizontal && (first < 0 || first >= from - 1)) weight = 0;
    taps.push_back(
        {std::clamp(first, 0, from - 1), std::clamp(first + 1, 0, from - 1), 1.f - weight, weight});
  }
  return taps;
}

// Of cv::cuda::resize's in OpenCV 2 to 4, where the first pixels' centres coincide.
std::vector<Taps> centre_aligned_taps(int from, int to, double scale) {
  std::vector<Taps> taps;
  for (int i = 0; i < to; ++i) {
    const float position = static_cast<float>(i) * static_cast<float>(scale);
    const int first = std::min(static_cast<int>(position), from - 1);
    const float weight = position - static_cast<float>(first);
    taps.push_back({first, std::min(first + 1, from - 1), 1.f - weight, weight});
  }
  return taps;
}

struct Resampling {
  std::vector<Taps> columns, rows;
};

// Of an image whose sides are multiplied by the factors.
Resampling resampling(bool edge_aligned, const Planes& from, const Planes& to, double x_factor,
                      double y_factor) {
  const double x_scale = 1 / x_factor, y_scale = 1 / y_factor;
  if (edge_aligned) {
    return {edge_aligned_taps(from.width, to.width, x_scale, true),
            edge_aligned_taps(from.height, to.height, y_scale, false)};
  }
  return {centre_aligned_taps(from.width, to.width, x_scale),
          centre_aligned_taps(from.height, to.height, y_scale)};
}

// Resizes one plane and multiplies it by `factor`, in double precision as cv::multiply does.
void resample(const Planes& from, const Planes& to, int plane, const Resampling& taps,
              double factor) {
  if (from.width == to.width && from.height == to.height) {
    for (int y = 0; y < to.height; ++y) {
      const float* row = from.row(plane, y);
      std::transform(row, row + to.width, to.row(plane, y),
                     [=](float v) { return static_cast<float>(v * factor); });
    }
    return;
  }
  struct Row {
    int y = -1;
    std::vector<float> values;
  } upper, lower;
  const auto fill = [&](Row& row, int y) {
    if (row.y == y) return;
    row.y = y;
    row.values.resize(taps.columns.size());
    const float* source = from.row(plane, y);
    for (std::size_t x = 0; x < taps.columns.size(); ++x) {
      const Taps& tap = taps.columns[x];
      row.values[x] = source[tap.first] * tap.first_weight + source[tap.second] * tap.second_weight;
    }
  };
  for (int y = 0; y < to.height; ++y) {
    const Taps& tap = taps.rows[y];
    if (tap.first == lower.y) std::swap(upper, lower);
    fill(upper, tap.first);
    fill(lower, tap.second);
    float* row = to.row(plane, y);
    for (int x = 0; x < to.width; ++x) {
      const float value = upper.values[x] * tap.first_weight + lower.values[x] * tap.second_weight;
      row[x] = static_cast<float>(value * factor);
    }
  }
}

// A frame's images from fine to coarse, each one plane.
class Pyramid {
 public:
  void build(const cv::Mat& gray, const Recipe::Flow& flow, bool edge_aligned) {
    levels_.resize(1);
    const Planes& finest = levels_[0].clear(1, gray.cols, gray.rows);
    for (int y = 0; y < gray.rows; ++y) {
      std::copy_n(gray.ptr<std::uint8_t>(y), gray.cols, finest.row(0, y));
    }
    while (static_cast<int>(levels_.size()) < flow.scales) {
      const Planes from = levels_.back().planes();
      const int width = cvRound(from.width * flow.scale_step);
      const int height = cvRound(from.height * flow.scale_step);
      if (width < kSmallestSide || height < kSmallestSide) break;
      const Planes& to = levels_.emplace_back().clear(1, width, height);
      resample(from, to, 0, resampling(edge_aligned, from, to, flow.scale_step, flow.scale_step),
               1);
    }
  }
  int size() const { return static_cast<int>(levels_.size()); }
  const Planes& operator[](int level) const { return levels_[level].planes(); }

 private:
  std::vector<PlaneBuffer> levels_;
};

// Fills `warpable` with an image and its gradient by central differences. Beyond the image it stays
// 0, as cv::remap takes it, or repeats its edge.
void make_warpable(const Planes& image, const Planes& warpable, bool repeat_edge) {
  const int width = image.width, height = image.height;
  for (int y = 0; y < height; ++y) {
    const float* row = image.row(0, y);
    const float* above = image.row(0, std::max(y - 1, 0));
    const float* below = image.row(0, std::min(y + 1, height - 1));
    float* gx = warpable.row(kImageX, y);
    float* gy = warpable.row(kImageY, y);
    std::copy_n(row, width, warpable.row(kImage, y));
    for (int x = 0; x < width; ++x) {
      gx[x] = 0.5f * (row[std::min(x + 1, width - 1)] - row[std::max(x - 1, 0)]);
      gy[x] = 0.5f * (below[x] - above[x]);
    }
  }
  if (!repeat_edge) return;
  for (int plane = 0; plane < kWarpPlanes; ++plane) {
    for (int y = -kWarpBorder; y < height + kWarpBorder; ++y) {
      const float* from = warpable.row(plane, std::clamp(y, 0, height - 1));
      float* row = warpable.row(plane, y);
      if (row != from) std::copy_n(from, width, row);
      std::fill_n(row - kWarpBorder, kWarpBorder, from[0]);
      std::fill_n(row + width, kWarpBorder, from[width - 1]);
    }
  }
}

// The sum of squared changes of the flow: OpenCV's CPU code adds floats up pixel after pixel.
float change_in_opencv_order(const Planes& before, const Planes& after) {
  float sum = 0;
  for (int y = 0; y < before.height; ++y) {
    const float *u1_before = before.row(kU1, y), *u1_after = after.row(kU1, y);
    const float *u2_before = before.row(kU2, y), *u2_after = after.row(kU2, y);
    for (int x = 0; x < before.width; ++x) {
      const float u1 = u1_after[x] - u1_before[x], u2 = u2_after[x] - u2_before[x];
      sum += u1 * u1 + u2 * u2;
    }
  }
  return sum;
}

// The same in double precision, in an order that compilers can vectorise.
double change_in_double(const Planes& before, const Planes& after) {
  std::array<double, 8> sums{};
  for (int y = 0; y < before.height; ++y) {
    const float *u1_before = before.row(kU1, y), *u1_after = after.row(kU1, y);
    const float *u2_before = before.row(kU2, y), *u2_after = after.row(kU2, y);
    for (int x = 0; x < before.width; x += 8) {  // padding does not change
      for (int i = 0; i < 8; ++i) {
        const float u1 = u1_after[x + i] - u1_before[x + i];
        const float u2 = u2_after[x + i] - u2_before[x + i];
        sums[i] += u1 * u1 + u2 * u2;
      }
    }
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum;
}

class Tvl1Cpu : public FlowSolver {
 public:
  Tvl1Cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels, bool edge_aligned)
      : flow_(flow),
        kernels_(kernels),
        edge_aligned_(edge_aligned),
        as_cuda_(flow.variant == FlowVariant::kOpencvCuda),
        exact_(flow.precision == FlowPrecision::kExact),
        constants_{static_cast<float>(flow.lambda * flow.theta),
                   static_cast<float>(flow.tau / flow.theta), static_cast<float>(flow.theta)} {}

  cv::Mat solve(const cv::Mat& from, const cv::Mat& to) override {
    expect_gray_pair(from, to);
    first_.build(from, flow_, edge_aligned_);
    second_.build(to, flow_, edge_aligned_);
    for (int level = first_.size() - 1; level >= 0; --level) solve_level(level);
    cv::Mat result(from.size(), CV_32FC2);
    for (int y = 0; y < result.rows; ++y) {
      auto* pixel = result.ptr<cv::Vec2f>(y);
      for (int x = 0; x < result.cols; ++x) {
        pixel[x] = {state_->planes().row(kU1, y)[x], state_->planes().row(kU2, y)[x]};
      }
    }
    return result;
  }

 private:
  void solve_level(int level) {
    const Planes& first = first_[level];
    const int width = first.width, height = first.height;
    // The buffers trade places: the coarser level's flow is in state_, which this level leaves.
    const Planes& state = next_->clear(kStatePlanes, width, height);
    if (level + 1 < first_.size()) {
      const Planes& coarse = state_->planes();
      const Resampling taps =
          resampling(edge_aligned_, coarse, state, static_cast<double>(width) / coarse.width,
                     static_cast<double>(height) / coarse.height);
      const double factor = 1 / flow_.scale_step;
      for (const int plane : {kU1, kU2}) resample(coarse, state, plane, taps, factor);
    }
    std::swap(state_, next_);
    next_->clear(kStatePlanes, width, height);
    data_.clear(kDataPlanes, width, height);
    const Planes& warpable = warpable_.clear(kWarpPlanes, width, height, kWarpBorder);
    make_warpable(second_[level], warpable, as_cuda_);
    if (flow_.median == 5) median_scratch_.clear(kMedianScratch, width, 1, 2);

    const auto warp = as_cuda_ ? kernels_.warp_opencv_cuda : kernels_.warp_opencv_cpu;
    for (int i = 0; i < flow_.warps; ++i) {
      warp(first, warpable, state_->planes(), data_.planes());
      as_cuda_ ? iterate_as_cuda() : iterate_as_cpu();
    }
  }

  void sweep(int sweeps, double* changes) {
    const auto kernel = exact_ ? kernels_.sweep_exact : kernels_.sweep_fast;
    kernel(state_->planes(), next_->planes(), data_.planes(), constants_, sweeps, changes);
  }

  double pixels() const {
    return static_cast<double>(state_->planes().width) * state_->planes().height;
  }

  // Until the flow's change is below the threshold; OpenCV's CPU code looks after every iteration.
  void iterate_as_cpu() {
    const auto threshold = static_cast<float>(flow_.epsilon * flow_.epsilon * pixels());
    double change = std::numeric_limits<float>::max();
    for (int outer = 0; change > threshold && outer < flow_.outer_iterations; ++outer) {
      filter_by_median();
      for (int inner = 0; change > threshold && inner < flow_.inner_iterations;) {
        const int left = std::min(kMaxSweeps, flow_.inner_iterations - inner);
        inner += sweep_until(
            threshold, std::min(left, likely_sweeps(outer, inner, change / threshold)), change);
      }
    }
  }

  // A guess, on the low side, of the iterations until the change is down to the threshold, of which
  // it is `excess` times as much: it falls by a sixth or so an iteration. Sweeping too far costs a
  // replay, too short blocks less; results do not depend on it. The first changes after a warp or a
  // median say little.
  static int likely_sweeps(int outer, int inner, double excess) {
    if (outer == 0 && inner == 0) return 4;
    if (outer > 0 && inner < 2) return 1;
    return static_cast<int>(std::clamp(6 * std::log(excess), 1., 1. * kMaxSweeps));
  }

  // Exact stop rule by replay: sweeps up to `sweeps` times, but not beyond the first after which
  // OpenCV would stop. Sweeping again from the state before is possible since that is kept. What
  // OpenCV's sum of floats leaves open is decided by summing as it does. Returns the number of
  // sweeps and sets `change` to the last one's.
  int sweep_until(float threshold, int sweeps, double& change) {
    const double rounding = exact_ ? (pixels() + 64) * 0x1p-24 : 0;
    const double tolerance =
        rounding < 0.5 ? 2 * rounding : std::numeric_limits<double>::infinity();
    const auto may_stop = [&](double c) { return c <= threshold * (1 + tolerance); };
    const auto stops = [&](double c) { return c <= threshold * (1 - tolerance); };
    std::array<double, kMaxSweeps> changes;
    for (;;) {
      sweep(sweeps, changes.data());
      const auto end = changes.begin() + sweeps;
      const int k =
          static_cast<int>(std::find_if(changes.begin(), end, may_stop) - changes.begin());
      if (sweeps == 1 || k == sweeps || (k == sweeps - 1 && stops(changes[k]))) break;
      sweeps = std::max(k, 1);
    }
    change = changes[sweeps - 1];
    if (sweeps == 1 && may_stop(change) && !stops(change)) {
      change = change_in_opencv_order(state_->planes(), next_->planes());
    }
    std::swap(state_, next_);
    return sweeps;
  }

  // OpenCV's CUDA code looks after odd iterations only, and not before as many as the last change
  // is multiples of the threshold.
  void iterate_as_cuda() {
    const double threshold = flow_.epsilon * flow_.epsilon * pixels();
    const int iterations = flow_.outer_iterations * flow_.inner_iterations;
    double change = std::numeric_limits<double>::max(), credit = 0;
    std::array<double, kMaxSweeps> unused;
    for (int i = 0; i < iterations && change > threshold;) {
      int sweeps = 0;
      const auto looks = [&] { return (i + sweeps) % 2 == 1 && credit < threshold; };
      while (sweeps < kMaxSweeps && i + sweeps < iterations && !looks()) {
        credit -= threshold;
        ++sweeps;
      }
      if (sweeps > 0) {
        sweep(sweeps, unused.data());
      } else {
        sweep(sweeps = 1, unused.data());
        credit = change = change_in_double(state_->planes(), next_->planes());
      }
      std::swap(state_, next_);
      i += sweeps;
    }
  }

  void filter_by_median() {
    const Planes& state = state_->planes();
    if (flow_.median == 5) kernels_.median5(state, median_scratch_.planes());
    if (flow_.median != 3) return;
    for (const int plane : {kU1, kU2}) {
      cv::Mat u(state.height, state.width, CV_32FC1, state.row(plane, 0),
                sizeof(float) * static_cast<std::size_t>(state.stride * state.count));
      cv::medianBlur(u, u, 3);
    }
  }

  const Recipe::Flow flow_;
  const Tvl1Kernels& kernels_;
  const bool edge_aligned_, as_cuda_, exact_;
  const SweepConstants constants_;
  Pyramid first_, second_;
  PlaneBuffer states_[2], data_, warpable_, median_scratch_;
  PlaneBuffer *state_ = &states_[0], *next_ = &states_[1];
};

// Makers of CPUs are free in how they approximate.
std::string cpu_maker() {
#ifdef __x86_64__
  if (__builtin_cpu_is("intel")) return "Intel";
  if (__builtin_cpu_is("amd")) return "AMD";
#endif
  return "other maker";
}

std::string device(const Recipe::Flow& flow) {
  std::string name = "co2net tvl1 " + name_of(flow.precision);
  if (flow.precision == FlowPrecision::kExact) return name;
  return name + ", " + tvl1_kernels().front().name + ", " + cpu_maker();
}

}  // namespace

std::unique_ptr<FlowSolver> make_tvl1_cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels) {
  return std::make_unique<Tvl1Cpu>(flow, kernels, flow.variant == FlowVariant::kOpencvCpu);
}

std::unique_ptr<FlowSolver> make_tvl1_as_opencl(const Recipe::Flow& flow,
                                                const Tvl1Kernels& kernels) {
  return std::make_unique<Tvl1Cpu>(flow, kernels, true);
}

const FlowBackend kTvl1Cpu = {
    "cpu", [](const Recipe::Flow&) { return true; }, true, device,
    [](const Recipe::Flow& flow) { return make_tvl1_cpu(flow, tvl1_kernels().front()); }};

}  // namespace co2net
