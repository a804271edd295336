#pragma once

#include <algorithm>
#include <limits>

namespace co2net {

// From start to end, in whatever unit is compared.
struct Span {
  double start = 0;
  double end = 0;

  double length() const { return end - start; }
};

inline double shared_length(const Span& a, const Span& b) {
  return std::max(0.0, std::min(a.end, b.end) - std::max(a.start, b.start));
}

// Temporal intersection over union. Infinite where neither has any length: the scripts' 0 / 0 is
// NaN, which they sort before all numbers and find below no threshold.
inline double overlap(const Span& a, const Span& b) {
  const double shared = shared_length(a, b);
  const double both = a.length() + b.length() - shared;
  return both == 0 ? std::numeric_limits<double>::infinity() : shared / both;
}

}  // namespace co2net
