#include "cli/terminal.h"

#include <gtest/gtest.h>

#include "tests/unit/environment.h"

namespace co2net {
namespace {

TEST(Terminal, IsColouredUnlessItIsDumbOrTheUserWantsNone) {
  const test::Environment term("TERM", "xterm"), wanted("NO_COLOR", nullptr);
  EXPECT_TRUE(may_be_coloured(true));
  EXPECT_FALSE(may_be_coloured(false)) << "piped";
  {
    const test::Environment none("NO_COLOR", "1");
    EXPECT_FALSE(may_be_coloured(true));
  }
  {
    const test::Environment anything("NO_COLOR", "false");
    EXPECT_FALSE(may_be_coloured(true)) << "whatever its value";
  }
  {
    const test::Environment empty("NO_COLOR", "");
    EXPECT_TRUE(may_be_coloured(true));
  }
  const test::Environment dumb("TERM", "dumb");
  EXPECT_FALSE(may_be_coloured(true));
}

TEST(Terminal, KnowsHowWideTextIsInAnyLocale) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("видео"), 5u);
  EXPECT_EQ(columns_of("東京"), 4u);
  EXPECT_EQ(columns_of("e\u0301"), 1u) << "an accent stands on its letter";
}

TEST(Terminal, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_columns("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_columns("abcdef", 4), "abc~");
  EXPECT_EQ(cut_to_columns("видео", 3), "ви~");
  EXPECT_EQ(cut_to_columns("東京都", 4), "東~");
  EXPECT_EQ(cut_to_columns("abc", 0), "");
}

TEST(Terminal, PaintsOnlyWhereItMay) {
  EXPECT_EQ(painted("x", Colour::kBold, true), "\x1b[1mx\x1b[0m");
  EXPECT_EQ(painted("x", Colour::kBold, false), "x");
}

TEST(Wrapped, BreaksBetweenWordsAndLongWordsBetweenCharacters) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrapped_to_columns("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(wrapped_to_columns("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrapped_to_columns("a abcdefgh b", 4), (Lines{"a", "abcd", "efgh", "b"}));
  EXPECT_EQ(wrapped_to_columns("\u6620\u753b\u6620", 4), (Lines{"\u6620\u753b", "\u6620"}))
      << "two columns each";
  EXPECT_EQ(wrapped_to_columns("\u6620\u753b", 3), (Lines{"\u6620", "\u753b"}));
  EXPECT_EQ(wrapped_to_columns("abe\u0301f", 3), (Lines{"abe\u0301", "f"}))
      << "an accent stays with its letter";
  EXPECT_EQ(wrapped_to_columns("", 5), Lines{""});
}

}  // namespace
}  // namespace co2net
