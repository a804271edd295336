#pragma once

// The instruction sets that kernels are compiled for. To be included before
// <hwy/foreach_target.h>.

// Of some a vector can't be an array's element; the others are no faster than those that are left.
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
// The plain ones even where every CPU has vectors: the others are tested beside them.
#define HWY_COMPILE_ALL_ATTAINABLE

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace co2net {

template <class Kernels>
struct InstructionSet {
  std::int64_t target;   // Highway's number
  Kernels (*kernels)();  // as they are compiled for it
};

// Those that this CPU runs, the fastest first.
template <class Kernels, std::size_t kCount>
std::vector<Kernels> runnable_kernels(const InstructionSet<Kernels> (&sets)[kCount]) {
  const std::int64_t supported = hwy::SupportedTargets() | HWY_STATIC_TARGET;
  std::map<std::int64_t, Kernels> runnable;  // Highway's numbers fall from set to better set
  for (const InstructionSet<Kernels>& set : sets) {
    if ((supported & set.target) != 0) runnable.emplace(set.target, set.kernels());
  }
  std::vector<Kernels> fastest_first;
  for (const auto& [target, kernels] : runnable) fastest_first.push_back(kernels);
  return fastest_first;
}

template <class Kernels, std::size_t kCount>
std::vector<std::string> names_of(const InstructionSet<Kernels> (&sets)[kCount]) {
  std::vector<std::string> names;
  for (const InstructionSet<Kernels>& set : sets) names.emplace_back(hwy::TargetName(set.target));
  return names;
}

}  // namespace co2net

#if HWY_TARGETS & HWY_AVX3 & ~HWY_STATIC_TARGET
#define CO2NET_AVX3(function) {HWY_AVX3, N_AVX3::function},
#else
#define CO2NET_AVX3(function)
#endif
#if HWY_TARGETS & HWY_AVX2 & ~HWY_STATIC_TARGET
#define CO2NET_AVX2(function) {HWY_AVX2, N_AVX2::function},
#else
#define CO2NET_AVX2(function)
#endif
#if HWY_TARGETS & HWY_SSE4 & ~HWY_STATIC_TARGET
#define CO2NET_SSE4(function) {HWY_SSE4, N_SSE4::function},
#else
#define CO2NET_SSE4(function)
#endif
#if HWY_TARGETS & HWY_EMU128 & ~HWY_STATIC_TARGET
#define CO2NET_EMU128(function) {HWY_EMU128, N_EMU128::function},
#else
#define CO2NET_EMU128(function)
#endif
#if HWY_TARGETS & HWY_SCALAR & ~HWY_STATIC_TARGET
#define CO2NET_SCALAR(function) {HWY_SCALAR, N_SCALAR::function},
#else
#define CO2NET_SCALAR(function)
#endif

// An array's initializer: an InstructionSet for each that `function`, of HWY_NAMESPACE, is compiled
// for.
#define CO2NET_INSTRUCTION_SETS(function)                                    \
  {                                                                          \
    CO2NET_AVX3(function)                                                    \
    CO2NET_AVX2(function)                                                    \
    CO2NET_SSE4(function){HWY_STATIC_TARGET, HWY_STATIC_DISPATCH(function)}, \
        CO2NET_EMU128(function) CO2NET_SCALAR(function)                      \
  }
