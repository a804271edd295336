#include "pipeline/formats/csv.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Fields = std::vector<std::string>;

std::vector<Fields> fields_of(const std::string& text) {
  std::vector<Fields> rows;
  for (const CsvRow& row : parse_csv(text, "a.csv")) rows.push_back(row.fields);
  return rows;
}

TEST(ParseCsv, SplitsLinesAtCommas) {
  EXPECT_EQ(fields_of("a,b\n1,\n"), (std::vector<Fields>{{"a", "b"}, {"1", ""}}));
  EXPECT_EQ(fields_of("a\n\nb"), (std::vector<Fields>{{"a"}, {"b"}}));
  EXPECT_EQ(fields_of(","), (std::vector<Fields>{{"", ""}}));
  EXPECT_EQ(fields_of(""), std::vector<Fields>());
}

TEST(ParseCsv, TakesFilesOfEverySystem) {
  const std::vector<Fields> rows = {{"a", "b"}, {"c", "d"}};
  EXPECT_EQ(fields_of("\xEF\xBB\xBF"
                      "a,b\r\n\r\nc,\"d\"\r\n"),
            rows);
  EXPECT_EQ(fields_of("a,b\rc,\"d\"\r"), rows);
  test::expect_error(ErrorKind::kInput, {"a.csv: ", "UTF-16"},
                     [] { parse_csv(std::string_view("\xFF\xFE,\0", 4), "a.csv"); });
}

TEST(ParseCsv, PassesOverBlanksAtTheEndOfALineAlone) {
  EXPECT_EQ(fields_of("a ,b \t\n  \n\"c \" \n d , \n e "),
            (std::vector<Fields>{{"a ", "b"}, {"c "}, {" d ", ""}, {" e"}}));
}

TEST(ParseCsv, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(fields_of("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n\"\"\n"),
            (std::vector<Fields>{{"a,b", "say \"hi\"", "two\nlines"}, {""}}));
}

TEST(ParseCsv, TellsTheLineInWhichARowStarts) {
  const std::vector<CsvRow> rows = parse_csv("a\n\n\"b\nc\"\nd\n", "a.csv");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].line, 1u);
  EXPECT_EQ(rows[1].line, 3u);
  EXPECT_EQ(rows[2].line, 5u);
}

TEST(ParseCsv, NamesALineWithMisplacedQuotes) {
  for (const std::string text :
       {"a\nb,c\"d\n", "a\n\"b\"c\n", "a\n\"b\n\n", "a\n\"b\"\"", "a\n\""}) {
    test::expect_error(ErrorKind::kInput, {"a.csv: line 2: ", "quote"},
                       [&] { parse_csv(text, "a.csv"); });
  }
}

TEST(CsvField, IsReadBackWhateverItHolds) {
  const Fields fields = {"plain", "a,b", "say \"hi\"", "two\nlines", ""};
  std::string row;
  for (const std::string& field : fields) row += (row.empty() ? "" : ",") + csv_field(field);
  EXPECT_EQ(row, "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",");
  EXPECT_EQ(fields_of(row), std::vector<Fields>{fields});
}

}  // namespace
}  // namespace co2net
