// The constants that published results come from, from scores to segments.
#include <gtest/gtest.h>

#include "postprocess/proposals.h"

namespace co2net {
namespace {

TEST(PublishedConstants, OfProposals) {
  const ProposalOptions options;
  ASSERT_EQ(options.attention_thresholds.size(), 10u);
  for (int i = 0; i < 10; ++i) {  // from 0.1 to 0.9 in nine equal steps
    EXPECT_DOUBLE_EQ(options.attention_thresholds[static_cast<std::size_t>(i)], (9 + 8 * i) / 90.);
  }
  EXPECT_EQ(options.attention_thresholds.front(), 0.1);
  EXPECT_EQ(options.attention_thresholds.back(), 0.9);
  EXPECT_EQ(options.class_threshold, 0.2);
  EXPECT_EQ(options.top_k_ratio, 10);
  EXPECT_EQ(options.outer_ratio, 0.25);
  EXPECT_EQ(options.gamma, 0.2);
  EXPECT_EQ(options.sigma, 0.3);
  EXPECT_EQ(options.min_snippets, 1);
  EXPECT_EQ(options.compat, Compat::kAuthors);
  EXPECT_EQ(options.kind, NetworkKind::kCo2Net);
}

TEST(PublishedConstants, OfTheBenchmarksTime) { EXPECT_EQ(kSnippetsPerSecond, 1.5625); }

}  // namespace
}  // namespace co2net
