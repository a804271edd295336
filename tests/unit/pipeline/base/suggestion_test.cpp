#include "pipeline/base/suggestion.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

TEST(Suggestion, IsTheNearestName) {
  const Strings names = {"thumos14", "activitynet1.2", "flow.bound", "flow.tau"};
  EXPECT_EQ(suggestion("tumos14", names), "; did you mean thumos14?");
  EXPECT_EQ(suggestion("flow.boudn", names), "; did you mean flow.bound?");
  EXPECT_EQ(suggestion("flow.tua", names), "; did you mean flow.tau?");
}

TEST(Suggestion, TakesLettersOfAnotherCaseForTheSame) {
  EXPECT_EQ(suggestion("BASKETBALLDUNK", {"BaseballPitch", "BasketballDunk"}),
            "; did you mean BasketballDunk?");
}

TEST(Suggestion, CompletesWhatIsOnlyBegun) {
  EXPECT_EQ(suggestion("label", {"elan", "labelstudio"}), "; did you mean labelstudio?");
  EXPECT_EQ(suggestion("la", {"elan", "labelstudio"}), "") << "too little to tell";
}

TEST(Suggestion, IsNoneWhereNothingIsNear) {
  EXPECT_EQ(suggestion("xml", {"csv", "srt", "vtt"}), "");
  EXPECT_EQ(suggestion("", {"csv"}), "");
  EXPECT_EQ(suggestion("csv", {}), "");
}

TEST(Suggestion, IsNoneForWhatNobodyTypes) {
  const std::string long_text(100000, 'a');
  EXPECT_EQ(suggestion(long_text, {long_text + "b"}), "");
}

TEST(NotOneOf, ListsTheNamesAndSuggestsOne) {
  EXPECT_EQ(not_one_of("cvs", {"csv", "srt"}), "'cvs' is not one of csv, srt; did you mean csv?");
  EXPECT_EQ(not_one_of("xml", {"csv", "srt"}), "'xml' is not one of csv, srt");
}

}  // namespace
}  // namespace co2net
