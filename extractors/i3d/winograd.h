#pragma once

#include <oneapi/tbb/cache_aligned_allocator.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "extractors/i3d/conv_net.h"

namespace co2net {

// Weights lie in panels of so many outputs, side by side; some instruction sets take two panels at
// once.
constexpr std::int64_t kPanel = 16, kMostPanelsAtOnce = 2;

using Floats = std::vector<float, oneapi::tbb::cache_aligned_allocator<float>>;

// The points of F(4, n), 4 outputs of n taps at once, but for the last one, infinity; README.md
// says what they are. With these float32 loses least, of what was tried.
template <int kTaps>
struct WinogradPoints;
template <>
struct WinogradPoints<3> {  // 0, +-a, +-b
  static constexpr double a = 0.70710678118654752, b = 1.4142135623730951;
  static constexpr std::array<double, 5> kFinite{0, a, -a, b, -b};
};
template <>
struct WinogradPoints<4> {  // +-a, +-b, +-c
  static constexpr double a = 0.33, b = 0.87, c = 1.8;
  static constexpr std::array<double, 6> kFinite{a, -a, b, -b, c, -c};
};

// A convolution of stride 1 by F(4, taps) over height and width, and over time, too, where that is
// fewer products.
struct WinogradConvolution {
  std::int64_t taps = 3;  // along each axis, 3 or 4
  Size3 pad{};            // zeros before the source
  Size3 source{}, result{};
  std::int64_t depth = 0;     // of the source's channels, those that count
  std::int64_t channels = 0;  // of the result, whole panels

  bool transforms_time = false;
  std::int64_t tile_rows = 0;       // of 4x4 outputs, done at a time
  std::int64_t block_channels = 0;  // of the result, done at a time

  // At the plane's points, in the order in which they are read:
  // [blocks][points * points][panels of the block][taps of time][depth][kPanel].
  Floats weights{};
  Floats bias{};  // [channels]
  bool relu = false;

  std::int64_t points() const { return taps + 3; }
  std::int64_t time_points() const { return transforms_time ? points() : 1; }
  std::int64_t tiles_across() const { return (result[2] + 3) / 4; }
  std::int64_t tiles_down() const { return (result[1] + 3) / 4; }
  // Of 4 times of the result each, or the source's times.
  std::int64_t source_groups() const { return transforms_time ? (result[0] + 3) / 4 : source[0]; }
};

// What the shape says: the rest of the fields but for weights, bias and relu.
void plan_winograd(WinogradConvolution& convolution);

// From weights [outputs][inputs][taps][taps][taps], where outputs <= channels and inputs <= depth;
// what is beyond gets zeros. On all of TBB's threads.
void fill_weights(WinogradConvolution& convolution, const Array& weights);

// The parts of the scratch memory, in floats.
struct WinogradScratch {
  std::int64_t strip, transformed, filters, products;

  std::int64_t total() const { return strip + transformed + filters + products; }
};
WinogradScratch scratch_of(const WinogradConvolution& convolution);

}  // namespace co2net
