#include "cli/failure_table.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

const std::vector<VideoError> kTwo = {
    {"a", "decode", "no frame of stream 0 could be decoded; is the file complete?"},
    {"longer name", "flow", "out of memory"}};

const std::string kReason =
    "frames of 8000x6000, more than 1000 pixels, in a file whose pictures are as large as those "
    "of a camera for the sky";
const std::string kRemedy = "allow more with --max-pixels, or make them smaller before";
const std::vector<VideoError> kLong = {
    {"a", "decode", kReason + "; " + kRemedy},
    {"\u6620\u753b/\u6620\u753b\u6620\u753b\u6620\u753b\u6620\u753b\u6620\u753b", "features",
     std::string(200, 'x') + "; \u6620\u753b\u6620\u753b\u6620\u753b\u6620\u753b\u6620"}};

TEST(FailureTable, HasARowAVideoWithWhatToDoAboutIt) {
  EXPECT_EQ(failure_table(kTwo, {}),
            "\n"
            "video        stage   reason                                 remedy\n"
            "a            decode  no frame of stream 0 could be decoded  is the file complete?\n"
            "longer name  flow    out of memory\n");
}

TEST(FailureTable, IsNoneForWhatTheLogsLineTells) {
  EXPECT_EQ(failure_table({}, {}), "");
  EXPECT_EQ(failure_table({kTwo[0]}, {}), "");
}

TEST(FailureTable, EndsLongListsWithWhereTheOthersAre) {
  const std::vector<VideoError> many(40, kTwo[0]);
  const std::string table = failure_table(many, {.most = 3, .rest = "in the errors of r.json"});
  EXPECT_EQ(lines_of(table).size(), 6u) << table;
  EXPECT_TRUE(table.ends_with("\nand 37 more, in the errors of r.json\n")) << table;
}

TEST(FailureTable, FitsTheTerminal) {
  for (std::size_t columns = 10; columns < 140; ++columns) {
    for (const std::string& line : lines_of(failure_table(kLong, {.columns = columns}))) {
      EXPECT_LE(columns_of(line), columns) << line;
    }
  }
}

// What stands in a column of a table, over all of its lines.
std::string column_below(const std::string& table, const std::string& name,
                         const std::string& next) {
  const std::vector<std::string> lines = lines_of(table);
  const std::size_t begin = lines.at(1).find(name);
  const std::size_t size = next.empty() ? std::string::npos : lines.at(1).find(next) - begin;
  std::string text;
  for (std::size_t i = 2; i < lines.size(); ++i) {
    if (lines[i].size() <= begin) continue;
    const std::string_view cell = trimmed(std::string_view(lines[i]).substr(begin, size));
    if (!cell.empty()) text += (text.empty() ? "" : " ") + std::string(cell);
  }
  return text;
}

TEST(FailureTable, CutsNothingAway) {
  for (std::size_t columns = 60; columns < 140; ++columns) {
    const std::string table = failure_table({kLong[0], {"b", "", ""}}, {.columns = columns});
    EXPECT_EQ(column_below(table, "reason", "remedy"), kReason) << columns;
    EXPECT_EQ(column_below(table, "remedy", ""), kRemedy) << columns;
  }
}

TEST(FailureTable, HasLinesForReasonAndRemedyOnANarrowTerminal) {
  EXPECT_EQ(failure_table(kTwo, {.columns = 30}),
            "\n"
            "video  stage\n"
            "  reason\n"
            "  remedy\n"
            "a  decode\n"
            "  no frame of stream 0 could\n"
            "  be decoded\n"
            "  is the file complete?\n"
            "longer name  flow\n"
            "  out of memory\n");
}

TEST(FailureTable, ShowsNothingThatActsOnTheTerminal) {
  const std::string table = failure_table({{"\x1b[2J", "x\n", "\xff; \r"}, kTwo[0]}, {});
  for (const std::string& line : lines_of(table)) EXPECT_EQ(printable(line), line);
}

}  // namespace
}  // namespace co2net
