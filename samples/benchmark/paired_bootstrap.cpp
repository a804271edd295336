#include "samples/benchmark/paired_bootstrap.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
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
double mean_difference(const SeedDifference& of_seed, const Copies& seeds, const Copies& videos) {
  double sum = 0;
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    if (seeds[i] > 0) sum += seeds[i] * of_seed(i, videos);
  }
  return sum / static_cast<double>(seeds.size());
}

bool all_have_truth(const Row& row, const Copies& videos) {
  return std::ranges::all_of(row, [&](const Ranking& ranking) {
    return std::ranges::any_of(ranking.classes, [&](const auto& ranked) {
      return std::ranges::any_of(ranked.second.truth_video_of,
                                 [&](std::size_t video) { return videos[video] > 0; });
    });
  });
}

void expect_same_videos(const Row& row, std::size_t videos) {
  for (const Ranking& ranking : row) {
    if (ranking.videos != videos) {
      throw Error(ErrorKind::kInput, "rankings of different numbers of videos");
    }
  }
}

}  // namespace

std::size_t paired_seeds(std::size_t row, std::size_t other) {
  if (row == other && row > 0) return row;
  throw Error(ErrorKind::kInput, "rows of " + std::to_string(row) + " and " +
                                     std::to_string(other) +
                                     " seeds; want as many of each, and one at least");
}

Difference difference(std::size_t seeds, std::size_t videos, const SeedDifference& of_seed,
                      const BootstrapOptions& options, const HaveTruth& have_truth) {
  const Copies all_videos(videos, 1);
  if (!have_truth(all_videos)) {
    throw Error(ErrorKind::kInput, "the videos have no ground truth to compare rows by");
  }
  std::mt19937_64 random(options.seed);
  struct Draw {
    Copies seeds, videos;
  };
  std::vector<Draw> draws;
  for (int i = 0; i < options.resamples; ++i) {
    Draw draw;
    draw.seeds = some_draw(seeds, random);
    do {
      draw.videos = some_draw(videos, random);
    } while (!have_truth(draw.videos));
    draws.push_back(std::move(draw));
  }
  std::vector<double> differences(draws.size());
  oneapi::tbb::parallel_for(std::size_t{0}, draws.size(), [&](std::size_t i) {
    differences[i] = mean_difference(of_seed, draws[i].seeds, draws[i].videos);
  });
  const double tail = (1 - options.confidence) / 2 / options.claims;
  return {mean_difference(of_seed, Copies(seeds, 1), all_videos), quantile(differences, tail),
          quantile(differences, 1 - tail)};
}

Difference difference(const Row& row, const Row& other, const BootstrapOptions& options) {
  const std::size_t seeds = paired_seeds(row.size(), other.size());
  const std::size_t videos = row.front().videos;
  expect_same_videos(row, videos);
  expect_same_videos(other, videos);
  return difference(
      seeds, videos,
      [&](std::size_t seed, const Copies& drawn) {
        return mean(mAP_on(row[seed], drawn)) - mean(mAP_on(other[seed], drawn));
      },
      options,
      [&](const Copies& drawn) {
        return all_have_truth(row, drawn) && all_have_truth(other, drawn);
      });
}

}  // namespace co2net
