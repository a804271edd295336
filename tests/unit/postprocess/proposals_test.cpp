#include "postprocess/proposals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipeline/base/error.h"
#include "tests/unit/postprocess/scores.h"

namespace co2net {
namespace {

using test::attn_of;
using test::cas_of;

ProposalOptions clean_at(double threshold) {
  ProposalOptions options;
  options.attention_thresholds = {threshold};
  options.compat = Compat::kClean;
  return options;
}

ProposalOptions without_video_score(ProposalOptions options) {
  options.gamma = 0;
  return options;
}

std::vector<std::pair<int, int>> segments_of(const std::vector<Proposal>& proposals) {
  std::vector<std::pair<int, int>> segments;
  for (const Proposal& proposal : proposals) segments.emplace_back(proposal.start, proposal.end);
  std::ranges::sort(segments);
  return segments;
}

std::vector<int> labels_of(const std::vector<Proposal>& proposals) {
  std::vector<int> labels;
  for (const Proposal& proposal : proposals) labels.push_back(proposal.label);
  return labels;
}

using Segments = std::vector<std::pair<int, int>>;

TEST(Proposals, AreRunsOfSnippetsAboveTheThreshold) {
  const std::vector<float> attn = {0.9f, 0.9f, 0.1f, 0.5f, 0.6f, 0.1f, 0.8f};
  const auto proposals = propose(cas_of({1, 1, 1, 1, 1, 1, 1}), attn_of(attn), clean_at(0.5));
  EXPECT_EQ(segments_of(proposals), (Segments{{0, 2}, {4, 5}, {6, 7}}));
}

TEST(Proposals, KeepARunOncePerThreshold) {
  ProposalOptions options = clean_at(0.2);
  options.attention_thresholds = {0.2, 0.3};
  const auto proposals = propose(cas_of({0, 1, 1, 0}), attn_of({0, 0.9f, 0.9f, 0}), options);
  EXPECT_EQ(segments_of(proposals), (Segments{{1, 3}, {1, 3}}));
}

TEST(Proposals, ScoreTheInsideAgainstAQuarterOfTheLengthOnEitherSide) {
  const Array attn = attn_of({0, 0.5f, 0.75f, 0.75f, 0.75f, 0.75f, 0.25f, 0});
  const auto proposals =
      propose(cas_of({4, 4, 4, 4, 8, 8, 4, 4}), attn, without_video_score(clean_at(0.6)));
  ASSERT_EQ(segments_of(proposals), (Segments{{2, 6}}));
  EXPECT_DOUBLE_EQ(proposals[0].score, (3 + 3 + 6 + 6) / 4.0 - (2 + 1) / 2.0);
}

TEST(Proposals, GiveARunOfOneSnippetContextOnItsLeftOnly) {
  const auto proposals =
      propose(cas_of({2, 4, 8}), attn_of({0.5f, 1, 0.5f}), without_video_score(clean_at(0.6)));
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_DOUBLE_EQ(proposals[0].score, 4 - 1);
}

TEST(Proposals, HaveNoContextWhereTheRunIsTheWholeVideo) {
  const auto proposals =
      propose(cas_of({2, 4}), attn_of({1, 1}), without_video_score(clean_at(0.6)));
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_DOUBLE_EQ(proposals[0].score, 3);
}

TEST(Proposals, AddTheVideosScoreOfTheClass) {
  ProposalOptions options = clean_at(0.6);
  options.top_k_ratio = 1;
  const auto proposals = propose(cas_of({2, 4}), attn_of({1, 1}), options);
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_DOUBLE_EQ(proposals[0].score, 3 + 0.2 / (1 + std::exp(-3)));
}

TEST(Proposals, AverageTheTopTenthOfTheSnippetsForTheVideosScore) {
  std::vector<float> activation(25, 0);
  activation[3] = 3;
  activation[20] = 1;
  activation[24] = 0.5f;
  ProposalOptions options = clean_at(0.6);
  options.outer_ratio = 0;
  const auto proposals = propose(cas_of(activation), attn_of(std::vector<float>(25, 1)), options);
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_DOUBLE_EQ(proposals[0].score, 4.5 / 25 + 0.2 / (1 + std::exp(-2)));
}

TEST(Proposals, AreForEveryClassThatReachesTheThresholdInAscendingOrder) {
  const Array cas({1, 4}, {5, 0, 5, 0});
  EXPECT_EQ(labels_of(propose(cas, attn_of({1}), clean_at(0.5))), (std::vector{0, 2}));
}

TEST(Proposals, AreForTheBestClassWhereNoneReachesTheThreshold) {
  const Array cas({1, 4}, {0, 0.5f, 0, 9});
  EXPECT_EQ(labels_of(propose(cas, attn_of({1}), clean_at(0.5))), (std::vector{1}));
}

TEST(Proposals, LeaveOutAThresholdThatOnlySnippet0ExceedsForTheAuthorsOnly) {
  const Array cas = cas_of({1, 1, 1});
  ProposalOptions options = clean_at(0.5);
  EXPECT_EQ(segments_of(propose(cas, attn_of({1, 0, 0}), options)), (Segments{{0, 1}}));
  options.compat = Compat::kAuthors;
  EXPECT_EQ(segments_of(propose(cas, attn_of({1, 0, 0}), options)), Segments{});
  EXPECT_EQ(segments_of(propose(cas, attn_of({1, 1, 0}), options)), (Segments{{0, 2}}));
  EXPECT_EQ(segments_of(propose(cas, attn_of({1, 0, 1}), options)), (Segments{{0, 1}, {2, 3}}));
}

TEST(Proposals, OfNoSnippetsOrNoAttentionAreNone) {
  EXPECT_TRUE(propose(Array({0, 21}), Array({0})).empty());
  EXPECT_TRUE(propose(cas_of({1, 1}), attn_of({0, 0})).empty());
}

TEST(Proposals, OfAVideoShorterThanTheLeastAreNone) {
  ProposalOptions options = clean_at(0.5);
  options.min_snippets = 2;
  EXPECT_EQ(segments_of(propose(cas_of({1, 1}), attn_of({1, 0}), options)), (Segments{{0, 1}}));
  EXPECT_TRUE(propose(cas_of({1}), attn_of({1}), options).empty());
}

TEST(Proposals, DependOnEveryOption) {
  const Array cas({8, 3}, {1, 2, 0, 3, 1, 0, 2, 2, 0, 1, 3, 0, 3, 3, 0, 1, 0, 1, 2, 2, 0, 0, 1, 1});
  const Array attn = attn_of({0.95f, 0.3f, 0.6f, 0.7f, 0.4f, 0.8f, 0.9f, 0.2f});
  const auto changed_by = [&](auto change) {
    ProposalOptions options;
    change(options);
    return propose(cas, attn, options) != propose(cas, attn);
  };
  EXPECT_TRUE(changed_by([](auto& o) { o.attention_thresholds = {0.5}; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.class_threshold = 0.45; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.top_k_ratio = 2; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.outer_ratio = 0.5; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.gamma = 0.1; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.sigma = 0.5; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.min_snippets = 9; }));
  EXPECT_TRUE(changed_by([](auto& o) { o.compat = Compat::kClean; }));
}

TEST(Proposals, RefuseScoresThatDoNotFitOrAreNotFinite) {
  EXPECT_THROW(propose(Array({3, 2}), Array({4})), Error);
  EXPECT_THROW(propose(Array({3, 2}), Array({3, 1})), Error);
  EXPECT_THROW(propose(Array({3, 1}), Array({3})), Error);
  EXPECT_THROW(propose(cas_of({1, NAN}), attn_of({1, 1})), Error);
  EXPECT_THROW(propose(cas_of({1, 1}), attn_of({INFINITY, 1})), Error);
}

TEST(IsAmbiguous, WhereASnippetIsSharedWithAnInterval) {
  EXPECT_FALSE(is_ambiguous(0, 5, {{5, 6}}, 1));
  EXPECT_TRUE(is_ambiguous(5, 6, {{5, 6}}, 1));
  EXPECT_FALSE(is_ambiguous(6, 9, {{5, 6}}, 1));
  EXPECT_TRUE(is_ambiguous(0, 9, {{20, 30}, {5, 6}}, 1));
}

TEST(IsAmbiguous, RoundsEndsToWholeSnippetsHalfToEven) {
  EXPECT_TRUE(is_ambiguous(2, 3, {{2.5, 3.5}}, 1));
  EXPECT_TRUE(is_ambiguous(3, 4, {{2.5, 3.5}}, 1));
  EXPECT_FALSE(is_ambiguous(4, 5, {{2.5, 3.5}}, 1));
  EXPECT_FALSE(is_ambiguous(3, 4, {{3.5, 4.5}}, 1));
}

TEST(IsAmbiguous, CountsSnippetsAtTheGivenRate) {
  EXPECT_TRUE(is_ambiguous(25, 26, {{16, 16.64}}, kSnippetsPerSecond));
  EXPECT_FALSE(is_ambiguous(24, 25, {{16, 16.64}}, kSnippetsPerSecond));
}

TEST(Linspace, EndsExactlyAtItsLastValue) {
  const std::vector<double> values = linspace(0.1, 0.9, 10);
  EXPECT_EQ(values.size(), 10u);
  EXPECT_EQ(values.front(), 0.1);
  EXPECT_DOUBLE_EQ(values[1], 0.1 + 0.8 / 9);
  EXPECT_EQ(values.back(), 0.9);
}

}  // namespace
}  // namespace co2net
