#include "samples/benchmark/paired_bootstrap.h"

#include <oneapi/tbb/parallel_for.h>

#include <random>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"

namespace co2net {
namespace {

// How often each of so many is in a draw of as many with replacement.
Copies some_draw(std::size_t count, std::mt19937_64& random) {
  Copies copies(count);
  for (std::size_t i = 0; i < count; ++i) ++copies[random() % count];
  return copies;
}

// Of the seeds, each counted as often as it was drawn.
double mean_difference(const Row& row, const Row& other, const Copies& seeds,
                       const Copies& videos) {
  double sum = 0;
  int count = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (seeds[i] == 0) continue;
    sum += seeds[i] * (mean(mAP_on(row[i], videos)) - mean(mAP_on(other[i], videos)));
    count += seeds[i];
  }
  return sum / count;
}

void expect_pairs(const Row& row, const Row& other) {
  if (row.empty() || row.size() != other.size()) {
    throw Error(ErrorKind::kInput, "rows of " + std::to_string(row.size()) + " and " +
                                       std::to_string(other.size()) +
                                       " seeds; want as many of each, and one at least");
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i].videos != row[0].videos || other[i].videos != row[0].videos) {
      throw Error(ErrorKind::kInput, "rankings of different numbers of videos");
    }
  }
}

}  // namespace

Difference difference(const Row& row, const Row& other, const BootstrapOptions& options) {
  expect_pairs(row, other);
  const std::size_t videos = row.front().videos;
  std::mt19937_64 random(options.seed);
  struct Draw {
    Copies seeds, videos;
  };
  std::vector<Draw> draws;
  for (int i = 0; i < options.resamples; ++i) {
    Draw draw;
    draw.seeds = some_draw(row.size(), random);
    draw.videos = some_draw(videos, random);
    draws.push_back(std::move(draw));
  }
  std::vector<double> differences(draws.size());
  oneapi::tbb::parallel_for(std::size_t{0}, draws.size(), [&](std::size_t i) {
    differences[i] = mean_difference(row, other, draws[i].seeds, draws[i].videos);
  });
  const double tail = (1 - options.confidence) / 2 / options.claims;
  return {mean_difference(row, other, Copies(row.size(), 1), Copies(videos, 1)),
          quantile(differences, tail), quantile(differences, 1 - tail)};
}

}  // namespace co2net
