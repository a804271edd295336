#include "postprocess/nms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace co2net {
namespace {

constexpr double kSigma = 0.3;

double weight(double iou) { return std::exp(-iou * iou / kSigma); }

// Soft-NMS as its definition reads, one pass over all that are left for each that is taken; the
// authors' swaps the best to the front before it takes it.
std::vector<Proposal> plain_soft_nms(std::vector<Proposal> left, Compat compat) {
  const bool is_authors = compat == Compat::kAuthors;
  const int excess = is_authors ? 1 : 0;
  std::vector<Proposal> taken;
  while (!left.empty()) {
    auto best = std::ranges::max_element(left, {}, &Proposal::score);
    if (is_authors) {
      std::iter_swap(left.begin(), best);
      best = left.begin();
    }
    taken.push_back(*best);
    left.erase(best);
    const Proposal& a = taken.back();
    for (Proposal& b : left) {
      const int shared = std::max(0, std::min(a.end, b.end) - std::max(a.start, b.start) + excess);
      const int lengths = a.end - a.start + b.end - b.start + 2 * excess;
      b.score *= weight(static_cast<double>(shared) / (lengths - shared));
    }
  }
  return taken;
}

TEST(SoftNms, LowersTheScoresOfWhatOverlapsTheBest) {
  const auto taken =
      soft_nms({{5, 15, 3, 0.9}, {0, 10, 3, 1.0}, {20, 30, 3, 0.8}}, kSigma, Compat::kClean);
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0], (Proposal{0, 10, 3, 1.0}));
  EXPECT_EQ(taken[1], (Proposal{20, 30, 3, 0.8}));
  EXPECT_EQ(taken[2].start, 5);
  EXPECT_DOUBLE_EQ(taken[2].score, 0.9 * weight(5.0 / 15));
}

TEST(SoftNms, LetsTouchingSegmentsOverlapForTheAuthorsOnly) {
  const std::vector<Proposal> touching = {{0, 4, 0, 1.0}, {4, 8, 0, 0.5}};
  EXPECT_DOUBLE_EQ(soft_nms(touching, kSigma, Compat::kAuthors)[1].score, 0.5 * weight(1.0 / 9));
  EXPECT_EQ(soft_nms(touching, kSigma, Compat::kClean), touching);
}

TEST(SoftNms, TakesTheEarlierOfEquals) {
  const std::vector<Proposal> equals = {{8, 9, 0, 1.0}, {0, 1, 0, 1.0}, {4, 5, 0, 1.0}};
  EXPECT_EQ(soft_nms(equals, kSigma, Compat::kClean), equals);
  EXPECT_EQ(soft_nms(equals, kSigma, Compat::kAuthors), equals);
}

TEST(SoftNms, TakesTheFirstOfEqualsLaterWhereTheAuthorsSwappedTheBestIntoItsPlace) {
  const Proposal first{0, 1, 0, 0.5}, second{4, 5, 0, 0.5}, best{8, 9, 0, 1};
  using Taken = std::vector<Proposal>;
  EXPECT_EQ(soft_nms({first, second, best}, kSigma, Compat::kClean), (Taken{best, first, second}));
  EXPECT_EQ(soft_nms({first, second, best}, kSigma, Compat::kAuthors),
            (Taken{best, second, first}));
}

TEST(SoftNms, KeepsRepeatedSegments) {
  const auto taken = soft_nms({{2, 5, 0, 1.0}, {2, 5, 0, 1.0}}, kSigma, Compat::kAuthors);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_DOUBLE_EQ(taken[1].score, weight(1));
}

TEST(SoftNms, RaisesNegativeScoresTowardsZeroAsTheDefinitionSays) {
  const auto taken = soft_nms({{0, 9, 0, 1.0}, {0, 9, 0, -1.0}}, kSigma, Compat::kClean);
  EXPECT_DOUBLE_EQ(taken[1].score, -weight(1));
}

TEST(SoftNms, AgreesWithThePlainDefinitionOnRandomSegments) {
  std::mt19937 random(1);
  int swaps_that_matter = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Proposal> candidates(random() % 60);
    for (Proposal& candidate : candidates) {
      candidate.start = static_cast<int>(random() % 100);
      candidate.end = candidate.start + 1 + static_cast<int>(random() % (round % 40 + 1));
      candidate.score = static_cast<double>(random() % 21) / 10 - 1;
    }
    for (const Compat compat : {Compat::kAuthors, Compat::kClean}) {
      EXPECT_EQ(soft_nms(candidates, kSigma, compat), plain_soft_nms(candidates, compat));
    }
    // Where all are far apart the two differ in the order of equals alone.
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidates[i].start = 100 * static_cast<int>(i);
      candidates[i].end = candidates[i].start + 1;
    }
    const auto taken = soft_nms(candidates, kSigma, Compat::kAuthors);
    EXPECT_EQ(taken, plain_soft_nms(candidates, Compat::kAuthors));
    swaps_that_matter += taken != soft_nms(candidates, kSigma, Compat::kClean) ? 1 : 0;
  }
  EXPECT_GT(swaps_that_matter, 100);
}

}  // namespace
}  // namespace co2net
