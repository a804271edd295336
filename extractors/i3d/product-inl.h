// Compiled once for each instruction set, by conv_kernels.cpp.
#if defined(CO2NET_EXTRACTORS_I3D_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CO2NET_EXTRACTORS_I3D_PRODUCT_INL_H
#undef CO2NET_EXTRACTORS_I3D_PRODUCT_INL_H
#else
#define CO2NET_EXTRACTORS_I3D_PRODUCT_INL_H
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <array>
#include <utility>

#include "extractors/i3d/conv_kernels.h"
#include "extractors/i3d/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

// As many sums as there are registers for, beside a row's value and the weights.
#if HWY_TARGET == HWY_AVX3
inline constexpr int kMostRows = 14, kMostPanels = 2;
#elif HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_NEON
inline constexpr int kMostRows = 6, kMostPanels = 1;
#else
inline constexpr int kMostRows = 3, kMostPanels = 1;
#endif
static_assert(kMostPanels <= kMostPanelsAtOnce);

// Rows of the left matrix, `row_step` apart, and panels of the right one, `panel_step` apart. A row
// has `taps` parts of `depth` floats, `tap_step` apart; a panel has [taps][depth][kPanel].
struct Factors {
  const float* rows;
  std::int64_t row_step;
  std::int64_t taps, tap_step, depth;
  const float* panels;
  std::int64_t panel_step;
  // What is wanted in the cache by the end of a product: so many floats for each of its panels,
  // those for the next panel `coming_step` further.
  const float* coming;
  std::int64_t coming_count, coming_step;
};

// kRows rows times kPanels panels. From `coming` on, `coming_rate` floats are fetched while one
// float of each row is multiplied.
template <int kRows, int kPanels>
HWY_NOINLINE void multiply_block(const Factors& factors, const PanelResult* results,
                                 std::int64_t first_row, const float* coming,
                                 std::int64_t coming_rate) {
  constexpr int kColumns = kPanels * kPanelVectors;
  V sums[kRows][kColumns];
  HWY_UNROLL(16)
  for (int j = 0; j < kColumns; ++j) {
    const V bias = hn::Load(d, results[j / kPanelVectors].bias + j % kPanelVectors * kLanes);
    HWY_UNROLL(16)
    for (int i = 0; i < kRows; ++i) sums[i][j] = bias;
  }
  const float* panels = factors.panels;
  for (std::int64_t tap = 0; tap < factors.taps; ++tap) {
    const float* row = factors.rows + first_row * factors.row_step + tap * factors.tap_step;
    const float* next_rows = row + kRows * factors.row_step;
    for (std::int64_t k = 0; k < factors.depth; ++k, ++row, panels += kPanel) {
      V weights[kColumns];
      HWY_UNROLL(16)
      for (int j = 0; j < kColumns; ++j) {
        const float* panel = panels + j / kPanelVectors * factors.panel_step;
        weights[j] = hn::Load(d, panel + j % kPanelVectors * kLanes);
      }
      hwy::Prefetch(next_rows);
      next_rows += kRows;
      HWY_UNROLL(2)
      for (int p = 0; p < kPanels; ++p) hwy::Prefetch(coming + p * factors.coming_step);
      coming += coming_rate;
      HWY_UNROLL(16)
      for (int i = 0; i < kRows; ++i) {
        const V value = hn::Set(d, row[i * factors.row_step]);
        HWY_UNROLL(16)
        for (int j = 0; j < kColumns; ++j) sums[i][j] = hn::MulAdd(value, weights[j], sums[i][j]);
      }
    }
  }
  HWY_UNROLL(16)
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
  const std::int64_t rate = width > 0 ? factors.coming_count / (blocks * width) + 1 : 0;
  const float* coming = factors.coming;
  std::int64_t row = 0;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t count = block < larger ? least + 1 : least;
    kBlocks[count - 1](factors, results, row, coming, rate);
    row += count;
    coming += width * rate;
  }
}

// `panels` is 1 or kMostPanels.
inline void multiply(const Factors& factors, std::int64_t rows, const PanelResult* results,
                     int panels) {
  if (panels == kMostPanels) {
    multiply_rows<kMostPanels>(factors, rows, results);
  } else {
    multiply_rows<1>(factors, rows, results);
  }
}

inline void pointwise(const float* source, std::int64_t rows, std::int64_t step, std::int64_t depth,
                      const float* weights, const std::vector<PanelResult>& results) {
  constexpr std::int64_t kRowsAtOnce = 4 * kMostRows;  // which stay in the cache for all panels
  const std::int64_t panel_size = depth * kPanel;
  const int panels = static_cast<int>(results.size());
  for (std::int64_t first = 0; first < rows; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, rows - first);
    const float* here = weights;
    for (int panel = 0; panel < panels;) {
      const int now = panel + kMostPanels <= panels ? kMostPanels : 1;
      std::array<PanelResult, kMostPanels> parts;
      for (int i = 0; i < now; ++i) {
        parts[i] = results[panel + i];
        parts[i].data += first * parts[i].step;
      }
      const Factors factors{.rows = source + first * step,
                            .row_step = step,
                            .taps = 1,
                            .tap_step = 0,
                            .depth = depth,
                            .panels = here,
                            .panel_step = panel_size,
                            .coming = here + now * panel_size,
                            .coming_count = panel_size,
                            .coming_step = panel_size};
      multiply(factors, count, parts.data(), now);
      panel += now;
      here += now * panel_size;
    }
  }
}

}  // namespace
}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
