#include "extractors/i3d/winograd.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>

namespace co2net {
namespace {

// Rows of points, columns of taps: what a filter is at each point, over what the transforms of
// source and result leave out.
template <int kTaps>
std::vector<double> weight_transform() {
  constexpr auto& finite = WinogradPoints<kTaps>::kFinite;
  std::vector<double> rows;
  for (const double point : finite) {
    double scale = 1;
    for (const double other : finite) {
      if (other != point) scale /= point - other;
    }
    for (int tap = 0; tap < kTaps; ++tap) rows.push_back(scale * std::pow(point, tap));
  }
  for (int tap = 0; tap < kTaps; ++tap) rows.push_back(tap == kTaps - 1 ? 1 : 0);
  return rows;
}

// A panel's weights of one time and input, [taps * taps][kPanel], to [points * points][kPanel].
class PlaneTransform {
 public:
  explicit PlaneTransform(std::int64_t taps)
      : taps_(taps),
        points_(taps + 3),
        rows_(taps == 3 ? weight_transform<3>() : weight_transform<4>()) {}

  // Row i of the result goes to to + i * step.
  void apply(const double* from, float* to, std::int64_t step) const {
    double half[kMostPoints * kMostTaps * kPanel];  // down the columns
    for (std::int64_t i = 0; i < points_; ++i) {
      for (std::int64_t x = 0; x < taps_; ++x) {
        combine(i, from + x * kPanel, taps_ * kPanel, &half[(i * taps_ + x) * kPanel]);
      }
    }
    double row[kPanel];
    for (std::int64_t i = 0; i < points_; ++i) {
      for (std::int64_t j = 0; j < points_; ++j, to += step) {
        combine(j, &half[i * taps_ * kPanel], kPanel, row);
        std::copy_n(row, kPanel, to);
      }
    }
  }

 private:
  static constexpr std::int64_t kMostTaps = 4, kMostPoints = 7;

  // The filter whose taps are panels `step` apart, at a point.
  void combine(std::int64_t point, const double* filter, std::int64_t step, double* result) const {
    std::fill_n(result, kPanel, 0.);
    for (std::int64_t tap = 0; tap < taps_; ++tap) {
      const double factor = rows_[point * taps_ + tap];
      for (std::int64_t o = 0; o < kPanel; ++o) result[o] += factor * filter[tap * step + o];
    }
  }

  std::int64_t taps_, points_;
  std::vector<double> rows_;
};

// Products over time of one output: a tap at a time, at the ends fewer, or by F(4, taps).
bool should_transform_time(const WinogradConvolution& c) {
  std::int64_t one_by_one = 0;
  for (std::int64_t t = 0; t < c.result[0]; ++t) {
    const std::int64_t first = std::max<std::int64_t>(0, c.pad[0] - t);
    const std::int64_t end = std::min(c.taps, c.source[0] + c.pad[0] - t);
    one_by_one += std::max<std::int64_t>(0, end - first);
  }
  const std::int64_t transformed = (c.result[0] + 3) / 4 * c.points();
  return 5 * transformed < 4 * one_by_one;  // the transforms' own share
}

// The outputs [first, first + kPanel), as far as there are so many.
void fill_panel(const Array& weights, std::int64_t first, const PlaneTransform& transform,
                WinogradConvolution& c) {
  const std::int64_t inputs = weights.dim(1), count = std::min(kPanel, weights.dim(0) - first);
  const std::int64_t plane = c.taps * c.taps, panel_size = c.taps * c.depth * kPanel;
  const std::int64_t block = first / c.block_channels * c.block_channels;
  const std::int64_t block_panels = std::min(c.block_channels, c.channels - block) / kPanel;
  float* to = &c.weights[block / kPanel * c.points() * c.points() * panel_size +
                         (first - block) / kPanel * panel_size];
  std::vector<double> filter(plane * kPanel);
  for (std::int64_t tap = 0; tap < c.taps; ++tap) {
    for (std::int64_t input = 0; input < inputs; ++input) {
      for (std::int64_t o = 0; o < count; ++o) {
        const float* from = weights.row(first + o) + (input * c.taps + tap) * plane;
        for (std::int64_t i = 0; i < plane; ++i) filter[i * kPanel + o] = from[i];
      }
      transform.apply(filter.data(), to + (tap * c.depth + input) * kPanel,
                      block_panels * panel_size);
    }
  }
}

}  // namespace

void plan_winograd(WinogradConvolution& convolution) {
  constexpr std::int64_t kRows = 48;  // that a product needs to be worth its weights' way to it
  convolution.transforms_time = should_transform_time(convolution);
  const std::int64_t groups =
      convolution.transforms_time ? convolution.source_groups() : convolution.result[0];
  const std::int64_t rows_a_tile_row = convolution.tiles_across() * groups;
  convolution.tile_rows =
      std::min(convolution.tiles_down(), (kRows + rows_a_tile_row - 1) / rows_a_tile_row);
  const std::int64_t panels = convolution.tile_rows * rows_a_tile_row > 32 ? 2 : 4;
  convolution.block_channels = std::min(panels * kPanel, convolution.channels);
}

void fill_weights(WinogradConvolution& convolution, const Array& weights) {
  WinogradConvolution& c = convolution;
  c.weights.assign(c.points() * c.points() * c.channels * c.taps * c.depth, 0.f);
  const std::int64_t panels = (weights.dim(0) + kPanel - 1) / kPanel;
  const PlaneTransform transform(c.taps);
  // A thread that waits here must not load another network meanwhile.
  oneapi::tbb::this_task_arena::isolate([&] {
    oneapi::tbb::parallel_for(std::int64_t{0}, panels, [&](std::int64_t panel) {
      fill_panel(weights, panel * kPanel, transform, c);
    });
  });
}

WinogradScratch scratch_of(const WinogradConvolution& c) {
  const std::int64_t depth = round_up(c.depth, kPanel), points = c.points() * c.points();
  const std::int64_t height = 4 * c.tile_rows + c.taps - 1;
  const std::int64_t width = 4 * c.tiles_across() + c.taps - 1;
  const std::int64_t tiles = c.tile_rows * c.tiles_across();
  const std::int64_t source_planes = c.source_groups() * c.time_points();
  const std::int64_t result_rows = tiles * (c.transforms_time ? c.source_groups() : c.result[0]);
  return {.strip = source_planes * height * width * depth,
          .transformed = points * (source_planes * tiles * depth + c.time_points() * kPanel),
          .filters = c.time_points() * kMostPanelsAtOnce * kPanel * c.depth,
          .products = result_rows * (points * c.time_points() * c.block_channels + kPanel)};
}

}  // namespace co2net
