#include "extractors/i3d/conv_kernels.h"

#include <algorithm>

#include "extractors/instruction_sets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "extractors/i3d/conv_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "extractors/i3d/product-inl.h"
#include "extractors/i3d/vectors-inl.h"
#include "extractors/i3d/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

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
ConvKernels conv_kernels_of_target() {
  return {hwy::TargetName(HWY_TARGET), winograd, pointwise, pool<Largest>, pool<Mean>};
}

}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace co2net {
namespace {

constexpr InstructionSet<ConvKernels> kCompiled[] = CO2NET_INSTRUCTION_SETS(conv_kernels_of_target);

}  // namespace

Floats pack_pointwise(const Array& weights, std::int64_t channels) {
  const std::int64_t outputs = weights.dim(0), inputs = weights.dim(1);
  Floats packed(channels * inputs);
  for (std::int64_t o = 0; o < outputs; ++o) {
    float* to = &packed[o / kPanel * kPanel * inputs + o % kPanel];
    const float* from = weights.row(o);
    for (std::int64_t i = 0; i < inputs; ++i) to[i * kPanel] = from[i];
  }
  return packed;
}

const std::vector<ConvKernels>& conv_kernels() {
  static const std::vector<ConvKernels> all = runnable_kernels(kCompiled);
  return all;
}

std::vector<std::string> compiled_conv_kernels() { return names_of(kCompiled); }

}  // namespace co2net
#endif
