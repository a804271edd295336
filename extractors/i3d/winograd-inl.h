// Compiled once for each instruction set, by conv_kernels.cpp.
#if defined(CO2NET_EXTRACTORS_I3D_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CO2NET_EXTRACTORS_I3D_WINOGRAD_INL_H
#undef CO2NET_EXTRACTORS_I3D_WINOGRAD_INL_H
#else
#define CO2NET_EXTRACTORS_I3D_WINOGRAD_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "extractors/i3d/conv_kernels.h"
#include "extractors/i3d/product-inl.h"
#include "extractors/i3d/vectors-inl.h"
#include "extractors/i3d/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

// The transforms along one axis; README.md has the formulas. tap_at() is the tap that the filter at
// a point is, or -1 where it is none.

struct ThreeTaps {
  static constexpr int kTaps = 3, kPoints = 6;
  using Points = WinogradPoints<kTaps>;
  static constexpr double a = Points::a, b = Points::b, a2 = a * a, b2 = b * b;
  static constexpr double kScaleA = 1 / (2 * a2 * (a2 - b2)), kScaleB = 1 / (2 * b2 * (b2 - a2));
  // At 0 the first tap is over a2 * b2, which is 1.
  static constexpr int tap_at(std::int64_t point) { return point == 0 ? 0 : point == 5 ? 2 : -1; }

  static HWY_INLINE Vectors<6> source_to_points(const Vectors<6>& x) {
    const V even_a = hn::NegMulAdd(constant(b2), x.at[2], x.at[4]);
    const V odd_a = hn::NegMulAdd(constant(b2), x.at[1], x.at[3]);
    const V even_b = hn::NegMulAdd(constant(a2), x.at[2], x.at[4]);
    const V odd_b = hn::NegMulAdd(constant(a2), x.at[1], x.at[3]);
    return {rest(x.at[0], x.at[2], x.at[4]),           hn::MulAdd(constant(a), odd_a, even_a),
            hn::NegMulAdd(constant(a), odd_a, even_a), hn::MulAdd(constant(b), odd_b, even_b),
            hn::NegMulAdd(constant(b), odd_b, even_b), rest(x.at[1], x.at[3], x.at[5])};
  }

  static HWY_INLINE Vectors<4> points_to_result(const Vectors<6>& m) {
    const V sum_a = hn::Add(m.at[1], m.at[2]), difference_a = hn::Sub(m.at[1], m.at[2]);
    const V sum_b = hn::Add(m.at[3], m.at[4]), difference_b = hn::Sub(m.at[3], m.at[4]);
    const V odd = hn::MulAdd(constant(a2 * a), difference_a, m.at[5]);
    return {hn::Add(hn::Add(m.at[0], sum_a), sum_b),
            hn::MulAdd(constant(b), difference_b, hn::Mul(constant(a), difference_a)),
            hn::MulAdd(constant(b2), sum_b, hn::Mul(constant(a2), sum_a)),
            hn::MulAdd(constant(b2 * b), difference_b, odd)};
  }

  static HWY_INLINE Vectors<6> filter_to_points(const Vectors<3>& h) {
    const V even_a = even(h, kScaleA, a2), odd_a = hn::Mul(constant(kScaleA * a), h.at[1]);
    const V even_b = even(h, kScaleB, b2), odd_b = hn::Mul(constant(kScaleB * b), h.at[1]);
    return {h.at[0],
            hn::Add(even_a, odd_a),
            hn::Sub(even_a, odd_a),
            hn::Add(even_b, odd_b),
            hn::Sub(even_b, odd_b),
            h.at[2]};
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
    return {hn::Add(hn::Add(sum_a, sum_b), sum_c),
            hn::MulAdd(constant(c), difference_c, hn::MulAdd(constant(b), difference_b, first)),
            hn::MulAdd(constant(c2), sum_c, hn::MulAdd(constant(b2), sum_b, second)),
            hn::MulAdd(constant(c2 * c), difference_c,
                       hn::MulAdd(constant(b2 * b), difference_b, third))};
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

// A convolution strip by strip, so that what lies between the steps stays in the caches:
//   strip        [groups][time points][y][x][depth], with zeros around the source
//   transformed  [time points][points][points][groups][tiles][depth]
//   filters      [panels][time points][depth][kPanel], of the panels that are at work
//   products     [groups or times][tiles][time points][points][points][block's channels]
template <class Taps>
class Winograd {
 public:
  Winograd(const WinogradConvolution& convolution, const Volume& source, const Volume& result,
           float* scratch)
      : c_(convolution), source_(source), result_(result) {
    const WinogradScratch sizes = scratch_of(convolution);
    strip_ = scratch;
    transformed_ = strip_ + sizes.strip;
    filters_ = transformed_ + sizes.transformed;
    products_ = filters_ + sizes.filters;
  }

  void run() {
    for (first_row_ = 0; first_row_ < c_.tiles_down(); first_row_ += c_.tile_rows) {
      tiles_ = std::min(c_.tile_rows, c_.tiles_down() - first_row_) * across_;
      fill_strip();
      transform_source();
      for (std::int64_t first = 0; first < c_.channels; first += c_.block_channels) {
        const std::int64_t channels = std::min(c_.block_channels, c_.channels - first);
        multiply_points(first, channels);
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

  void fill_strip() {
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

  void fill_around(bool exists, float* row) {
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

  void transform_row(std::int64_t group, std::int64_t source_y, float* row) {
    const float* times[kPoints];
    for (std::int64_t i = 0; i < kPoints; ++i) {
      const std::int64_t t = 4 * group + i - c_.pad[0];
      times[i] = 0 <= t && t < c_.source[0] ? source_.at(t, source_y, 0) : nullptr;
    }
    for (std::int64_t x = 0; x < held_width(); ++x) {
      float* to = row + (c_.pad[2] + x) * depth_;
      for (std::int64_t channel = 0; channel < c_.depth; channel += kLanes) {
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
    for (std::int64_t channel = 0; channel < c_.depth; channel += kLanes) {
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

  // Some panels of the result at one of the plane's points.
  struct Target {
    std::int64_t point, channel, channels;
    int panels;
  };

  // The products at all points for `channels` of the result from `first` on.
  void multiply_points(std::int64_t first, std::int64_t channels) {
    const float* weights = &c_.weights[first * kPlanePoints * kTaps * c_.depth];
    for (std::int64_t point = 0; point < kPlanePoints; ++point) {
      for (std::int64_t channel = 0; channel < channels;) {
        const int panels = channel + kMostPanels * kPanel <= channels ? kMostPanels : 1;
        const Target target{point, channel, channels, panels};
        if (c_.transforms_time) {
          multiply_over_time(weights, target);
        } else {
          multiply_by_taps(weights, target);
        }
        weights += panels * filter_size_;
        channel += panels * kPanel;
      }
    }
  }

  // A time at a time, by the taps that meet the source.
  void multiply_by_taps(const float* weights, const Target& target) {
    const float* rows = transformed_ + target.point * transformed_step();
    const std::int64_t coming_count = filter_size_ / c_.result[0];
    for (std::int64_t t = 0; t < c_.result[0]; ++t) {
      const std::int64_t source_t = t - c_.pad[0];
      const std::int64_t first = std::max<std::int64_t>(0, -source_t);
      const std::int64_t end = std::min<std::int64_t>(kTaps, c_.source[0] - source_t);
      const Factors factors{.rows = rows + (source_t + first) * tiles_ * depth_,
                            .row_step = depth_,
                            .taps = std::max<std::int64_t>(0, end - first),
                            .tap_step = tiles_ * depth_,
                            .depth = c_.depth,
                            .panels = weights + first * tap_size_,
                            .panel_step = filter_size_,
                            .coming = weights + target.panels * filter_size_ + t * coming_count,
                            .coming_count = coming_count,
                            .coming_step = filter_size_};
      multiply(factors, target, 0, t * tiles_, tiles_);
    }
  }

  // By filters at the points of time, of which some are taps as they are.
  void multiply_over_time(const float* weights, const Target& target) {
    for (std::int64_t panel = 0; panel < target.panels; ++panel) {
      expand_filter(weights + panel * filter_size_, filters_ + panel * kPoints * tap_size_);
    }
    for (std::int64_t time = 0; time < kPoints; ++time) {
      const int tap = Taps::tap_at(time);
      const bool is_tap = tap >= 0;
      const Factors factors{
          .rows = transformed_ + (time * kPlanePoints + target.point) * transformed_step(),
          .row_step = depth_,
          .taps = 1,
          .tap_step = 0,
          .depth = c_.depth,
          .panels = is_tap ? weights + tap * tap_size_ : filters_ + time * tap_size_,
          .panel_step = is_tap ? filter_size_ : kPoints * tap_size_,
          .coming = weights + target.panels * filter_size_ + time * filter_size_ / kPoints,
          .coming_count = filter_size_ / kPoints,
          .coming_step = filter_size_};
      multiply(factors, target, time, 0, c_.source_groups() * tiles_);
    }
  }

  void expand_filter(const float* taps, float* to) const {
    for (std::int64_t i = 0; i < tap_size_; i += kLanes) {
      const Source points = Taps::filter_to_points(load<kTaps>(taps + i, tap_size_));
      repeat<kPoints>([&](auto point) HWY_ATTR {
        if (Taps::tap_at(point) < 0) hn::Store(points.at[point], d, to + point * tap_size_ + i);
      });
    }
  }

  void multiply(const Factors& factors, const Target& target, std::int64_t time,
                std::int64_t first_row, std::int64_t rows) {
    HWY_ALIGN static constexpr float kNoBias[kPanel] = {};
    float* to = products_ + first_row * products_step(target.channels) +
                (time * kPlanePoints + target.point) * target.channels + target.channel;
    PanelResult results[kMostPanels];
    for (int i = 0; i < target.panels; ++i) {
      results[i].data = to + i * kPanel;
      results[i].step = products_step(target.channels);
      results[i].bias = kNoBias;
    }
    HWY_NAMESPACE::multiply(factors, rows, results, target.panels);
  }

  using Plane = Vectors<16>;  // 4x4 results

  void transform_products(std::int64_t first, std::int64_t channels) {
    const std::int64_t groups = c_.transforms_time ? c_.source_groups() : c_.result[0];
    const float* from = products_;
    for (std::int64_t group = 0; group < groups; ++group) {
      for (std::int64_t tile = 0; tile < tiles_; ++tile, from += products_step(channels)) {
        for (std::int64_t channel = 0; channel < channels; channel += kLanes) {
          if (c_.transforms_time) {
            give_times(from + channel, channels, 4 * group, tile, first + channel);
          } else {
            const Plane plane = plane_of(from + channel, channels);
            give(group, tile, first + channel,
                 [&](std::int64_t i) HWY_ATTR { return Vectors<1>(plane.at[i]); });
          }
        }
      }
    }
  }

  void give_times(const float* from, std::int64_t step, std::int64_t first_t, std::int64_t tile,
                  std::int64_t channel) {
    Plane planes[kPoints];
    for (int time = 0; time < kPoints; ++time) {
      planes[time] = plane_of(from + time * kPlanePoints * step, step);
    }
    give(first_t, tile, channel,
         [&](std::int64_t i) HWY_ATTR { return Taps::points_to_result(each(planes, i)); });
  }

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

  // Writes what exists of a tile, of which results_at(i) are the times from `first_t` on at
  // position i.
  template <class ResultsAt>
  void give(std::int64_t first_t, std::int64_t tile, std::int64_t channel,
            const ResultsAt& results_at) {
    const V bias = hn::Load(d, &c_.bias[channel]);
    const V least = hn::Set(d, c_.relu ? 0.f : PanelResult{}.least);
    const std::int64_t first_y = 4 * (first_row_ + tile / across_), first_x = 4 * (tile % across_);
    const std::int64_t height = std::min<std::int64_t>(4, c_.result[1] - first_y);
    const std::int64_t width = std::min<std::int64_t>(4, c_.result[2] - first_x);
    const std::int64_t times = c_.result[0] - first_t;
    const std::int64_t time_step = c_.result[1] * c_.result[2] * result_.step;
    for (std::int64_t y = 0; y < height; ++y) {
      float* to = result_.at(first_t, first_y + y, first_x) + channel;
      for (std::int64_t x = 0; x < width; ++x, to += result_.step) {
        const auto results = results_at(y * 4 + x);
        repeat<sizeof(results) / sizeof(V)>([&](auto t) HWY_ATTR {
          const V value = hn::Max(hn::Add(results.at[t], bias), least);
          if (t < times) hn::Store(value, d, to + t * time_step);
        });
      }
    }
  }

  const WinogradConvolution& c_;
  const Volume &source_, &result_;
  float *strip_, *transformed_, *filters_, *products_;
  const std::int64_t depth_ = round_up(c_.depth, kPanel);
  const std::int64_t tap_size_ = c_.depth * kPanel, filter_size_ = kTaps * tap_size_;  // of a panel
  const std::int64_t across_ = c_.tiles_across();
  const std::int64_t width_ = 4 * across_ + kTaps - 1;  // of the strip
  const std::int64_t strip_plane_ = (4 * c_.tile_rows + kTaps - 1) * width_ * depth_;
  std::int64_t first_row_ = 0, tiles_ = 0;  // of the present strip
};

inline void winograd(const WinogradConvolution& convolution, const Volume& source,
                     const Volume& result, float* scratch) {
  if (convolution.taps == 3) {
    Winograd<ThreeTaps>(convolution, source, result, scratch).run();
  } else {
    Winograd<FourTaps>(convolution, source, result, scratch).run();
  }
}

}  // namespace
}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
