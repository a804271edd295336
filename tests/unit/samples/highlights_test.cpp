#include "samples/highlights/highlights.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(AveragePrecision, IsTheAreaBelowPrecisionOverRecall) {
  EXPECT_DOUBLE_EQ(average_precision({0.9, 0.8, 0.1}, {true, true, false}), 1);
  // Ranks: no, yes, no, yes: precisions 0, 1/2, 1/3, 1/2, recall grows at the second and fourth.
  EXPECT_DOUBLE_EQ(average_precision({0.1, 0.9, 0.5, 0.3}, {true, false, true, false}),
                   0.5 * (0 + 0.5) / 2 + 0.5 * (1. / 3 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(average_precision({3, 2, 1}, {false, false, false}), 0);
}

TEST(AveragePrecision, RanksEqualScoresInTheVideosOrder) {
  EXPECT_DOUBLE_EQ(average_precision({1, 1}, {true, false}), 1);
  EXPECT_DOUBLE_EQ(average_precision({1, 1}, {false, true}), (0 + 0.5) / 2);
}

TEST(AveragePrecision, WantsAScoreASnippet) {
  test::expect_error(ErrorKind::kInput, {"1 scores of 2 snippets"}, [] {
    average_precision({1}, {true, false});
  });
}

TEST(HighlightFigures, AreMeansOverVideosAndThenOverDomains) {
  const std::map<std::string, Highlights> videos = {{"a", {"dog", {true, false}}},
                                                    {"b", {"dog", {false, true}}},
                                                    {"c", {"surfing", {true, false}}}};
  const HighlightFigures figures =
      highlight_figures(videos, {{"a", {2, 1}}, {"b", {2, 1}}, {"c", {2, 1}}});
  EXPECT_DOUBLE_EQ(figures.domains.at("dog"), (1 + 0.25) / 2);
  EXPECT_DOUBLE_EQ(figures.domains.at("surfing"), 1);
  EXPECT_DOUBLE_EQ(figures.mean, (0.625 + 1) / 2);
  test::expect_error(ErrorKind::kInput, {"c"}, [&] {
    highlight_figures(videos, {{"a", {2, 1}}, {"b", {2, 1}}});
  });
}

}  // namespace
}  // namespace co2net
