#include "pipeline/base/remedy.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

void expect_advice(std::string_view message, const std::string& reason, const std::string& remedy) {
  const Advice advice = advice_in(message);
  EXPECT_EQ(advice.reason, reason);
  EXPECT_EQ(advice.remedy, remedy);
}

TEST(Advice, IsWhatFollowsTheLastSemicolon) {
  expect_advice("timed out after 5 s; raise --timeout to give it longer", "timed out after 5 s",
                "raise --timeout to give it longer");
  expect_advice("a; b; c", "a; b", "c");
  expect_advice("is OpenCV's own code; use ours", "is OpenCV's own code", "use ours");
}

TEST(Advice, IsNoneWithoutASemicolon) {
  expect_advice("out of memory", "out of memory", "");
  expect_advice("", "", "");
  expect_advice("; x", "; x", "");
}

TEST(Advice, IsNotCutOutOfQuotesAndBrackets) {
  expect_advice("'a; b' is no list; give another", "'a; b' is no list", "give another");
  expect_advice("the label 'a; b'", "the label 'a; b'", "");
  expect_advice("has two (a; b)", "has two (a; b)", "");
}

}  // namespace
}  // namespace co2net
