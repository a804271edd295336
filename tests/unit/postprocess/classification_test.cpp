#include "postprocess/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(VideoClassScores, AreTheSoftmaxOfTheBestEighthOfTheSnippets) {
  // Nine snippets: the mean of the best two.
  Array cas({9, 3});
  cas.row(3)[0] = 4;
  cas.row(7)[0] = 2;
  cas.row(0)[1] = 2;
  cas.row(8)[2] = 1;
  const double sum = std::exp(3.0) + std::exp(1.0) + std::exp(0.5);
  const std::vector<double> scores = video_class_scores(cas);
  ASSERT_EQ(scores.size(), 2u) << "no background";
  EXPECT_NEAR(scores[0], std::exp(3.0) / sum, 1e-12);
  EXPECT_NEAR(scores[1], std::exp(1.0) / sum, 1e-12);
}

TEST(VideoClassScores, TakeOneSnippetOfUpToEight) {
  Array cas({8, 2});
  cas.row(5)[0] = 1;
  EXPECT_NEAR(video_class_scores(cas)[0], 1 / (1 + std::exp(-1.0)), 1e-12);
  EXPECT_EQ(video_class_scores(Array({1, 2})), std::vector<double>{0.5});
  const Array probabilities({2, 3}, {0.5f, 0.125f, 0, 0.25f, 0.75f, 0});
  EXPECT_EQ(video_class_scores(probabilities, NetworkKind::kClassifier),
            (std::vector<double>{0.5, 0.75}));
}

TEST(VideoClassScores, OfAWtalcAreASoftmaxOverItsClassesAlone) {
  const std::vector<double> scores = video_class_scores(Array({1, 2}), NetworkKind::kWtalc);
  EXPECT_EQ(scores, (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(video_class_scores(Array({1, 1}), NetworkKind::kWtalc), std::vector<double>{1});
  test::expect_error(ErrorKind::kInput, {"cas: want a snippet and a class"}, [] {
    video_class_scores(Array({1, 0}), NetworkKind::kWtalc);
  });
}

TEST(VideoClassScores, RefuseWhatIsNoActivation) {
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 1}, Shape{2}, Shape{2, 2, 2}}) {
    test::expect_error(ErrorKind::kInput, {"cas"}, [&] { video_class_scores(Array(shape)); });
  }
  Array cas({2, 2});
  cas.values[1] = std::numeric_limits<float>::quiet_NaN();
  test::expect_error(ErrorKind::kInput, {"NaN"}, [&] { video_class_scores(cas); });
}

TEST(ClassificationMap, IsTheMeanOverClassesOfThePrecisionAtEachHit) {
  // The first class ranks videos 1 (has it), 0 (not), 2 (has it): (1 + 2/3) / 2. The second ranks
  // 0 (not), 1 (has it), 2 (not): 1/2.
  EXPECT_DOUBLE_EQ(classification_map({{0.5, 0.9}, {0.7, 0.6}, {0.1, 0.3}},
                                      {{false, false}, {true, true}, {true, false}}),
                   (5. / 6 + 1. / 2) / 2);
}

TEST(ClassificationMap, KeepsTheOrderOfEqualScores) {
  EXPECT_EQ(classification_map({{0.5}, {0.5}}, {{true}, {false}}), 1);
  EXPECT_EQ(classification_map({{0.5}, {0.5}}, {{false}, {true}}), 0.5);
}

TEST(ClassificationMap, LeavesOutClassesThatNoVideoHas) {
  EXPECT_EQ(classification_map({{0.5, 0.9}, {0.4, 0.1}}, {{true, false}, {false, false}}), 1);
  test::expect_error(ErrorKind::kInput, {"label"}, [] {
    classification_map({{0.5, 0.9}}, {{false, false}});
  });
  test::expect_error(ErrorKind::kInput, {"label"}, [] { classification_map({}, {}); });
}

}  // namespace
}  // namespace co2net
