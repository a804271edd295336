#include "extractors/i3d/conv_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

// Of some a vector can't be an array's element; the others are no faster than those that are left.
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
// The plain ones even where every CPU has vectors: the others are tested beside them.
#define HWY_COMPILE_ALL_ATTAINABLE
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "extractors/i3d/conv_kernels.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kPanel>;
using V = hn::Vec<D>;
constexpr D d;
constexpr int kLanes = hn::MaxLanes(d);
constexpr int kPanelVectors = kPanel / kLanes;

template <int kCount>
struct Vectors {
  V at[kCount];
};

template <class Work, int... kIndices>
HWY_INLINE void repeat(const Work& work, std::integer_sequence<int, kIndices...>) {
  (work(std::integral_constant<int, kIndices>()), ...);
}
// work(i) for each i < kCount, as so many pieces of code: what has a vector an index stays in
// registers.
template <int kCount, class Work>
HWY_INLINE void repeat(const Work& work) {
  repeat(work, std::make_integer_sequence<int, kCount>());
}

HWY_INLINE V constant(double value) { return hn::Set(d, static_cast<float>(value)); }

// Products of matrices.

// As many sums as there are registers for, beside a row's value and the weights.
#if HWY_TARGET == HWY_AVX3
constexpr int kMostRows = 14, kMostPanels = 2;
#elif HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON
constexpr int kMostRows = 6, kMostPanels = 1;
#else
constexpr int kMostRows = 3, kMostPanels = 1;
#endif

// Rows of the left matrix, `row_step` apart, and panels of the right one, `panel_step` apart. A row
// has `taps` parts of `depth` floats, `tap_step` apart; a panel has [taps][depth][kPanel].
struct Factors {
  const float* rows;
  std::int64_t row_step;
  std::int64_t taps, tap_step, depth;
  const float* panels;
  std::int64_t panel_step;
  // What will be read after these panels, so many floats of each.
  const float* coming;
  std::int64_t coming_size, coming_step;
};

// kRows rows times kPanels panels.
template <int kRows, int kPanels>
HWY_NOINLINE void multiply_block(const Factors& factors, const PanelResult* results,
                                 std::int64_t first_row, const float* coming,
                                 std::int64_t coming_rate) {
  constexpr int kColumns = kPanels * kPanelVectors;
  V sums[kRows][kColumns];
  HWY_UNROLL(8)
  for (int j = 0; j < kColumns; ++j) {
    const V bias = hn::Load(d, results[j / kPanelVectors].bias + j % kPanelVectors * kLanes);
    HWY_UNROLL(16)
    for (int i = 0; i < kRows; ++i) sums[i][j] = bias;
  }
  const float* panels = factors.panels;
  for (std::int64_t tap = 0; tap < factors.taps; ++tap) {
    const float* row = factors.rows + first_row * factors.row_step + tap * factors.tap_step;
    const float* coming_rows = row + kRows * factors.row_step;
    for (std::int64_t k = 0; k < factors.depth; ++k, ++row, panels += kPanel) {
      V weights[kColumns];
      HWY_UNROLL(8)
      for (int j = 0; j < kColumns; ++j) {
        weights[j] = hn::Load(
            d, panels + j / kPanelVectors * factors.panel_step + j % kPanelVectors * kLanes);
      }
      hwy::Prefetch(coming_rows);
      coming_rows += kRows;
      HWY_UNROLL(2)
      for (int p = 0; p < kPanels; ++p) hwy::Prefetch(coming + p * factors.coming_step);
      coming += coming_rate;
      HWY_UNROLL(16)
      for (int i = 0; i < kRows; ++i) {
        const V value = hn::Set(d, row[i * factors.row_step]);
        HWY_UNROLL(8)
        for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::MulAdd(value, weights[j], sums[i][j]);
      }
    }
  }
  HWY_UNROLL(8)
  for (int j = 0; j < kColumns; ++j) {
    const PanelResult& result = results[j / kPanelVectors];
    const V least = hn::Set(d, result.least);
    float* to = result.data + first_row * result.step + j % kPanelVectors * kLanes;
    HWY_UNROLL(16)
    for (int i = 0; i < kRows; ++i) hn::Store(hn::Max(sums[i][j], least), d, to + i * result.step);
  }
}

using MultiplyBlock = void(const Factors&, const PanelResult*, std::int64_t, const float*,
                           std::int64_t);

template <int kPanels, std::size_t... kIndices>
constexpr auto blocks_of_rows(std::index_sequence<kIndices...>) {
  return std::array<MultiplyBlock*, sizeof...(kIndices)>{multiply_block<kIndices + 1, kPanels>...};
}

// In blocks of about equal numbers of rows.
template <int kPanels>
void multiply_rows(const Factors& factors, std::int64_t rows, const PanelResult* results) {
  static constexpr auto kBlocks = blocks_of_rows<kPanels>(std::make_index_sequence<kMostRows>());
  const std::int64_t blocks = (rows + kMostRows - 1) / kMostRows;
  const std::int64_t least = rows / blocks, larger = rows % blocks;
  const std::int64_t width = factors.taps * factors.depth;
  const std::int64_t rate = width > 0 ? factors.coming_size / (blocks * width) + 1 : 0;
  const float* coming = factors.coming;
  std::int64_t row = 0;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t count = block < larger ? least + 1 : least;
    kBlocks[count - 1](factors, results, row, coming, rate);
    row += count;
    coming += width * rate;
  }
}

void multiply(const Factors& factors, std::int64_t rows, const PanelResult* results, int panels) {
  if (panels == kMostPanels) {
    multiply_rows<kMostPanels>(factors, rows, results);
  } else {
    multiply_rows<1>(factors, rows, results);
  }
}

void pointwise(const float* source, std::int64_t rows, std::int64_t step, std::int64_t depth,
               const float* weights, const std::vector<PanelResult>& results) {
  constexpr std::int64_t kRowsAtOnce = 4 * kMostRows;  // which stay in the cache for all panels
  const int panels = static_cast<int>(results.size());
  for (std::int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, rows - first);
    for (int panel = 0; panel < panels; panel += kMostPanels) {
      const int now = std::min(kMostPanels, panels - panel);
      const float* here = weights + panel * depth * kPanel;
      const Factors factors{source + first * step,
                            step,
                            1,
                            0,
                            depth,
                            here,
                            depth * kPanel,
                            here + now * depth * kPanel,
                            depth * kPanel,
                            depth * kPanel};
      std::array<PanelResult, kMostPanels> parts;
      for (int i = 0; i < now; ++i) {
        parts[i] = results[panel + i];
        parts[i].data += first * parts[i].step;
      }
      multiply(factors, count, parts.data(), now);
    }
  }
}

// Winograd's transforms along one axis; README.md has the formulas.

struct ThreeTaps {
  static constexpr int kTaps = 3, kPoints = 6;
  using Points = WinogradPoints<kTaps>;
  static constexpr double a = Points::a, b = Points::b, a2 = a * a, b2 = b * b;
  // The tap that is the filter at a point (at 0 it is over a2 * b2 = 1), or -1.
  static constexpr int tap_at(std::int64_t point) { return point == 0 ? 0 : point == 5 ? 2 : -1; }
  static constexpr double kScaleA = 1 / (2 * a2 * (a2 - b2)), kScaleB = 1 / (2 * b2 * (b2 - a2));

  static HWY_INLINE Vectors<6> source_to_points(const Vectors<6>& x) {
    const V even_a = hn::NegMulAdd(constant(b2), x.at[2], x.at[4]);
    const V odd_a = hn::NegMulAdd(constant(b2), x.at[1], x.at[3]);
    const V even_b = hn::NegMulAdd(constant(a2), x.at[2], x.at[4]);
    const V odd_b = hn::NegMulAdd(constant(a2), x.at[1], x.at[3]);
    return {{rest(x.at[0], x.at[2], x.at[4]), hn::MulAdd(constant(a), odd_a, even_a),
             hn::NegMulAdd(constant(a), odd_a, even_a), hn::MulAdd(constant(b), odd_b, even_b),
             hn::NegMulAdd(constant(b), odd_b, even_b), rest(x.at[1], x.at[3], x.at[5])}};
  }

  static HWY_INLINE Vectors<4> points_to_result(const Vectors<6>& m) {
    const V sum_a = hn::Add(m.at[1], m.at[2]), difference_a = hn::Sub(m.at[1], m.at[2]);
    const V sum_b = hn::Add(m.at[3], m.at[4]), difference_b = hn::Sub(m.at[3], m.at[4]);
    const V odd = hn::MulAdd(constant(a2 * a), difference_a, m.at[5]);
    return {{hn::Add(hn::Add(m.at[0], sum_a), sum_b),
             hn::MulAdd(constant(b), difference_b, hn::Mul(constant(a), difference_a)),
             hn::MulAdd(constant(b2), sum_b, hn::Mul(constant(a2), sum_a)),
             hn::MulAdd(constant(b2 * b), difference_b, odd)}};
  }

  static HWY_INLINE Vectors<6> filter_to_points(const Vectors<3>& h) {
    const V even_a = even(h, kScaleA, a2), odd_a = hn::Mul(constant(kScaleA * a), h.at[1]);
    const V even_b = even(h, kScaleB, b2), odd_b = hn::Mul(constant(kScaleB * b), h.at[1]);
    return {{h.at[0], hn::Add(even_a, odd_a), hn::Sub(even_a, odd_a), hn::Add(even_b, odd_b),
             hn::Sub(even_b, odd_b), h.at[2]}};
  }

 private:
  static HWY_INLINE V rest(V x0, V x2, V x4) {
    return hn::MulAdd(constant(a2 * b2), x0, hn::NegMulAdd(constant(a2 + b2), x2, x4));
  }
  static HWY_INLINE V even(const Vectors<3>& h, double scale, double point_squared) {
    return hn::MulAdd(constant(scale * point_squared), h.at[2], hn::Mul(constant(scale), h.at[0]));
  }
};

struct FourTaps {
  static constexpr int kTaps = 4, kPoints = 7;
  using Points = WinogradPoints<kTaps>;
  static constexpr double a = Points::a, b = Points::b, c = Points::c;
  static constexpr double a2 = a * a, b2 = b * b, c2 = c * c;
  static constexpr int tap_at(std::int64_t point) { return point == 6 ? 3 : -1; }

  static HWY_INLINE Vectors<7> source_to_points(const Vectors<7>& x) {
    Vectors<7> points;
    source_to_pair<0>(x, points, a, b2, c2);
    source_to_pair<2>(x, points, b, a2, c2);
    source_to_pair<4>(x, points, c, a2, b2);
    const V low = hn::NegMulAdd(constant(a2 * b2 * c2), x.at[0],
                                hn::Mul(constant(a2 * b2 + a2 * c2 + b2 * c2), x.at[2]));
    points.at[6] = hn::Add(low, hn::NegMulAdd(constant(a2 + b2 + c2), x.at[4], x.at[6]));
    return points;
  }

  static HWY_INLINE Vectors<4> points_to_result(const Vectors<7>& m) {
    const V sum_a = hn::Add(m.at[0], m.at[1]), difference_a = hn::Sub(m.at[0], m.at[1]);
    const V sum_b = hn::Add(m.at[2], m.at[3]), difference_b = hn::Sub(m.at[2], m.at[3]);
    const V sum_c = hn::Add(m.at[4], m.at[5]), difference_c = hn::Sub(m.at[4], m.at[5]);
    const V first = hn::Mul(constant(a), difference_a), second = hn::Mul(constant(a2), sum_a);
    const V third = hn::MulAdd(constant(a2 * a), difference_a, m.at[6]);
    return {{hn::Add(hn::Add(sum_a, sum_b), sum_c),
             hn::MulAdd(constant(c), difference_c, hn::MulAdd(constant(b), difference_b, first)),
             hn::MulAdd(constant(c2), sum_c, hn::MulAdd(constant(b2), sum_b, second)),
             hn::MulAdd(constant(c2 * c), difference_c,
                        hn::MulAdd(constant(b2 * b), difference_b, third))}};
  }

  static HWY_INLINE Vectors<7> filter_to_points(const Vectors<4>& h) {
    Vectors<7> points;
    filter_to_pair<0>(h, points, a, 1 / (2 * a * (a2 - b2) * (a2 - c2)));
    filter_to_pair<2>(h, points, b, 1 / (2 * b * (b2 - a2) * (b2 - c2)));
    filter_to_pair<4>(h, points, c, 1 / (2 * c * (c2 - a2) * (c2 - b2)));
    points.at[6] = h.at[3];
    return points;
  }

 private:
  // At +-p, where the squares of the other pairs are q2 and r2.
  template <int kFirst>
  static HWY_INLINE void source_to_pair(const Vectors<7>& x, Vectors<7>& points, double p,
                                        double q2, double r2) {
    const V even =
        hn::MulAdd(constant(q2 * r2), x.at[0], hn::NegMulAdd(constant(q2 + r2), x.at[2], x.at[4]));
    const V odd =
        hn::MulAdd(constant(q2 * r2), x.at[1], hn::NegMulAdd(constant(q2 + r2), x.at[3], x.at[5]));
    points.at[kFirst] = hn::MulAdd(constant(p), even, odd);
    points.at[kFirst + 1] = hn::NegMulAdd(constant(p), even, odd);
  }
  template <int kFirst>
  static HWY_INLINE void filter_to_pair(const Vectors<4>& h, Vectors<7>& points, double p,
                                        double scale) {
    const V even = hn::MulAdd(constant(scale * p * p), h.at[2], hn::Mul(constant(scale), h.at[0]));
    const V odd =
        hn::MulAdd(constant(scale * p * p * p), h.at[3], hn::Mul(constant(scale * p), h.at[1]));
    points.at[kFirst] = hn::Add(even, odd);
    points.at[kFirst + 1] = hn::Sub(odd, even);
  }
};

template <int kCount>
HWY_INLINE Vectors<kCount> load(const float* from, std::int64_t step) {
  Vectors<kCount> values;
  repeat<kCount>([&](auto i) HWY_ATTR { values.at[i] = hn::Load(d, from + i * step); });
  return values;
}

template <int kCount>
HWY_INLINE void store(const Vectors<kCount>& values, float* to, std::int64_t step) {
  repeat<kCount>([&](auto i) HWY_ATTR { hn::Store(values.at[i], d, to + i * step); });
}

// Value `index` of each.
template <int kCount, int kValues>
HWY_INLINE Vectors<kCount> each(const Vectors<kValues> (&of)[kCount], std::int64_t index) {
  Vectors<kCount> values;
  repeat<kCount>([&](auto i) HWY_ATTR { values.at[i] = of[i].at[index]; });
  return values;
}

// A convolution strip by strip, so that what lies between the steps stays in the caches:
//   strip        [groups][time points][y][x][depth], with zeros around the source
//   transformed  [time points][points][points][groups][tiles][depth]
//   products     [groups][tiles][time points][points][points][block's channels]
template <class Taps>
class Winograd {
 public:
  Winograd(const WinogradConvolution& convolution, const Volume& source, const Volume& result,
           float* scratch)
      : c_(convolution), source_(source), result_(result), scratch_(scratch) {
    const WinogradScratch sizes = scratch_of(convolution);
    strip_ = scratch;
    transformed_ = strip_ + sizes.strip;
    expanded_ = transformed_ + sizes.transformed;
    products_ = expanded_ + sizes.expanded;
  }

  void run() {
    for (first_row_ = 0; first_row_ < c_.tiles_down(); first_row_ += c_.tile_rows) {
      tiles_ = std::min(c_.tile_rows, c_.tiles_down() - first_row_) * across_;
      fill_strip();
      transform_source();
      for (std::int64_t first = 0; first < c_.channels; first += c_.block_channels) {
        const std::int64_t channels = std::min(c_.block_channels, c_.channels - first);
        multiply_block(first, channels);
        transform_products(first, channels);
      }
    }
  }

 private:
  static constexpr int kTaps = Taps::kTaps, kPoints = Taps::kPoints;
  static constexpr int kPlanePoints = kPoints * kPoints;
  using Source = Vectors<kPoints>;

  // Steps between matrices: not a power of two, which a cache would put into few places.
  std::int64_t transformed_step() const { return c_.source_groups() * tiles_ * depth_ + kPanel; }
  std::int64_t products_step(std::int64_t channels) const {
    return c_.time_points() * kPlanePoints * channels + kPanel;
  }

  HWY_NOINLINE void fill_strip() {
    const std::int64_t height = 4 * tiles_ / across_ + kTaps - 1;
    for (std::int64_t group = 0; group < c_.source_groups(); ++group) {
      for (std::int64_t y = 0; y < height; ++y) {
        float* row = strip_at(group, 0, y, 0);
        const std::int64_t source_y = 4 * first_row_ + y - c_.pad[1];
        const bool exists = 0 <= source_y && source_y < c_.source[1];
        if (exists && c_.transforms_time) transform_row(group, source_y, row);
        if (exists && !c_.transforms_time) copy_row(group, source_y, row);
        for (std::int64_t point = 0; point < c_.time_points(); ++point) {
          fill_around(exists, strip_at(group, point, y, 0));
        }
      }
    }
  }

  // Of the source, only what the strip's width holds.
  std::int64_t held_width() const { return std::min(c_.source[2], width_ - c_.pad[2]); }

  HWY_NOINLINE void fill_around(bool exists, float* row) {
    const std::int64_t before = exists ? c_.pad[2] : width_;
    std::fill_n(row, before * depth_, 0.f);
    if (!exists) return;
    const std::int64_t end = before + held_width();
    std::fill_n(row + end * depth_, (width_ - end) * depth_, 0.f);
  }

  void copy_row(std::int64_t t, std::int64_t source_y, float* row) {
    for (std::int64_t x = 0; x < held_width(); ++x) {
      std::copy_n(source_.at(t, source_y, x), depth_, row + (c_.pad[2] + x) * depth_);
    }
  }

  HWY_NOINLINE void transform_row(std::int64_t group, std::int64_t source_y, float* row) {
    const float* times[kPoints];
    for (std::int64_t i = 0; i < kPoints; ++i) {
      const std::int64_t t = 4 * group + i - c_.pad[0];
      times[i] = 0 <= t && t < c_.source[0] ? source_.at(t, source_y, 0) : nullptr;
    }
    for (std::int64_t x = 0; x < held_width(); ++x) {
      float* to = row + (c_.pad[2] + x) * depth_;
      for (std::int64_t channel = 0; channel < depth_; channel += kLanes) {
        Source values;
        repeat<kPoints>([&](auto i) HWY_ATTR {
          const bool exists = times[i] != nullptr;
          values.at[i] = exists ? hn::Load(d, times[i] + x * source_.step + channel) : hn::Zero(d);
        });
        store(Taps::source_to_points(values), to + channel, strip_plane_);
      }
    }
  }

  float* strip_at(std::int64_t group, std::int64_t point, std::int64_t y, std::int64_t x) const {
    const std::int64_t plane = group * c_.time_points() + point;
    return strip_ + plane * strip_plane_ + (y * width_ + x) * depth_;
  }

  void transform_source() {
    for (std::int64_t point = 0; point < c_.time_points(); ++point) {
      float* to = transformed_ + point * kPlanePoints * transformed_step();
      for (std::int64_t group = 0; group < c_.source_groups(); ++group) {
        for (std::int64_t tile = 0; tile < tiles_; ++tile, to += depth_) {
          transform_tile(strip_at(group, point, 4 * (tile / across_), 4 * (tile % across_)), to);
        }
      }
    }
  }

  void transform_tile(const float* from, float* to) {
    for (std::int64_t channel = 0; channel < depth_; channel += kLanes) {
      Source columns[kPoints];
      for (int x = 0; x < kPoints; ++x) {
        columns[x] =
            Taps::source_to_points(load<kPoints>(from + x * depth_ + channel, width_ * depth_));
      }
      for (int y = 0; y < kPoints; ++y) {
        store(Taps::source_to_points(each(columns, y)),
              to + y * kPoints * transformed_step() + channel, transformed_step());
      }
    }
  }

  // All points' products for `channels` of the result from `first` on.
  void multiply_block(std::int64_t first, std::int64_t channels) {
    const std::int64_t panel_size = kTaps * c_.depth * kPanel;
    const float* weights = &c_.weights[first * kPlanePoints * kTaps * c_.depth];
    for (std::int64_t point = 0; point < kPlanePoints; ++point) {
      for (std::int64_t channel = 0; channel < channels;) {
        const int panels =
            static_cast<int>(std::min<std::int64_t>(kMostPanels, (channels - channel) / kPanel));
        const Target target{point, channel, channels, panels};
        if (c_.transforms_time) {
          multiply_by_expanded(weights, target);
        } else {
          multiply_by_taps(weights, target);
        }
        weights += panels * panel_size;
        channel += panels * kPanel;
      }
    }
  }

  // Some panels' products at one of the plane's points.
  struct Target {
    std::int64_t point, channel, channels;
    int panels;
  };

  HWY_NOINLINE void multiply_by_taps(const float* weights, const Target& target) {
    const std::int64_t panel_step = kTaps * c_.depth * kPanel, group_step = tiles_ * depth_;
    const float* rows = transformed_ + target.point * transformed_step();
    for (std::int64_t t = 0; t < c_.result[0]; ++t) {
      const std::int64_t source_t = t - c_.pad[0];
      const std::int64_t first = std::max<std::int64_t>(0, -source_t);
      const std::int64_t end = std::min<std::int64_t>(kTaps, c_.source[0] - source_t);
      const Factors factors{rows + (source_t + first) * group_step,
                            depth_,
                            std::max<std::int64_t>(0, end - first),
                            group_step,
                            c_.depth,
                            weights + first * c_.depth * kPanel,
                            panel_step,
                            weights + target.panels * panel_step + panel_step * t / c_.result[0],
                            panel_step / c_.result[0],
                            panel_step};
      multiply(factors, target, 0, t * tiles_, tiles_);
    }
  }

  // By the filters at the points of time, of which some are taps as they are.
  HWY_NOINLINE void multiply_by_expanded(const float* weights, const Target& target) {
    const std::int64_t tap_size = c_.depth * kPanel, taps_size = kTaps * tap_size;
    for (std::int64_t panel = 0; panel < target.panels; ++panel) {
      expand(weights + panel * taps_size, expanded_ + panel * kPoints * tap_size, tap_size);
    }
    const std::int64_t rows = c_.result_groups() * tiles_;
    for (std::int64_t time = 0; time < kPoints; ++time) {
      const int tap = Taps::tap_at(time);
      const Factors factors{
          transformed_ + (time * kPlanePoints + target.point) * transformed_step(),
          depth_,
          1,
          0,
          c_.depth,
          tap >= 0 ? weights + tap * tap_size : expanded_ + time * tap_size,
          (tap >= 0 ? kTaps : kPoints) * tap_size,
          weights + target.panels * taps_size + taps_size * time / kPoints,
          taps_size / kPoints,
          taps_size};
      multiply(factors, target, time, 0, rows);
    }
  }

  static void expand(const float* taps, float* to, std::int64_t tap_size) {
    for (std::int64_t i = 0; i < tap_size; i += kLanes) {
      const Source points = Taps::filter_to_points(load<kTaps>(taps + i, tap_size));
      repeat<kPoints>([&](auto point) HWY_ATTR {
        if (Taps::tap_at(point) < 0) hn::Store(points.at[point], d, to + point * tap_size + i);
      });
    }
  }

  void multiply(const Factors& factors, const Target& target, std::int64_t time,
                std::int64_t first_row, std::int64_t rows) {
    HWY_ALIGN static constexpr float kNoBias[kPanel] = {};
    PanelResult results[kMostPanels];
    float* to = products_ + first_row * products_step(target.channels) +
                (time * kPlanePoints + target.point) * target.channels + target.channel;
    for (int i = 0; i < target.panels; ++i) {
      results[i].data = to + i * kPanel;
      results[i].step = products_step(target.channels);
      results[i].bias = kNoBias;
    }
    HWY_NAMESPACE::multiply(factors, rows, results, target.panels);
  }

  void transform_products(std::int64_t first, std::int64_t channels) {
    const float* from = products_;
    for (std::int64_t group = 0; group < c_.result_groups(); ++group) {
      for (std::int64_t tile = 0; tile < tiles_; ++tile, from += products_step(channels)) {
        for (std::int64_t channel = 0; channel < channels; channel += kLanes) {
          if (c_.transforms_time) {
            give_times(from + channel, channels, group, tile, first + channel);
          } else {
            const Plane plane = plane_of(from + channel, channels);
            give(group, tile, first + channel,
                 [&](std::int64_t i) HWY_ATTR { return Vectors<1>{{plane.at[i]}}; });
          }
        }
      }
    }
  }

  using Plane = Vectors<16>;  // 4x4 results

  static Plane plane_of(const float* from, std::int64_t step) {
    Vectors<4> columns[kPoints];
    for (int x = 0; x < kPoints; ++x) {
      columns[x] = Taps::points_to_result(load<kPoints>(from + x * step, kPoints * step));
    }
    Plane plane;
    repeat<4>([&](auto y) HWY_ATTR {
      const Vectors<4> row = Taps::points_to_result(each(columns, y));
      repeat<4>([&](auto x) HWY_ATTR { plane.at[y * 4 + x] = row.at[x]; });
    });
    return plane;
  }

  void give_times(const float* from, std::int64_t step, std::int64_t group, std::int64_t tile,
                  std::int64_t channel) {
    Plane planes[kPoints];
    for (int time = 0; time < kPoints; ++time) {
      planes[time] = plane_of(from + time * kPlanePoints * step, step);
    }
    give(4 * group, tile, channel,
         [&](std::int64_t i) HWY_ATTR { return Taps::points_to_result(each(planes, i)); });
  }

  // results_at(i) are the times from `first_t` on of position i of a tile.
  template <class ResultsAt>
  void give(std::int64_t first_t, std::int64_t tile, std::int64_t channel,
            const ResultsAt& results_at) {
    const V bias = hn::Load(d, &c_.bias[channel]);
    const V least = c_.relu ? hn::Zero(d) : hn::Set(d, PanelResult{}.least);
    const std::int64_t first_y = 4 * (first_row_ + tile / across_), first_x = 4 * (tile % across_);
    const std::int64_t height = std::min<std::int64_t>(4, c_.result[1] - first_y);
    const std::int64_t width = std::min<std::int64_t>(4, c_.result[2] - first_x);
    const std::int64_t times = c_.result[0] - first_t;
    const std::int64_t time_step = c_.result[1] * c_.result[2] * result_.step;
    for (std::int64_t y = 0; y < height; ++y) {
      float* to = result_.at(first_t, first_y + y, first_x) + channel;
      for (std::int64_t x = 0; x < width; ++x, to += result_.step) {
        const auto values = results_at(y * 4 + x);
        repeat<sizeof(values) / sizeof(V)>([&](auto t) HWY_ATTR {
          if (t < times) {
            hn::Store(hn::Max(hn::Add(values.at[t], bias), least), d, to + t * time_step);
          }
        });
      }
    }
  }

  const WinogradConvolution& c_;
  const Volume &source_, &result_;
  float *scratch_, *strip_, *transformed_, *expanded_, *products_;
  const std::int64_t depth_ = round_up(c_.depth, kPanel);
  const std::int64_t across_ = c_.tiles_across();
  const std::int64_t width_ = 4 * across_ + kTaps - 1;  // of the strip
  const std::int64_t strip_plane_ = (4 * c_.tile_rows + kTaps - 1) * width_ * depth_;
  std::int64_t first_row_ = 0, tiles_ = 0;  // of the present strip
};

void winograd(const WinogradConvolution& convolution, const Volume& source, const Volume& result,
              float* scratch) {
  if (convolution.taps == 3) {
    Winograd<ThreeTaps>(convolution, source, result, scratch).run();
  } else {
    Winograd<FourTaps>(convolution, source, result, scratch).run();
  }
}

// Pools.

struct Range {
  std::int64_t first, end;
};

// Of window `index`, what exists.
Range window(std::int64_t index, const PoolWindows& windows, std::size_t axis, std::int64_t size) {
  const std::int64_t first = index * windows.stride[axis] - windows.pad[axis];
  return {std::max<std::int64_t>(0, first), std::min(size, first + windows.kernel[axis])};
}

// Where a window lies in the source.
struct Window {
  Range times, rows, columns;
};

template <int kPanels>
struct Largest {
  Vectors<kPanels * kPanelVectors> values;

  HWY_INLINE Largest() {
    repeat<kPanels * kPanelVectors>(
        [&](auto i) HWY_ATTR { values.at[i] = constant(-std::numeric_limits<float>::infinity()); });
  }
  HWY_INLINE void take(const float* from) {
    repeat<kPanels * kPanelVectors>([&](auto i) HWY_ATTR {
      values.at[i] = hn::Max(values.at[i], hn::Load(d, from + i * kLanes));
    });
  }
  HWY_INLINE void give(float* to) const { store(values, to, kLanes); }
};

template <int kPanels>
struct Mean {
  double sums[kPanels * kPanel] = {};
  int count = 0;

  HWY_INLINE void take(const float* from) {
    for (int i = 0; i < kPanels * kPanel; ++i) sums[i] += from[i];
    ++count;
  }
  HWY_INLINE void give(float* to) const {
    for (int i = 0; i < kPanels * kPanel; ++i) to[i] = static_cast<float>(sums[i] / count);
  }
};

template <class Pool>
HWY_INLINE void pool_window(const Volume& source, const Window& window, std::int64_t channel,
                            float* to) {
  Pool pool;
  for (std::int64_t t = window.times.first; t < window.times.end; ++t) {
    for (std::int64_t y = window.rows.first; y < window.rows.end; ++y) {
      const float* from = source.at(t, y, window.columns.first) + channel;
      for (std::int64_t x = window.columns.first; x < window.columns.end; ++x) {
        pool.take(from);
        from += source.step;
      }
    }
  }
  pool.give(to + channel);
}

// Several panels at once, so that the CPU need not wait for one value's comparison.
template <template <int> class Pool>
void pool(const PoolWindows& windows, const Volume& source, const Volume& result) {
  constexpr int kPanels = 4;
  for (std::int64_t t = 0; t < result.size[0]; ++t) {
    for (std::int64_t y = 0; y < result.size[1]; ++y) {
      for (std::int64_t x = 0; x < result.size[2]; ++x) {
        const Window here{window(t, windows, 0, source.size[0]),
                          window(y, windows, 1, source.size[1]),
                          window(x, windows, 2, source.size[2])};
        float* to = result.at(t, y, x);
        std::int64_t channel = 0;
        for (; channel + kPanels * kPanel <= result.channels; channel += kPanels * kPanel) {
          pool_window<Pool<kPanels>>(source, here, channel, to);
        }
        for (; channel < result.channels; channel += kPanel) {
          pool_window<Pool<1>>(source, here, channel, to);
        }
      }
    }
  }
}

}  // namespace

// NOLINTNEXTLINE: one a target
ConvKernels kernels() {
  return {hwy::TargetName(HWY_TARGET), winograd, pointwise, pool<Largest>, pool<Mean>};
}

}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace co2net {
namespace {

struct Compiled {
  std::int64_t target;
  ConvKernels (*kernels)();
};

// Best first.
constexpr Compiled kCompiled[] = {
#if HWY_TARGETS & HWY_AVX3 & ~HWY_STATIC_TARGET
    {HWY_AVX3, N_AVX3::kernels},
#endif
#if HWY_TARGETS & HWY_AVX2 & ~HWY_STATIC_TARGET
    {HWY_AVX2, N_AVX2::kernels},
#endif
#if HWY_TARGETS & HWY_SSE4 & ~HWY_STATIC_TARGET
    {HWY_SSE4, N_SSE4::kernels},
#endif
    {HWY_STATIC_TARGET, HWY_STATIC_DISPATCH(kernels)},
#if HWY_TARGETS & HWY_EMU128 & ~HWY_STATIC_TARGET
    {HWY_EMU128, N_EMU128::kernels},
#endif
#if HWY_TARGETS & HWY_SCALAR & ~HWY_STATIC_TARGET
    {HWY_SCALAR, N_SCALAR::kernels},
#endif
};

}  // namespace

Floats pack_pointwise(const Array& weights, std::int64_t channels) {
  const std::int64_t outputs = weights.dim(0), inputs = weights.dim(1);
  Floats packed(channels * inputs);
  for (std::int64_t o = 0; o < outputs; ++o) {
    float* to = &packed[o / kPanel * kPanel * inputs + o % kPanel];
    for (std::int64_t i = 0; i < inputs; ++i) to[i * kPanel] = weights.row(o)[i];
  }
  return packed;
}

const std::vector<ConvKernels>& conv_kernels() {
  static const std::vector<ConvKernels> all = [] {
    const std::int64_t supported = hwy::SupportedTargets() | HWY_STATIC_TARGET;
    std::vector<ConvKernels> list;
    for (const Compiled& one : kCompiled) {
      if ((supported & one.target) != 0) list.push_back(one.kernels());
    }
    return list;
  }();
  return all;
}

std::vector<std::string> compiled_conv_kernels() {
  std::vector<std::string> names;
  for (const Compiled& one : kCompiled) names.emplace_back(hwy::TargetName(one.target));
  return names;
}

}  // namespace co2net
#endif
