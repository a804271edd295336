#include "pipeline/base/text.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using namespace std::string_view_literals;

TEST(AsText, EndsLinesAlikeWhateverEndedThem) {
  EXPECT_EQ(as_text("a\nb\r\nc\rd", "a.txt"), "a\nb\nc\nd");
  EXPECT_EQ(as_text("\r\n\r\r\n\n", "a.txt"), "\n\n\n\n");
  EXPECT_EQ(as_text("", "a.txt"), "");
}

TEST(AsText, DropsByteOrderMarksAtTheStartOfLinesAlone) {
  EXPECT_EQ(as_text("\xEF\xBB\xBF", "a.txt"), "");
  EXPECT_EQ(as_text("\xEF\xBB\xBF\xEF\xBB\xBF"
                    "one\r\n\xEF\xBB\xBFtwo\xEF\xBB\xBF\n",
                    "a.txt"),
            "one\ntwo\xEF\xBB\xBF\n");
}

TEST(AsText, KeepsBytesThatAreNotUtf8) {
  EXPECT_EQ(as_text("caf\xE9 \xFF\xFE.mp4", "a.txt"), "caf\xE9 \xFF\xFE.mp4");
}

TEST(AsText, NamesOtherEncodingsAndTheRemedy) {
  struct Case {
    std::string_view bytes;
    std::string name;
  };
  for (const Case& one : {Case{"\xFF\xFE"
                               "a\0\n\0"sv,
                               "UTF-16"},
                          Case{"\xFE\xFF\0a\0\n"sv, "UTF-16"}, Case{"a\0\n\0"sv, "UTF-16"},
                          Case{"\0a\0\n"sv, "UTF-16"}, Case{"\xFF\xFE\0\0a\0\0\0"sv, "UTF-32"},
                          Case{"\0\0\xFE\xFF\0\0\0a"sv, "UTF-32"}}) {
    test::expect_error(ErrorKind::kUsage, {"a.txt: ", one.name, "save it as UTF-8"},
                       [&] { as_text(one.bytes, "a.txt", ErrorKind::kUsage); });
  }
}

TEST(AsText, NamesWhatCameInItsPlace) {
  for (const auto& [bytes, kind] :
       {std::pair("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        {"<!DOCTYPE html>\n<html>", "a web page"},
        {"\x1f\x8b\x08", "gunzip"}}) {
    test::expect_error(ErrorKind::kInput, {"a.txt: ", kind}, [&] { as_text(bytes, "a.txt"); });
  }
}

TEST(ReadText, NamesTheFileThatIsNotUtf8) {
  const TempDir dir;
  const auto file = dir.path() / "classes.txt";
  write_file(file, "\xEF\xBB\xBFjump\r\n");
  EXPECT_EQ(read_text(file), "jump\n");
  write_file(file, "\xFE\xFF\0j"sv);
  test::expect_error(ErrorKind::kInput, {file, "UTF-16"}, [&] { read_text(file); });
}

TEST(LinesOf, AreWithoutTheirEnds) {
  EXPECT_EQ(lines_of("a\n\nb"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\n"), std::vector<std::string>{"a"});
  EXPECT_EQ(lines_of(""), std::vector<std::string>());
}

TEST(Blanks, AreTakenFromTheEndOrFromBothEnds) {
  EXPECT_EQ(without_trailing_blanks("  a b \t\r\n"), "  a b");
  EXPECT_EQ(trimmed("  a b \t\r\n"), "a b");
  EXPECT_EQ(trimmed(" \t"), "");
  EXPECT_EQ(without_trailing_blanks(" \t"), "");
}

TEST(IsUtf8, KnowsEveryWayToBreakIt) {
  for (const std::string_view good : {""sv, "caf\xC3\xA9"sv, "\xE2\x82\xAC"sv, "\xF0\x9F\x98\x80"sv,
                                      "\0"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\xE9"sv, "\x80"sv, "\xC3"sv, "\xC3("sv, "\xC0\xAF"sv, "\xE0\x80\xAF"sv, "\xED\xA0\x80"sv,
        "\xF0\x80\x80\xAF"sv, "\xF4\x90\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv, "\xE2\x82"sv}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Printable, ShowsWhatWouldActOnATerminalAsEscapes) {
  EXPECT_EQ(printable("a \\ caf\xC3\xA9 \xF0\x9F\x98\x80"), "a \\ caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(printable("a\nb\rc\td\x1b[2J\x7f\b"), "a\\nb\\rc\\td\\x1b[2J\\u007f\\x08");
  EXPECT_EQ(printable("\0"sv), "\\x00");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J \xE2\x80\xAE"
                      "4pm \xE2\x81\xA6 \xE2\x80\xA8"),
            "\\u009b2J \\u202e4pm \\u2066 \\u2028");
  EXPECT_EQ(printable("\u200b \u200e \u200f \u061c \ufeff"),
            "\\u200b \\u200e \\u200f \\u061c \\ufeff");
  const std::string joined = "\u0645\u06cc\u200c\u062e \U0001f468\u200d\U0001f467";
  EXPECT_EQ(printable(joined), joined) << "Persian and emoji need their joiners";
  EXPECT_EQ(printable("caf\xE9.mp4 \xE2\x82"), "caf\\xe9.mp4 \\xe2\\x82");
}

TEST(Counted, SaysOneInTheSingular) {
  EXPECT_EQ(counted(0, "videos"), "0 videos");
  EXPECT_EQ(counted(1, "videos"), "1 video");
  EXPECT_EQ(counted(2, "videos"), "2 videos");
  EXPECT_EQ(counted(1, "classes"), "1 class");
  EXPECT_EQ(counted(1, "entries"), "1 entry");
  EXPECT_EQ(counted(1, "short videos"), "1 short video");
  EXPECT_EQ(counted(1, "videos of classes.json"), "1 video of classes.json");
  EXPECT_EQ(counted("missing", {"a"}), "1 missing (a)");
  EXPECT_EQ(counted("videos", {"a", "b", "c", "d"}), "4 videos (a, b, c, ...)");
}

}  // namespace
}  // namespace co2net
