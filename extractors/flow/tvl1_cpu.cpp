#include "extractors/flow/tvl1_cpu.h"

#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
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
  // Planes with `border` pixels around each, and at least one row above and below. All that is
  // around the image is 0, the image itself undefined.
  const Planes& shape(int count, int width, int height, int border = 0) {
    // Vectors that start up to a vector's width before the border are read, though not used.
    const int left = border > 0 ? aligned(border + kAlignment - 1) : 0;
    const int rows = std::max(border, 1);
    planes_ = {nullptr, width, height, left + aligned(width + border + 1), count};
    const std::ptrdiff_t row = planes_.stride * count;
    const int slack = 3 * kAlignment;  // to align, and for vectors that reach beyond the last row
    const auto size = static_cast<std::size_t>(row * (height + 2 * rows) + slack);
    if (memory_.size() < size) memory_.resize(size);
    const auto start = reinterpret_cast<std::uintptr_t>(memory_.data()) / sizeof(float);
    float* first = memory_.data() + (kAlignment - start % kAlignment) % kAlignment;
    planes_.origin = first + row * rows + left;
    std::fill(memory_.data(), planes_.origin, 0.f);
    for (int y = 0; y < height; ++y) {
      for (int plane = 0; plane < count; ++plane) {
        float* end = planes_.row(plane, y) + width;
        std::fill(end, end + planes_.stride - width, 0.f);
      }
    }
    std::fill(planes_.row(0, height), memory_.data() + size, 0.f);
    return planes_;
  }
  const Planes& planes() const { return planes_; }

 private:
  std::vector<float> memory_;
  Planes planes_;
};

void clear(const Planes& planes, int plane) {
  for (int y = 0; y < planes.height; ++y) std::fill_n(planes.row(plane, y), planes.width, 0.f);
}

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

// Where the first pixels' centres coincide.
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

// Resizes one plane and multiplies it by `factor`.
template <class Factor>
void resample(const Planes& from, const Planes& to, int plane, const Resampling& taps,
              Factor factor) {
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

// What differs between the variants beside their kernels.
class Sampling {
 public:
  Sampling(FlowVariant variant, double scale_step)
      : is_portable_(variant == FlowVariant::kPortable), scale_step_(scale_step) {}

  // Makes the plane `kImage` of a pyramid's level from the level before.
  void shrink(const Planes& fine, const Planes& coarse) const {
    const bool is_same = fine.width == coarse.width && fine.height == coarse.height;
    const double scale = is_same && is_portable_ ? 1 : 1 / scale_step_;
    move(fine, coarse, kImage, scale, scale, 1);
  }

  // Takes the flow to the next level.
  void enlarge_flow(const Planes& coarse, const Planes& fine) const {
    const double x_scale = scale_of(coarse.width, fine.width);
    const double y_scale = scale_of(coarse.height, fine.height);
    for (const int plane : {kU1, kU2}) move(coarse, fine, plane, x_scale, y_scale, 1 / scale_step_);
  }

  // Whether beyond the image the edge is seen, rather than zeros.
  bool repeats_edge() const { return is_portable_; }

 private:
  double scale_of(int from, int to) const {
    return is_portable_ ? static_cast<double>(from) / to : 1 / (static_cast<double>(to) / from);
  }

  void move(const Planes& from, const Planes& to, int plane, double x_scale, double y_scale,
            double factor) const {
    if (is_portable_) {
      const Resampling taps{centre_aligned_taps(from.width, to.width, x_scale),
                            centre_aligned_taps(from.height, to.height, y_scale)};
      resample(from, to, plane, taps, static_cast<float>(factor));
    } else if (from.width == to.width && from.height == to.height) {
      copy(from, to, plane, factor);
    } else {
      const Resampling taps{edge_aligned_taps(from.width, to.width, x_scale, true),
                            edge_aligned_taps(from.height, to.height, y_scale, false)};
      resample(from, to, plane, taps, factor);
    }
  }

  // In double precision, as cv::multiply.
  static void copy(const Planes& from, const Planes& to, int plane, double factor) {
    for (int y = 0; y < to.height; ++y) {
      const float* row = from.row(plane, y);
      std::transform(row, row + to.width, to.row(plane, y),
                     [=](float v) { return static_cast<float>(v * factor); });
    }
  }

  bool is_portable_;
  double scale_step_;
};

void add_gradient(const Planes& image) {
  const int width = image.width, height = image.height;
  for (int y = 0; y < height; ++y) {
    const float* row = image.row(kImage, y);
    const float* above = image.row(kImage, std::max(y - 1, 0));
    const float* below = image.row(kImage, std::min(y + 1, height - 1));
    float* gx = image.row(kImageX, y);
    float* gy = image.row(kImageY, y);
    for (int x = 0; x < width; ++x) gy[x] = 0.5f * (below[x] - above[x]);
    for (int x = 1; x < width - 1; ++x) gx[x] = 0.5f * (row[x + 1] - row[x - 1]);
    gx[0] = 0.5f * (row[std::min(1, width - 1)] - row[0]);
    gx[width - 1] = 0.5f * (row[width - 1] - row[std::max(width - 2, 0)]);
  }
}

void repeat_edge(const Planes& image) {
  const int width = image.width, height = image.height;
  for (int plane = 0; plane < kWarpPlanes; ++plane) {
    for (int y = -kWarpBorder; y < height + kWarpBorder; ++y) {
      const float* from = image.row(plane, std::clamp(y, 0, height - 1));
      float* row = image.row(plane, y);
      if (row != from) std::copy_n(from, width, row);
      std::fill_n(row - kWarpBorder, kWarpBorder, from[0]);
      std::fill_n(row + width, kWarpBorder, from[width - 1]);
    }
  }
}

// A frame from fine to coarse: its image, gradient by central differences, and what is seen beyond.
class Pyramid {
 public:
  void build(const GrayView& gray, const Recipe::Flow& flow, const Sampling& sampling) {
    levels_.resize(static_cast<std::size_t>(flow.scales));
    const Planes& finest = shape(0, gray.size.width, gray.size.height);
    for (int y = 0; y < gray.size.height; ++y) {
      std::copy_n(gray.row(y), gray.size.width, finest.row(kImage, y));
    }
    for (size_ = 1; size_ < flow.scales; ++size_) {
      const Planes& fine = (*this)[size_ - 1];
      const int width = static_cast<int>(std::lrint(fine.width * flow.scale_step));
      const int height = static_cast<int>(std::lrint(fine.height * flow.scale_step));
      if (width < kSmallestSide || height < kSmallestSide) break;
      sampling.shrink(fine, shape(size_, width, height));
    }
    for (int level = 0; level < size_; ++level) {
      add_gradient((*this)[level]);
      if (sampling.repeats_edge()) repeat_edge((*this)[level]);
    }
  }

  int size() const { return size_; }
  const Planes& operator[](int level) const { return levels_[level].planes(); }

 private:
  const Planes& shape(int level, int width, int height) {
    return levels_[level].shape(kWarpPlanes, width, height, kWarpBorder);
  }

  std::vector<PlaneBuffer> levels_;
  int size_ = 0;
};

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

// Rounds to nearest and keeps denormal numbers for as long as it lives, whatever the thread did.
class DefaultArithmetic {
 public:
  DefaultArithmetic() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultArithmetic() { std::fesetenv(&before_); }
  DefaultArithmetic(const DefaultArithmetic&) = delete;
  DefaultArithmetic& operator=(const DefaultArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

class Tvl1Cpu : public FlowSolver {
 public:
  Tvl1Cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels)
      : flow_(flow),
        kernels_(kernels),
        sampling_(flow.variant, flow.scale_step),
        constants_{static_cast<float>(flow.lambda * flow.theta),
                   static_cast<float>(flow.tau / flow.theta), static_cast<float>(flow.theta)} {}

  void start(const GrayView& frame) override {
    expect_frame(frame, frame.size);
    const DefaultArithmetic arithmetic;
    second_.build(frame, flow_, sampling_);
  }

  FlowView next(const GrayView& frame) override {
    expect_frame(frame, size());
    const DefaultArithmetic arithmetic;
    std::swap(first_, second_);
    second_.build(frame, flow_, sampling_);
    for (int level = first_.size() - 1; level >= 0; --level) solve_level(level);
    interleave_flow();
    return {interleaved_.data(), size(), size().width};
  }

 private:
  ImageSize size() const { return {second_[0].height, second_[0].width}; }

  void interleave_flow() {
    const Planes& state = state_->planes();
    interleaved_.resize(size().area());
    auto pixel = interleaved_.begin();
    for (int y = 0; y < state.height; ++y) {
      const float *u1 = state.row(kU1, y), *u2 = state.row(kU2, y);
      for (int x = 0; x < state.width; ++x) *pixel++ = {u1[x], u2[x]};
    }
  }

  void solve_level(int level) {
    const Planes &first = first_[level], &second = second_[level];
    start_level(first.width, first.height, level + 1 == first_.size());
    for (int i = 0; i < flow_.warps; ++i) {
      if (is_portable()) {
        kernels_.warp_portable(first, second, state_->planes(), data_.planes());
        iterate_portably();
      } else {
        kernels_.warp_opencv_cpu(first, second, state_->planes(), data_.planes());
        iterate_as_opencv();
      }
    }
  }

  // From zero, or from the coarser level's flow, which is in state_.
  void start_level(int width, int height, bool is_coarsest) {
    const Planes& state = next_->shape(kStatePlanes, width, height);
    if (is_coarsest) {
      for (const int plane : {kU1, kU2}) clear(state, plane);
    } else {
      sampling_.enlarge_flow(state_->planes(), state);
    }
    for (const int plane : {kP11, kP12, kP21, kP22}) clear(state, plane);
    std::swap(state_, next_);
    data_.shape(kDataPlanes, width, height);
    if (is_portable()) return;
    next_->shape(kStatePlanes, width, height);
    median_scratch_.shape(kMedianScratch, width, 1, 2);
  }

  bool is_portable() const { return flow_.variant == FlowVariant::kPortable; }

  double pixels() const {
    return static_cast<double>(state_->planes().width) * state_->planes().height;
  }

  // Until the flow's change is below the threshold; OpenCV's CPU code looks after every iteration.
  void iterate_as_opencv() {
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
    const double rounding = (pixels() + 64) * 0x1p-24;
    const double tolerance =
        rounding < 0.5 ? 2 * rounding : std::numeric_limits<double>::infinity();
    const auto may_stop = [&](double c) { return c <= threshold * (1 + tolerance); };
    const auto stops = [&](double c) { return c <= threshold * (1 - tolerance); };
    std::array<double, kMaxSweeps> changes;
    for (;;) {
      kernels_.sweep_opencv_cpu(state_->planes(), next_->planes(), data_.planes(), constants_,
                                sweeps, changes.data());
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

  // Looks at odd iterations only, and not before as many as the last change is multiples of the
  // threshold, which is the rule of OpenCV's CUDA code. A block of sweeps ends with such a look.
  void iterate_portably() {
    const std::int64_t threshold = change_threshold();
    const std::int64_t iterations = std::int64_t{flow_.outer_iterations} * flow_.inner_iterations;
    std::int64_t credit = 0;
    for (std::int64_t done = 0; done < iterations;) {
      int sweeps = 0;
      bool looks = false;
      while (!looks && sweeps < kMaxSweeps && done + sweeps < iterations) {
        looks = (done + sweeps) % 2 == 1 && credit < threshold;
        if (!looks) credit -= threshold;
        ++sweeps;
      }
      const std::int64_t change =
          kernels_.sweep_portable(state_->planes(), data_.planes(), constants_, sweeps);
      done += sweeps;
      if (!looks) continue;
      if (change <= threshold) return;
      credit = change;
    }
  }

  // Of the whole image, in steps of the sum.
  std::int64_t change_threshold() const {
    const double a_pixel = std::min<double>(flow_.epsilon * flow_.epsilon, kLargestChange);
    return static_cast<std::int64_t>(a_pixel * pixels() * kChangeSteps);
  }

  void filter_by_median() {
    if (flow_.median == 3) kernels_.median3(state_->planes(), median_scratch_.planes());
    if (flow_.median == 5) kernels_.median5(state_->planes(), median_scratch_.planes());
  }

  const Recipe::Flow flow_;
  const Tvl1Kernels& kernels_;
  const Sampling sampling_;
  const SweepConstants constants_;
  Pyramid first_, second_;
  PlaneBuffer states_[2], data_, median_scratch_;
  std::vector<FlowVector> interleaved_;
  PlaneBuffer *state_ = &states_[0], *next_ = &states_[1];
};

}  // namespace

std::unique_ptr<FlowSolver> make_tvl1_cpu(const Recipe::Flow& flow, const Tvl1Kernels& kernels) {
  return std::make_unique<Tvl1Cpu>(flow, kernels);
}

const FlowBackend kTvl1Cpu = {
    "cpu", [](const Recipe::Flow& flow) { return flow.variant != FlowVariant::kOpencvCuda; }, true,
    [](const Recipe::Flow&) -> std::string { return "co2net tvl1"; },
    [](const Recipe::Flow& flow) { return make_tvl1_cpu(flow, tvl1_kernels().front()); }};

}  // namespace co2net
