#include "extractors/flow/tvl1_kernels.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "extractors/instruction_sets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "extractors/flow/tvl1_kernels.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace co2net::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;
using DI = hn::RebindToSigned<D>;
using VI = hn::Vec<DI>;
constexpr D d;
constexpr DI di;
constexpr int kLanes = hn::MaxLanes(d);

struct Pair {
  V first, second;
};

// What is one float to the left of the vector `here`, at p, after the vector `before`. For AVX-512
// a load that is not aligned is two.
#if HWY_TARGET == HWY_AVX3
HWY_INLINE V left_of(const float*, V before, V here) {
  return hn::BitCast(d, VI{_mm512_alignr_epi32(hn::BitCast(di, here).raw,
                                               hn::BitCast(di, before).raw, kLanes - 1)});
}
#else
HWY_INLINE V left_of(const float* p, V, V) { return hn::LoadU(d, p - 1); }
#endif

HWY_INLINE V square(V x) { return hn::Mul(x, x); }

template <class DF>
HWY_INLINE hn::Vec<DF> hypot_in_double(DF df, hn::Vec<DF> x, hn::Vec<DF> y) {
  const hn::Rebind<double, DF> wide;
  const auto x_wide = hn::PromoteTo(wide, x), y_wide = hn::PromoteTo(wide, y);
  const auto sum = hn::Add(hn::Mul(x_wide, x_wide), hn::Mul(y_wide, y_wide));
  return hn::DemoteTo(df, hn::Sqrt(sum));
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE V hypot_by_double(V x, V y) { return hypot_in_double(d, x, y); }
#else
HWY_INLINE V hypot_by_double(V x, V y) {
  constexpr hn::Half<D> half;
  return hn::Combine(d, hypot_in_double(half, hn::UpperHalf(half, x), hn::UpperHalf(half, y)),
                     hypot_in_double(half, hn::LowerHalf(half, x), hn::LowerHalf(half, y)));
}
#endif

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
struct Root {
  V root, half_inverse;  // to 2^-21 and 2^-14
};

HWY_INLINE Root close_root(V s) {
  const V half = hn::Set(d, 0.5f), inverse = hn::ApproximateReciprocalSqrt(s);
  const V root = hn::Mul(s, inverse), half_inverse = hn::Mul(half, inverse);
#if HWY_TARGET == HWY_AVX2  // the inverse is known to 2^-11, which Goldschmidt's step squares
  const V defect = hn::NegMulAdd(root, half_inverse, half);
  return {hn::MulAdd(root, defect, root), hn::MulAdd(half_inverse, defect, half_inverse)};
#else  // to 2^-14
  return {hn::MulAdd(hn::NegMulAdd(root, root, s), half_inverse, root), half_inverse};
#endif
}

// Exact hypot: what glibc's hypotf returns, the square root in double precision rounded to float.
// x^2 + y^2 is held as a sum of floats, `sum` + `lost`, to 2^-46; a step of Newton's from the
// root's float gives the root to 2^-36. These are its roundings from 2^-35 below and 2^-35 above;
// where they differ (seldom) the way through double decides. Below 2^-45, where the dual step does
// not see it, the result is any number below that.
HWY_INLINE Pair close_hypots(V x, V y) {
  const V xx = hn::MulAdd(x, x, hn::Set(d, 0x1p-120f)), yy = square(y);
  const V sum = hn::Add(xx, yy);
  const V lost = hn::Add(hn::Add(hn::MulSub(x, x, xx), hn::MulSub(y, y, yy)),
                         hn::Sub(hn::Min(xx, yy), hn::Sub(sum, hn::Max(xx, yy))));
  const Root close = close_root(sum);
  const V rest = hn::Add(hn::NegMulAdd(close.root, close.root, sum), lost);
  const auto rounded_from = [&](float distance) HWY_ATTR {
    return hn::MulAdd(hn::MulAdd(sum, hn::Set(d, 2 * distance), rest), close.half_inverse,
                      close.root);
  };
  return {rounded_from(-0x1p-35f), rounded_from(0x1p-35f)};
}

HWY_INLINE Pair exact_hypots(Pair x, Pair y) {
  const Pair first = close_hypots(x.first, y.first), second = close_hypots(x.second, y.second);
  const auto decided =
      hn::And(hn::Eq(first.first, first.second), hn::Eq(second.first, second.second));
  if (HWY_UNLIKELY(!hn::AllTrue(d, decided))) {
    return {hypot_by_double(x.first, y.first), hypot_by_double(x.second, y.second)};
  }
  return {first.first, second.first};
}
#else
HWY_INLINE Pair exact_hypots(Pair x, Pair y) {
  return {hypot_by_double(x.first, y.first), hypot_by_double(x.second, y.second)};
}
#endif

// An iteration's arithmetic. Equation numbers are those of Sanchez, Meinhardt-Llopis, Facciolo:
// TV-L1 Optical Flow Estimation, IPOL 2013. v = u - factor * gradient solves (15), by thresholding
// (17); u = v + theta * div p is (16); the dual step, (20), is p = (p + tau / theta * grad u) / (1
// + tau / theta * |grad u|).

// What OpenCV's CPU code does, operation by operation.
struct OpenCvCpuStep {
  explicit OpenCvCpuStep(const SweepConstants& c)
      : l_t(hn::Set(d, c.l_t)), taut(hn::Set(d, c.taut)), theta(hn::Set(d, c.theta)) {}

  HWY_INLINE V factor(const float* data, std::ptrdiff_t plane, V gx, V gy, V u1, V u2) const {
    const V rho = hn::Add(hn::Load(d, data + kRhoConstant * plane),
                          hn::Add(hn::Mul(gx, u1), hn::Mul(gy, u2)));
    const V grad = hn::Load(d, data + kGradSquare * plane);
    const V inner = hn::IfThenElseZero(hn::Gt(grad, hn::Set(d, 0x1p-23f)), hn::Div(rho, grad));
    return hn::IfThenElse(hn::Gt(hn::Abs(rho), hn::Mul(l_t, grad)), hn::CopySignToAbs(l_t, rho),
                          inner);
  }

  // The first column's is added up in another order.
  template <bool kHasFirstColumn>
  HWY_INLINE static V divergence(V here, V left, V here_y, V up_y) {
    const V inner = hn::Add(hn::Sub(here, left), hn::Sub(here_y, up_y));
    if constexpr (!kHasFirstColumn) return inner;
    return hn::IfThenElse(hn::FirstN(d, 1), hn::Sub(hn::Add(here, here_y), up_y), inner);
  }

  HWY_INLINE V primal(V u, V factor, V gradient, V divergence) const {
    return hn::Add(hn::Sub(u, hn::Mul(factor, gradient)), hn::Mul(theta, divergence));
  }

  HWY_INLINE static Pair norms(Pair ux, Pair uy) { return exact_hypots(ux, uy); }

  HWY_INLINE Pair dual(Pair moved, V norm) const {
    const V scale = hn::Add(hn::Set(d, 1.0f), hn::Mul(taut, norm));
    return {hn::Div(moved.first, scale), hn::Div(moved.second, scale)};
  }

  const V l_t, taut, theta;
};

// The definition of kPortable (README.md).
struct PortableStep {
  explicit PortableStep(const SweepConstants& c)
      : l_t(hn::Set(d, c.l_t)), taut(hn::Set(d, c.taut)), theta(hn::Set(d, c.theta)) {}

  HWY_INLINE V factor(const float* data, std::ptrdiff_t plane, V gx, V gy, V u1, V u2) const {
    const V rho = hn::Add(hn::Mul(gy, u2),
                          hn::Add(hn::Mul(gx, u1), hn::Load(d, data + kRhoConstant * plane)));
    const V wanted = hn::Mul(rho, hn::Load(d, data + kGradSquareInverse * plane));
    return hn::Min(hn::Max(wanted, hn::Neg(l_t)), l_t);
  }

  template <bool kHasFirstColumn>
  HWY_INLINE static V divergence(V here, V left, V here_y, V up_y) {
    return hn::Add(hn::Sub(here, left), hn::Sub(here_y, up_y));
  }

  // In steps of 2^-21 or more, so that no gradient's square is a denormal number.
  HWY_INLINE V primal(V u, V factor, V gradient, V divergence) const {
    const V grid = hn::Set(d, 12.0f);
    const V moved = hn::Add(hn::Sub(u, hn::Mul(factor, gradient)), hn::Mul(theta, divergence));
    return hn::Sub(hn::Add(moved, grid), grid);
  }

  HWY_INLINE static Pair norms(Pair ux, Pair uy) {
    return {hn::Sqrt(hn::Add(square(ux.first), square(uy.first))),
            hn::Sqrt(hn::Add(square(ux.second), square(uy.second)))};
  }

  HWY_INLINE Pair dual(Pair moved, V norm) const {
    const V one = hn::Set(d, 1.0f);
    const V scale = hn::Div(one, hn::Add(one, hn::Mul(taut, norm)));
    return {hn::Mul(moved.first, scale), hn::Mul(moved.second, scale)};
  }

  const V l_t, taut, theta;
};

// Sums of squared changes of the flow.

struct NoChange {
  static constexpr std::int64_t kNone = 0;
  HWY_INLINE void add(V, V) {}
  HWY_INLINE std::int64_t taken() { return kNone; }
};

// In float; a row's by vectors.
struct FloatChange {
  static constexpr double kNone = 0;
  V sum;

  HWY_INLINE FloatChange() : sum(hn::Zero(d)) {}

  HWY_INLINE void add(V change1, V change2) {
    sum = hn::MulAdd(change1, change1, sum);
    sum = hn::MulAdd(change2, change2, sum);
  }
  HWY_INLINE double taken() {
    const double total = hn::GetLane(hn::SumOfLanes(d, sum));
    sum = hn::Zero(d);
    return total;
  }
};

// In integers, whose sum does not depend on the order.
struct IntegerChange {
  static constexpr std::int64_t kNone = 0;
  VI sum;

  HWY_INLINE IntegerChange() : sum(hn::Zero(di)) {}

  HWY_INLINE void add(V change1, V change2) {
    const V squared = hn::Add(square(change1), square(change2));
    const V capped = hn::Min(squared, hn::Set(d, kLargestChange));
    sum = hn::Add(sum, hn::ConvertTo(di, hn::Mul(capped, hn::Set(d, kChangeSteps))));
  }
  HWY_INLINE std::int64_t taken() {
    HWY_ALIGN std::int32_t lanes[kLanes];
    hn::Store(sum, di, lanes);
    sum = hn::Zero(di);
    std::int64_t total = 0;
    for (const std::int32_t lane : lanes) total += lane;
    return total;
  }
};

// As many as an int32 holds: 511 * 4 * 2^20 < 2^31.
constexpr int kVectorsASum = 511;

// Where a row's iteration reads and writes.
struct RowPair {
  const Planes& from;
  const Planes& to;
  const Planes& data;
};

// Where a row's iteration is: a vector of the row's first planes and of those above. So few
// pointers move, with other planes at multiples of one distance, that a loop keeps all in
// registers.
template <bool kInPlace>
struct Position {
  HWY_INLINE Position(const RowPair& rows, int y)
      : from(rows.from.row(0, y)),
        from_above(rows.from.row(0, y - 1)),
        data(rows.data.row(0, y)),
        now(rows.to.row(0, y)),
        now_above(rows.to.row(0, y - 1)) {}

  HWY_INLINE void advance() {
    from += kLanes;
    from_above += kLanes;
    data += kLanes;
    now += kLanes;
    now_above += kLanes;
  }
  HWY_INLINE const float* old() const { return kInPlace ? now : from; }
  HWY_INLINE const float* old_above() const { return kInPlace ? now_above : from_above; }

  const float *from, *from_above, *data;
  float *now, *now_above;
};

// What a vector's dual step needs of the gradients of u1 and u2.
struct DualInput {
  HWY_INLINE DualInput() {}  // an implicit one would be compiled without the target's instructions
  Pair moved1, moved2;       // p + tau / theta * grad u
  Pair norms;                // |grad u|
};

// Fused sweep: one pass updates the flow of row y and the dual variables of row y - 1, whose
// gradient is then known. The dual step is prepared one vector behind and finished another one
// later, so that the CPU computes all three at the same time. Row 0 has no row above (kDual is
// false), and below the last row there is only that one's dual step (kPrimal is false). Returns the
// sum of squared changes.
template <class Step, class Change, bool kInPlace, bool kPrimal, bool kDual>
HWY_NOINLINE auto update_row(const RowPair& rows, const SweepConstants& constants, int y) {
  const Step step(constants);
  const int width = rows.to.width;
  const std::ptrdiff_t plane = rows.to.stride;
  Position<kInPlace> at(rows, y);
  Change change;
  auto total = Change::kNone;

  Pair before{hn::Zero(d), hn::Zero(d)};  // p11 and p21
  const auto update_flow = [&](auto is_first) HWY_ATTR {
    if constexpr (!kPrimal) return Pair{hn::Zero(d), hn::Zero(d)};
    const auto divergence = [&](int px, int py, V& px_before) HWY_ATTR {
      const float* row = at.old() + px * plane;
      const V here = hn::Load(d, row), left = left_of(row, px_before, here);
      px_before = here;
      return Step::template divergence<decltype(is_first)::value>(
          here, left, hn::Load(d, at.old() + py * plane), hn::Load(d, at.old_above() + py * plane));
    };
    const V gx = hn::Load(d, at.data + kGradX * plane);
    const V gy = hn::Load(d, at.data + kGradY * plane);
    const V u1 = hn::Load(d, at.old() + kU1 * plane), u2 = hn::Load(d, at.old() + kU2 * plane);
    const V factor = step.factor(at.data, plane, gx, gy, u1, u2);
    const V u1_new = step.primal(u1, factor, gx, divergence(kP11, kP12, before.first));
    const V u2_new = step.primal(u2, factor, gy, divergence(kP21, kP22, before.second));
    change.add(hn::Sub(u1_new, u1), hn::Sub(u2_new, u2));
    hn::Store(u1_new, d, at.now + kU1 * plane);
    hn::Store(u2_new, d, at.now + kU2 * plane);
    return Pair{u1_new, u2_new};
  };
  // These are `back` floats behind.
  const auto prepare_dual = [&](int back, Pair flow_below, auto is_last) HWY_ATTR {
    DualInput input;
    if constexpr (!kDual) return input;
    const float* old = at.old_above() - back;
    const float* now = at.now_above - back;
    const auto along_x = [&](int u, V here) HWY_ATTR {
      const V ux = hn::Sub(hn::LoadU(d, now + u * plane + 1), here);
      return decltype(is_last)::value ? hn::IfThenElseZero(hn::FirstN(d, (width - 1) % kLanes), ux)
                                      : ux;
    };
    const auto along_y = [](V below, V here)
                             HWY_ATTR { return kPrimal ? hn::Sub(below, here) : hn::Zero(d); };
    const auto moved = [&](int p, V gradient) HWY_ATTR {
      return hn::Add(hn::Load(d, old + p * plane), hn::Mul(step.taut, gradient));
    };
    const V u1 = hn::Load(d, now + kU1 * plane), u2 = hn::Load(d, now + kU2 * plane);
    const Pair ux{along_x(kU1, u1), along_x(kU2, u2)};
    const Pair uy{along_y(flow_below.first, u1), along_y(flow_below.second, u2)};
    input.norms = Step::norms(ux, uy);
    input.moved1 = {moved(kP11, ux.first), moved(kP12, uy.first)};
    input.moved2 = {moved(kP21, ux.second), moved(kP22, uy.second)};
    return input;
  };
  const auto finish_dual = [&](int back, const DualInput& input) HWY_ATTR {
    if constexpr (!kDual) return;
    const auto store = [&](int px, int py, Pair p) HWY_ATTR {
      hn::Store(p.first, d, at.now_above - back + px * plane);
      hn::Store(p.second, d, at.now_above - back + py * plane);
    };
    store(kP11, kP12, step.dual(input.moved1, input.norms.first));
    store(kP21, kP22, step.dual(input.moved2, input.norms.second));
  };
  constexpr std::true_type yes;
  constexpr std::false_type no;
  Pair flow = update_flow(yes);
  int left = (width - 1) / kLanes;
  if (left > 0) {
    at.advance();
    Pair next = update_flow(no);
    DualInput behind = prepare_dual(kLanes, flow, no);
    flow = next;
    for (--left; left > 0;) {
      total += change.taken();
      const int vectors = std::min(left, kVectorsASum - 1);
      for (int i = 0; i < vectors; ++i) {
        at.advance();
        next = update_flow(no);
        finish_dual(2 * kLanes, behind);
        behind = prepare_dual(kLanes, flow, no);
        flow = next;
      }
      left -= vectors;
    }
    finish_dual(kLanes, behind);
  }
  finish_dual(0, prepare_dual(0, flow, yes));
  return total + change.taken();
}

// Wavefront: iteration k works on row `front` - k, one row behind iteration k - 1, so that a row
// goes through all of them while it is in the L2 cache. update(rows, k, y) does a row.
template <class Update>
HWY_INLINE void sweep(const Planes& from, const Planes& to, const Planes& data, int sweeps,
                      const Update& update) {
  for (int front = 0; front < from.height + sweeps; ++front) {
    const int end = std::min(sweeps, front + 1);
    for (int k = std::max(0, front - from.height); k < end; ++k) {
      update(RowPair{k == 0 ? from : to, to, data}, k, front - k);
    }
  }
}

template <class Step, class Change, bool kInPlace>
auto update(const RowPair& rows, const SweepConstants& constants, int y) {
  if (y == 0) return update_row<Step, Change, kInPlace, true, false>(rows, constants, y);
  if (y < rows.to.height) return update_row<Step, Change, kInPlace, true, true>(rows, constants, y);
  return update_row<Step, Change, kInPlace, false, true>(rows, constants, y);
}

void sweep_opencv_cpu(const Planes& from, const Planes& to, const Planes& data,
                      const SweepConstants& constants, int sweeps, double* changes) {
  std::fill_n(changes, sweeps, 0.0);
  sweep(from, to, data, sweeps, [&](const RowPair& rows, int k, int y) {
    changes[k] += k == 0 ? update<OpenCvCpuStep, FloatChange, false>(rows, constants, y)
                         : update<OpenCvCpuStep, FloatChange, true>(rows, constants, y);
  });
}

std::int64_t sweep_portable(const Planes& state, const Planes& data,
                            const SweepConstants& constants, int sweeps) {
  std::int64_t change = 0;
  sweep(state, state, data, sweeps, [&](const RowPair& rows, int k, int y) {
    change += k + 1 < sweeps ? update<PortableStep, NoChange, true>(rows, constants, y)
                             : update<PortableStep, IntegerChange, true>(rows, constants, y);
  });
  return change;
}

struct Weights {
  V at[4];
};

// Position between pixels and weights as cv::remap takes them, from a table at 1/32 pixel.
struct OpenCvCpuWarp {
  static constexpr bool kNormalised = false;

  HWY_INLINE static void split(V position, int, VI& first, V& fraction) {
    const VI fixed = hn::NearestInt(hn::Mul(position, hn::Set(d, 32.0f)));
    first = hn::ShiftRight<5>(fixed);
    fraction = hn::Mul(hn::ConvertTo(d, hn::And(fixed, hn::Set(di, 31))), hn::Set(d, 1.0f / 32));
  }

  HWY_INLINE static Weights weights(V t) {
    const V one = hn::Set(d, 1.0f), left = hn::Add(t, one), right = hn::Sub(one, t);
    const auto set = [](float x) HWY_ATTR { return hn::Set(d, x); };
    const auto inner = [&](V x) HWY_ATTR {
      return hn::Add(hn::Mul(hn::Mul(hn::Sub(hn::Mul(set(1.25f), x), set(2.25f)), x), x), one);
    };
    V outer = hn::Add(hn::Mul(set(-0.75f), left), set(3.75f));
    outer = hn::Sub(hn::Mul(outer, left), set(6.0f));
    outer = hn::Add(hn::Mul(outer, left), set(3.0f));
    const V second = inner(t), third = inner(right);
    return {{outer, second, third, hn::Sub(hn::Sub(hn::Sub(one, outer), second), third)}};
  }
};

// Beyond the border every window sees the same, so that the position may end there.
struct PortableWarp {
  static constexpr bool kNormalised = true;

  HWY_INLINE static void split(V position, int size, VI& first, V& fraction) {
    const V lowest = hn::Set(d, 1.0f - kWarpBorder), highest = hn::Set(d, size + 1.0f);
    const V clamped = hn::Min(hn::Max(position, lowest), highest);
    const V whole = hn::Floor(clamped);
    first = hn::ConvertTo(di, whole);
    fraction = hn::Sub(clamped, whole);
  }

  HWY_INLINE static Weights weights(V t) {
    const auto set = [](float x) HWY_ATTR { return hn::Set(d, x); };
    const auto near = [&](V x) HWY_ATTR {
      return hn::Add(hn::Mul(square(x), hn::Sub(hn::Mul(set(1.5f), x), set(2.5f))), set(1));
    };
    const auto far = [&](V x) HWY_ATTR {
      const V inner = hn::Add(hn::Mul(set(-0.5f), x), set(2.5f));
      return hn::Add(hn::Mul(x, hn::Sub(hn::Mul(x, inner), set(4))), set(2));
    };
    const V one = set(1);
    return {{far(hn::Add(one, t)), near(t), near(hn::Sub(one, t)), far(hn::Sub(set(2), t))}};
  }
};

struct Warped {
  HWY_INLINE Warped() {}  // an implicit one would be compiled without the target's instructions
  V at[kWarpPlanes];
};

// The weighted sum of 4x4 pixels for each plane; load(p) gives the vector's pixels p floats from
// the windows' first. OpenCV sums row by row inside the image, and straight on (kStraight) where
// the window leaves it.
template <bool kStraight, bool kNormalised, class Load>
HWY_INLINE Warped weigh(const Planes& image, const Weights& wx, const Weights& wy,
                        const Load& load) {
  Warped sums;
  V weight_sum = hn::Zero(d);
  for (int j = 0; j < 4; ++j) {
    Warped row;
    for (int i = 0; i < 4; ++i) {
      const V weight = hn::Mul(wy.at[j], wx.at[i]);
      if constexpr (kNormalised) weight_sum = hn::Add(weight_sum, weight);
      for (int plane = 0; plane < kWarpPlanes; ++plane) {
        const V term = hn::Mul(load((j * image.count + plane) * image.stride + i), weight);
        V& sum = kStraight ? sums.at[plane] : row.at[plane];
        sum = i == 0 && (!kStraight || j == 0) ? term : hn::Add(sum, term);
      }
    }
    if constexpr (!kStraight) {
      for (int plane = 0; plane < kWarpPlanes; ++plane) {
        sums.at[plane] = j == 0 ? row.at[plane] : hn::Add(sums.at[plane], row.at[plane]);
      }
    }
  }
  if constexpr (kNormalised) {
    const V scale = hn::Div(hn::Set(d, 1.0f), weight_sum);
    for (V& sum : sums.at) sum = hn::Mul(sum, scale);
  }
  return sums;
}

// Grouped bicubic warp: neighbours mostly move together, so that their pixels are neighbours too.
// Lanes of equal displacement share one plain load a tap, for the image and both gradients.
template <class Method>
void warp(const Planes& first, const Planes& second, const Planes& state, const Planes& data) {
  const int width = first.width, height = first.height;
  const VI lane = hn::Iota(di, 0);
  for (int y = 0; y < height; ++y) {
    const float* u1_row = state.row(kU1, y);
    const float* u2_row = state.row(kU2, y);
    for (int x = 0; x < width; x += kLanes) {
      const V u1 = hn::Load(d, u1_row + x), u2 = hn::Load(d, u2_row + x);
      const VI column = hn::Add(hn::Set(di, x), lane);
      VI left, top;
      V tx, ty;
      Method::split(hn::Add(hn::ConvertTo(d, column), u1), width, left, tx);
      Method::split(hn::Add(hn::Set(d, static_cast<float>(y)), u2), height, top, ty);
      const Weights wx = Method::weights(tx), wy = Method::weights(ty);
      const VI border = hn::Set(di, -kWarpBorder);
      left = hn::Min(hn::Max(hn::Sub(left, hn::Set(di, 1)), border), hn::Set(di, width));
      top = hn::Min(hn::Max(hn::Sub(top, hn::Set(di, 1)), border), hn::Set(di, height));
      const int row_step = static_cast<int>(second.stride) * second.count;
      const VI offset = hn::Add(hn::Mul(top, hn::Set(di, row_step)), hn::Sub(left, lane));

      HWY_ALIGN int offsets[kLanes];
      hn::Store(offset, di, offsets);
      const auto lanes_at = [&](int there) HWY_ATTR {
        return hn::RebindMask(d, hn::Eq(offset, hn::Set(di, there)));
      };
      const M inside = hn::FirstN(d, std::min(kLanes, width - x));
      const float* group[kLanes] = {second.origin + offsets[0]};
      M in_group[kLanes];
      int groups = 1;
      M rest = hn::AndNot(lanes_at(offsets[0]), inside);
      for (; !hn::AllFalse(d, rest); ++groups) {
        const int there = offsets[hn::FindFirstTrue(d, rest)];
        group[groups] = second.origin + there;
        in_group[groups] = lanes_at(there);
        rest = hn::AndNot(in_group[groups], rest);
      }
      // The next row's windows reach one row lower, which is in no cache nearby.
      for (int plane = 0; plane < kWarpPlanes; ++plane) {
        hwy::Prefetch(group[0] + (4 * second.count + plane) * second.stride);
      }
      const auto weigh_in = [&](auto straight, const auto& load) HWY_ATTR {
        return weigh<decltype(straight)::value, Method::kNormalised>(second, wx, wy, load);
      };
      const auto load_one = [&](std::ptrdiff_t p) HWY_ATTR { return hn::LoadU(d, group[0] + p); };
      const auto load_two = [&](std::ptrdiff_t p) HWY_ATTR {
        return hn::IfThenElse(in_group[1], hn::LoadU(d, group[1] + p), load_one(p));
      };
      const auto load_all = [&](std::ptrdiff_t p) HWY_ATTR {
        V value = load_one(p);
        for (int g = 1; g < groups; ++g) {
          value = hn::IfThenElse(in_group[g], hn::LoadU(d, group[g] + p), value);
        }
        return value;
      };
      constexpr std::false_type by_rows;
      constexpr std::true_type straight;
      Warped warped = groups == 1   ? weigh_in(by_rows, load_one)
                      : groups == 2 ? weigh_in(by_rows, load_two)
                                    : weigh_in(by_rows, load_all);
      if constexpr (std::is_same_v<Method, OpenCvCpuWarp>) {
        const VI zero = hn::Zero(di);
        const auto outside = hn::Or(
            hn::Or(hn::Lt(left, zero), hn::Lt(top, zero)),
            hn::Or(hn::Gt(left, hn::Set(di, width - 4)), hn::Gt(top, hn::Set(di, height - 4))));
        if (!hn::AllFalse(di, outside)) {
          const Warped at_border = weigh_in(straight, load_all);
          for (int plane = 0; plane < kWarpPlanes; ++plane) {
            warped.at[plane] =
                hn::IfThenElse(hn::RebindMask(d, outside), at_border.at[plane], warped.at[plane]);
          }
        }
      }
      const V gx = warped.at[kImageX], gy = warped.at[kImageY];
      const V moved = hn::Sub(hn::Sub(warped.at[kImage], hn::Mul(gx, u1)), hn::Mul(gy, u2));
      const V rho = hn::Sub(moved, hn::Load(d, first.row(kImage, y) + x));
      const auto store = [&](DataPlane plane, V value) HWY_ATTR {
        hn::Store(hn::IfThenElseZero(inside, value), d, data.row(plane, y) + x);
      };
      store(kGradX, gx);
      store(kGradY, gy);
      store(kRhoConstant, rho);
      const V grad = hn::Add(square(gx), square(gy));
      if constexpr (std::is_same_v<Method, PortableWarp>) {
        store(kGradSquareInverse, hn::Div(hn::Set(d, 1.0f), hn::Max(grad, hn::Set(d, 0x1p-23f))));
      } else {
        store(kGradSquare, grad);
      }
    }
  }
}

HWY_INLINE void order(V& a, V& b) {
  const V lower = hn::Min(a, b);
  b = hn::Max(a, b);
  a = lower;
}

HWY_INLINE void sort(V (&v)[3]) {
  order(v[0], v[1]);
  order(v[1], v[2]);
  order(v[0], v[1]);
}

HWY_INLINE void sort(V (&v)[5]) {
  order(v[0], v[3]);
  order(v[1], v[4]);
  order(v[0], v[2]);
  order(v[1], v[3]);
  order(v[0], v[1]);
  order(v[2], v[4]);
  order(v[1], v[2]);
  order(v[3], v[4]);
  order(v[2], v[3]);
}

// Column-sorted medians: each column is sorted once for all windows that it is in, and the rows of
// a window's sorted columns are sorted in turn. In such a matrix m of 3 x 3 the median of all is
// that of m[i][2 - i], in one of 5 x 5 that of m[i][4 - i] together with the largest m[i][3 - i]
// and the smallest m[i][5 - i].
HWY_INLINE V median_of_sorted(const V (&m)[3][3]) {
  const V a = hn::Min(m[0][2], m[1][1]), b = hn::Max(m[0][2], m[1][1]);
  return hn::Max(a, hn::Min(b, m[2][0]));
}

HWY_INLINE V median_of_sorted(const V (&m)[5][5]) {
  const V low = hn::Max(hn::Max(m[0][3], m[1][2]), hn::Max(m[2][1], m[3][0]));
  const V high = hn::Min(hn::Min(m[1][4], m[2][3]), hn::Min(m[3][2], m[4][1]));
  V middle[5] = {m[0][4], m[1][3], m[2][2], m[3][1], m[4][0]};
  sort(middle);
  const V a = hn::Min(low, high), b = hn::Max(low, high);
  return hn::Min(middle[3], hn::Min(hn::Max(middle[2], a), hn::Max(middle[1], b)));
}

template <int kSize>
HWY_INLINE V median_of_sorted_columns(const float* const* sorted, int x) {
  V m[kSize][kSize];
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) m[i][j] = hn::LoadU(d, sorted[i] + x + j - kSize / 2);
    sort(m[i]);
  }
  return median_of_sorted(m);
}

template <int kSize>
void median(const Planes& state, const Planes& scratch) {
  constexpr int kReach = kSize / 2;
  const int width = state.width, height = state.height;
  float* sorted[kSize];
  for (int i = 0; i < kSize; ++i) sorted[i] = scratch.row(i, 0);
  // Rows are written once no window needs them any more, kReach rows later.
  const auto finished = [&](int y) { return scratch.row(kSize + y % (kReach + 1), 0); };
  for (const int plane : {kU1, kU2}) {
    const auto write_back = [&](int y) {
      if (y >= 0) std::memcpy(state.row(plane, y), finished(y), sizeof(float) * width);
    };
    for (int y = 0; y < height; ++y) {
      const float* rows[kSize];
      for (int i = 0; i < kSize; ++i) {
        rows[i] = state.row(plane, std::clamp(y + i - kReach, 0, height - 1));
      }
      for (int x = 0; x < width; x += kLanes) {
        V column[kSize];
        for (int i = 0; i < kSize; ++i) column[i] = hn::Load(d, rows[i] + x);
        sort(column);
        for (int i = 0; i < kSize; ++i) hn::StoreU(column[i], d, sorted[i] + x);
      }
      for (float* row : sorted) {
        std::fill_n(row - kReach, kReach, row[0]);
        std::fill_n(row + width, kReach, row[width - 1]);
      }
      for (int x = 0; x < width; x += kLanes) {
        hn::StoreU(median_of_sorted_columns<kSize>(sorted, x), d, finished(y) + x);
      }
      write_back(y - kReach);
    }
    for (int y = height - kReach; y < height; ++y) write_back(y);
  }
}

}  // namespace

// NOLINTNEXTLINE: one a target
Tvl1Kernels kernels() {
  return {hwy::TargetName(HWY_TARGET), sweep_opencv_cpu, sweep_portable, warp<OpenCvCpuWarp>,
          warp<PortableWarp>,          median<3>,        median<5>};
}

}  // namespace co2net::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace co2net {
namespace {

constexpr InstructionSet<Tvl1Kernels> kCompiled[] = CO2NET_INSTRUCTION_SETS(kernels);

}  // namespace

const std::vector<Tvl1Kernels>& tvl1_kernels() {
  static const std::vector<Tvl1Kernels> all = runnable_kernels(kCompiled);
  return all;
}

std::vector<std::string> compiled_tvl1_kernels() { return names_of(kCompiled); }

}  // namespace co2net
#endif
