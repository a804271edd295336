#include "postprocess/wtalc_proposals.h"

#include <gtest/gtest.h>

#include <limits>

#include "postprocess/proposals.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

// One class, a snippet each.
Array one_class(const std::vector<float>& values) {
  return {{static_cast<std::int64_t>(values.size()), 1}, values};
}

TEST(WtalcProposals, AreRunsAboveTheMiddleOfLowestAndHighest) {
  // The middle of -1 and 3 is 1, which snippet 7 does not exceed.
  const auto found = wtalc_proposals(one_class({-1, 2, 3, 0, 2, 2, 0, 1}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].start, 1);
  EXPECT_EQ(found[0].end, 3) << "exclusive";
  EXPECT_DOUBLE_EQ(found[0].score, 3 + 0.7 * 3);
  EXPECT_EQ(found[1].start, 4);
  EXPECT_EQ(found[1].end, 6);
  EXPECT_DOUBLE_EQ(found[1].score, 2 + 0.7 * 3);
}

TEST(WtalcProposals, ReachToTheVideosLastSnippet) {
  const auto found = wtalc_proposals(one_class({0, 0, 0, 0, 0, 0, 4, 4}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].end, 8);
}

TEST(WtalcProposals, HaveTwoSnippetsOrMore) {
  EXPECT_TRUE(wtalc_proposals(one_class({0, 0, 4, 0, 0, 4, 0, 0})).empty());
}

TEST(WtalcProposals, AreOfNoClassWhoseScoreIsNotAboveZero) {
  EXPECT_TRUE(wtalc_proposals(one_class({-9, -9, -1, -1, -9, -9, -9, -9})).empty());
  EXPECT_TRUE(wtalc_proposals(one_class({-9, -9, 0, 0, -9, -9, -9, -9})).empty());
}

TEST(WtalcProposals, OfBriefVideosAreNoneButUnderClean) {
  const Array cas = one_class({0, 4, 4, 0, 0, 0, 0});
  EXPECT_TRUE(wtalc_proposals(cas).empty()) << "7 snippets";
  EXPECT_EQ(wtalc_proposals(cas, 1, Compat::kClean).size(), 1u);
  EXPECT_TRUE(wtalc_proposals(cas, 8, Compat::kClean).empty()) << "min_snippets";
}

TEST(WtalcProposals, RefuseWhatIsNoActivation) {
  for (const Shape& shape : {Shape{8}, Shape{8, 0}, Shape{8, 1, 1}}) {
    test::expect_error(ErrorKind::kInput, {"cas"}, [&] { wtalc_proposals(Array(shape)); });
  }
  Array cas = one_class({0, 0, 0, 0, 0, 0, 0, 0});
  cas.values[3] = std::numeric_limits<float>::infinity();
  test::expect_error(ErrorKind::kInput, {"infinity"}, [&] { wtalc_proposals(cas); });
}

TEST(ProposalsOf, GoByWhatTheScoresAreOf) {
  const Arrays scores = {{"cas", one_class({0, 4, 4, 0, 0, 0, 0, 0})}};
  ProposalOptions options;
  test::expect_error(ErrorKind::kInput, {"'attn'"}, [&] { proposals_of(scores, options); });
  options.kind = NetworkKind::kWtalc;
  EXPECT_EQ(proposals_of(scores, options).size(), 1u);
  options.min_snippets = 9;
  EXPECT_TRUE(proposals_of(scores, options).empty());
  test::expect_error(ErrorKind::kInput, {"'cas'"}, [&] { proposals_of({}, options); });
}

}  // namespace
}  // namespace co2net
