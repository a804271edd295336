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

TEST(Precisions, AreThoseOfADomainsVideos) {
  const std::map<std::string, Highlights> videos = {{"a", {"dog", {true, false}}},
                                                    {"b", {"surfing", {true, false}}},
                                                    {"c", {"dog", {false, true}}}};
  EXPECT_EQ(precisions_of(videos, {{"a", {2, 1}}, {"b", {2, 1}}, {"c", {2, 1}}}),
            Precisions({{"dog", {1, 0.25}}, {"surfing", {1}}}));
  test::expect_error(ErrorKind::kInput, {"c"}, [&] {
    precisions_of(videos, {{"a", {2, 1}}, {"b", {2, 1}}});
  });
}

TEST(HighlightFigures, AreMeansOverVideosAndThenOverDomains) {
  const HighlightFigures figures = highlight_figures({{"dog", {1, 0.25}}, {"surfing", {1}}});
  EXPECT_DOUBLE_EQ(figures.domains.at("dog"), (1 + 0.25) / 2);
  EXPECT_DOUBLE_EQ(figures.domains.at("surfing"), 1);
  EXPECT_DOUBLE_EQ(figures.mean, (0.625 + 1) / 2);
}

TEST(HighlightFigures, CountAVideoAsOftenAsItIsDrawn) {
  const Precisions precisions = {{"dog", {1, 0.25}}, {"surfing", {0.5, 0.75}}};
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {1, 1, 1, 1}), highlight_figures(precisions).mean);
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {1, 2, 0, 1}), (1.5 / 3 + 0.75) / 2);
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {0, 0, 3, 1}), (3 * 0.5 + 0.75) / 4);
}

TEST(HighlightDifference, IsOfMeansOverSeedsAndExcludesZeroWhereAllVideosAgree) {
  const std::vector<Precisions> row = {{{"dog", {0.9, 0.8}}, {"surfing", {0.7}}},
                                       {{"dog", {0.8, 0.7}}, {"surfing", {0.6}}}};
  const std::vector<Precisions> other = {{{"dog", {0.7, 0.6}}, {"surfing", {0.5}}},
                                         {{"dog", {0.5, 0.4}}, {"surfing", {0.3}}}};
  const Difference by = difference(row, other, {.resamples = 500});
  EXPECT_NEAR(by.value, (0.2 + 0.3) / 2, 1e-12);
  EXPECT_NEAR(by.low, 0.2, 1e-12) << "where the first seed is drawn twice";
  EXPECT_NEAR(by.high, 0.3, 1e-12);
  EXPECT_TRUE(by.excludes_zero());
}

TEST(HighlightDifference, RefusesWhatIsNoPair) {
  const std::vector<Precisions> row = {{{"dog", {0.9, 0.8}}}};
  test::expect_error(ErrorKind::kInput, {"rows of 1 and 0 seeds"},
                     [&] { difference(row, std::vector<Precisions>{}, {}); });
  test::expect_error(ErrorKind::kInput, {"different videos"}, [&] {
    difference(row, std::vector<Precisions>{{{"dog", {0.9}}}}, {});
  });
}

}  // namespace
}  // namespace co2net
