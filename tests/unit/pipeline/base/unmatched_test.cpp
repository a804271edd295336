#include "pipeline/base/unmatched.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

std::string message(const Strings& these, const Strings& those) {
  return nothing_matches({"predictions", these}, {"truths", those}).what();
}

std::string difference(const Strings& these, const Strings& those) {
  const std::string text = message(these, those);
  const std::string same = "no name is the same";
  return text.substr(text.find(same) + same.size());
}

TEST(NothingMatches, ShowsNamesOfBothSides) {
  EXPECT_EQ(
      message({"cat", "dog"}, {"1", "2", "3", "4"}),
      "nothing matches: 2 predictions (cat, dog), 4 truths (1, 2, 3, ...), and no name is the "
      "same");
  EXPECT_EQ(nothing_matches({"a", {"x"}}, {"b", {"y"}}, ErrorKind::kUsage).kind(),
            ErrorKind::kUsage);
}

TEST(NothingMatches, SaysWhereAPrefixAnEndingOrCaseIsAllThatDiffers) {
  const std::string remedy = " alone; name them alike";
  EXPECT_EQ(difference({"x", "v_-IXEruyHm9M"}, {"QOl", "-IXEruyHm9M"}),
            ": 'v_-IXEruyHm9M' and '-IXEruyHm9M' differ in the prefix 'v_'" + remedy);
  EXPECT_EQ(difference({"abc"}, {"abc.mp4"}),
            ": 'abc' and 'abc.mp4' differ in the ending '.mp4'" + remedy);
  EXPECT_EQ(difference({"train/abc"}, {"abc"}),
            ": 'train/abc' and 'abc' differ in the prefix 'train/'" + remedy);
  EXPECT_EQ(difference({"Video_Test_1"}, {"video_test_1"}),
            ": 'Video_Test_1' and 'video_test_1' differ in the case of letters" + remedy);
  EXPECT_EQ(
      difference({"V_Abc_rgb.npy"}, {"aBC"}),
      ": 'V_Abc_rgb.npy' and 'aBC' differ in the prefix 'V_', the ending '_rgb.npy', the case "
      "of letters" +
          remedy);
  EXPECT_EQ(difference({"v_abc"}, {"abc.mp4"}),
            ": 'v_abc' and 'abc.mp4' differ in the prefix 'v_', the ending '.mp4'" + remedy);
}

TEST(NothingMatches, TakesTheLeastDifferenceThatExplainsIt) {
  EXPECT_EQ(difference({"v_a.b", "v_c"}, {"a", "c"}),
            ": 'v_c' and 'c' differ in the prefix 'v_' alone; name them alike");
}

TEST(NothingMatches, SaysNothingOfNamesThatShareAPartOnly) {
  EXPECT_EQ(difference({"video_test_1"}, {"video_validation_1", "video_test_2"}), "");
  EXPECT_EQ(difference({""}, {"a_", "_"}), "");
}

TEST(NotAmong, SuggestsTheNearestNameOrAsksForOne) {
  EXPECT_EQ(not_among("a.json", "rott", {"one", "rot"}),
            "a.json has no video 'rott', but 2 videos (one, rot); did you mean rot?");
  EXPECT_EQ(not_among("a.json", "other", {"rot"}),
            "a.json has no video 'other', but 1 video (rot); name one of them");
}

}  // namespace
}  // namespace co2net
