#include "cli/failure_table.h"

#include <gtest/gtest.h>

#include "cli/terminal.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

const std::vector<VideoError> kTwo = {
    {"a", "decode", "no frame of stream 0 could be decoded; is the file complete?"},
    {"longer name", "flow", "out of memory"}};

TEST(FailureTable, HasARowAVideoWithWhatToDoAboutIt) {
  EXPECT_EQ(failure_table(kTwo, {}),
            "\n"
            "video        stage   reason                                 remedy\n"
            "a            decode  no frame of stream 0 could be decoded  is the file complete?\n"
            "longer name  flow    out of memory\n");
}

TEST(FailureTable, NamesAVideoOnce) {
  const std::string table = failure_table({{"a", "decode", "videos/a.mkv: empty; copy it again"},
                                           {"b", "decode", "after frame 3: bad data"}},
                                          {});
  EXPECT_NE(table.find("\na      decode  empty "), std::string::npos) << table;
  EXPECT_NE(table.find("\nb      decode  after frame 3: bad data\n"), std::string::npos) << table;
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
  for (std::size_t columns = 50; columns < 120; ++columns) {
    for (const std::string& line : lines_of(failure_table(kTwo, {.columns = columns}))) {
      EXPECT_LE(columns_of(line), columns) << line;
    }
  }
  EXPECT_NE(failure_table(kTwo, {.columns = 60}).find("is the fil"), std::string::npos)
      << "the remedy is not what is cut off first";
}

TEST(FailureTable, ShowsNothingThatActsOnTheTerminal) {
  const std::string table = failure_table({{"\x1b[2J", "x\n", "\xff; \r"}, kTwo[0]}, {});
  for (const std::string& line : lines_of(table)) EXPECT_EQ(printable(line), line);
}

}  // namespace
}  // namespace co2net
