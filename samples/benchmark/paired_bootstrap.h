#pragma once

#include <cstdint>
#include <vector>

#include "postprocess/evaluation.h"

namespace co2net {

// The trainings of one row, a seed each, judged on the same videos.
using Row = std::vector<Ranking>;

struct BootstrapOptions {
  int resamples = 10'000;
  int claims = 1;            // that are made together: intervals are widened for their number
  double confidence = 0.95;  // of all of them together
  std::uint64_t seed = 1;
};

// A row's mean over seeds of mAP over thresholds, minus another's, and its interval.
struct Difference {
  double value = 0, low = 0, high = 0;
  bool excludes_zero() const { return low > 0 || high < 0; }
};

// Seed i of one row is paired with seed i of the other. Each resample draws as many seeds and as
// many videos as there are, with replacement, at once: intervals hold for other trainings on other
// videos of this kind. They are quantiles of the resampled differences, each side of
// (1 - confidence) / 2 / claims (Bonferroni). Errors: Error(kInput) for rows of unequal numbers of
// seeds, of none, or of other videos.
Difference difference(const Row& row, const Row& other, const BootstrapOptions& options);

}  // namespace co2net
