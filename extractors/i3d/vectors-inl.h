// Compiled once for each instruction set, by conv_kernels.cpp.
#if defined(CO2NET_EXTRACTORS_I3D_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CO2NET_EXTRACTORS_I3D_VECTORS_INL_H
#undef CO2NET_EXTRACTORS_I3D_VECTORS_INL_H
#else
#define CO2NET_EXTRACTORS_I3D_VECTORS_INL_H
#endif

#include <hwy/highway.h>

#include <utility>

#include "extractors/i3d/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kPanel>;
using V = hn::Vec<D>;
inline constexpr D d;
inline constexpr int kLanes = hn::MaxLanes(d);
inline constexpr int kPanelVectors = kPanel / kLanes;

template <int kCount>
struct Vectors {
  // Both written out, since GCC compiles its own for the baseline instruction set.
  HWY_INLINE Vectors() {}
  template <class... Others>
  HWY_INLINE Vectors(V first, Others... others) : at{first, others...} {}

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

}  // namespace
}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
