#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "postprocess/bootstrap.h"
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

// By how much one row is better than another in the mean over seeds, and its interval.
struct Difference {
  double value = 0, low = 0, high = 0;
  bool excludes_zero() const { return low > 0 || high < 0; }
};

// How many seeds both rows have. Throws Error(kInput) for unequal numbers, or none.
std::size_t paired_seeds(std::size_t row, std::size_t other);

// By how much a row's training with seed i is better than another's, of the drawn videos alone.
using SeedDifference = std::function<double(std::size_t seed, const Copies& videos)>;

// Whether drawn videos have ground truth, without which they say nothing.
using HaveTruth = std::function<bool(const Copies& videos)>;

// Each resample draws as many seeds and as many videos as there are, with replacement, at once:
// intervals hold for other seeds, judged on other videos of this kind. They are quantiles of the
// resampled differences, each side of (1 - confidence) / 2 / claims (Bonferroni). Videos are
// drawn anew where none of them has ground truth, so that intervals are of sets that have some, as
// evaluate_in_detail()'s are. `of_seed` is called from several threads. Of at least one seed and
// one video. Throws Error(kInput) where no video has ground truth.
Difference difference(
    std::size_t seeds, std::size_t videos, const SeedDifference& of_seed,
    const BootstrapOptions& options,
    const HaveTruth& have_truth = [](const Copies&) { return true; });

// The same of mAP, averaged over thresholds. Throws Error(kInput) for rows that are no pair, or of
// other videos, or where a ranking has no ground truth.
Difference difference(const Row& row, const Row& other, const BootstrapOptions& options);

}  // namespace co2net
