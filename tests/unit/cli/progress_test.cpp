#include "cli/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

#include "pipeline/base/text.h"
#include "tests/unit/environment.h"

namespace co2net {
namespace {

using namespace std::chrono_literals;
using Mode = Progress::Mode;

// Progress by a clock that stands still until it is moved.
class ProgressTest : public testing::Test {
 protected:
  Progress::Clock::time_point now_{};
  std::ostringstream err_;
  std::size_t columns_ = 80;

  Progress progress(Mode mode) {
    return Progress(err_, {mode, false, [this] { return columns_; }}, [this] { return now_; });
  }
  // What was said since the last call.
  std::string said() {
    std::string text = err_.str();
    err_.str("");
    return text;
  }
  // One of the series from its beginning to its end.
  void work(const Observer& heard, const std::string& name, std::chrono::seconds time,
            std::int64_t from = 0, std::int64_t count = 10) {
    heard.on_start(name);
    heard.on_progress("snippets", from, count);
    now_ += time;
    heard.on_progress("snippets", count, count);
    heard.on_end();
  }
  // What plain progress says of the series when the next one begins.
  std::string of_all(const Observer& heard) {
    said();
    heard.on_start("next");
    now_ += 1h;
    heard.on_progress("snippets", 0, 0);
    const std::string line = said();
    return line.substr(line.find("  |  "));
  }
};

TEST_F(ProgressTest, PlainSaysALineAtOnceAndThenEveryHalfMinute) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 3);
  heard.on_start("a");
  heard.on_progress("snippets", 2, 20);
  EXPECT_EQ(said(), "[1/3] a  snippets 2/20\n");
  now_ += 29s;
  heard.on_progress("snippets", 16, 20);
  EXPECT_EQ(said(), "");
  now_ += 1s;
  heard.on_progress("snippets", 17, 20);
  EXPECT_EQ(said(), "[1/3] a  snippets 17/20  0.5/s  0:00:06 left\n");
}

TEST_F(ProgressTest, PlainSaysItForManyShortVideosTooAndOfAllOfThem) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 100);
  for (int i = 0; i < 61; ++i) {
    heard.on_start(std::to_string(i));
    heard.on_progress("snippets", 1, 1);
    now_ += 1s;
    heard.on_end();
  }
  EXPECT_EQ(said(),
            "[1/100] 0  snippets 1/1\n"
            "[31/100] 30  snippets 1/1  |  videos 30/100  1.0/s  0:01:10 left\n"
            "[61/100] 60  snippets 1/1  |  videos 60/100  1.0/s  0:00:40 left\n");
}

TEST_F(ProgressTest, TwoBarsAreDrawnAtOnceAndRedrawnInTheirPlaceFiveTimesASecond) {
  Progress bar = progress(Mode::kBar);
  const Observer heard = bar.observer();
  heard.on_series("videos", 4);
  heard.on_start("clip");
  heard.on_progress("frames", 0, 100);
  EXPECT_EQ(said(),
            "\rclip  [........................................]    0%  frames 0/100\x1b[K"
            "\r\nall   [........................................]    0%  videos 0/4\x1b[J\r\x1b[A");
  now_ += 199ms;
  heard.on_progress("frames", 1, 100);
  EXPECT_EQ(said(), "");
  now_ += 1801ms;
  heard.on_progress("frames", 50, 100);
  EXPECT_EQ(said(),
            "\rclip  [##############..............]   50%  frames 50/100  25.0/s  0:00:02 "
            "left\x1b[K"
            "\r\nall   [#####...................................]   12%  videos 0/4\x1b[J\r\x1b[A");
}

// Each is told when it is done, as of things that are worked on beside each other.
class ThingsThatTellNothingOfThemselves : public ProgressTest {
 protected:
  std::string said_of_three(Mode mode) {
    Progress shown = progress(mode);
    const Observer heard = shown.observer();
    heard.on_series("videos", 3);
    for (const char* name : {"first", "second", "third"}) {
      now_ += 1s;
      heard.on_start(name);
      heard.on_end();
    }
    return said();
  }
};

TEST_F(ThingsThatTellNothingOfThemselves, AreCountedByTheBarOfAllAlone) {
  const std::string bars = said_of_three(Mode::kBar);
  EXPECT_TRUE(bars.starts_with("\rall  [")) << bars;
  EXPECT_NE(bars.find(" 33%  videos 1/3  1.0/s  "), std::string::npos) << bars;
  EXPECT_NE(bars.find(" 66%  videos 2/3  1.0/s  "), std::string::npos) << bars;
  for (const char* other : {"second", "third", "\n"}) {
    EXPECT_EQ(bars.find(other), std::string::npos) << bars;
  }
}

TEST_F(ThingsThatTellNothingOfThemselves, AreCountedPlainly) {
  EXPECT_EQ(said_of_three(Mode::kPlain), "videos 1/3  1.0/s  0:00:02 left\n");
}

TEST_F(ProgressTest, ASingleVideoHasOneBar) {
  Progress bar = progress(Mode::kBar);
  const Observer heard = bar.observer();
  heard.on_series("videos", 1);
  heard.on_start("a");
  heard.on_progress("frames", 1, 2);
  EXPECT_EQ(said(),
            "\ra  [####################....................]   50%  frames 1/2\x1b[K\x1b[J\r");
}

// Each line of what is drawn, without what moves the cursor.
std::vector<std::string> lines_of_bars(std::string text) {
  std::vector<std::string> lines;
  for (std::size_t end = 0; (end = text.find("\x1b[")) != std::string::npos;) {
    std::string line = text.substr(0, end);
    std::erase_if(line, [](char c) { return c == '\r' || c == '\n'; });
    if (!line.empty()) lines.push_back(line);
    text.erase(0, end + 3);
  }
  return lines;
}

TEST_F(ProgressTest, NoLineIsAsWideAsTheTerminalAndNoNameIsCutWithinACharacter) {
  for (const std::string name : {"short", "видео с очень длинным именем для полоски.mp4",
                                 "東京の街を歩く人々の映像の名前はとても長いです.mp4",
                                 "e\u0301e\u0301e\u0301 \U0001F3C3\U0001F3C3.mp4"}) {
    for (columns_ = 1; columns_ < 130; ++columns_) {
      Progress bar = progress(Mode::kBar);
      const Observer heard = bar.observer();
      heard.on_series("videos", 12345);
      work(heard, "before", 5s);
      said();
      heard.on_start(name);
      now_ += 1s;
      heard.on_progress("snippets", 0, 1000);
      now_ += 1s;
      heard.on_progress("snippets", 5, 1000);
      const std::vector<std::string> lines = lines_of_bars(said());
      for (const std::string& line : lines) {
        EXPECT_LT(columns_of(line), std::max<std::size_t>(2, columns_)) << line;
        EXPECT_EQ(printable(line), line) << columns_;
      }
      EXPECT_EQ(lines.empty(), false);
    }
  }
}

TEST_F(ProgressTest, BarsAreErasedWhenAllIsDoneAndAtTheEnd) {
  {
    Progress bar = progress(Mode::kBar);
    const Observer heard = bar.observer();
    heard.on_series("videos", 2);
    work(heard, "a", 1s);
    EXPECT_EQ(said().find(kEraseBelow), std::string::npos) << "between two that follow each other";
    work(heard, "b", 1s);
    EXPECT_TRUE(said().ends_with(kEraseBelow));
    heard.on_series("videos", 2);
    now_ += 1s;
    heard.on_start("c");
    heard.on_progress("frames", 1, 2);
    said();
  }
  EXPECT_EQ(said(), kEraseBelow);
}

TEST_F(ProgressTest, NothingIsErasedWhereNothingWasDrawn) {
  { progress(Mode::kBar).observer().on_start("a"); }
  EXPECT_EQ(said(), "");
}

TEST_F(ProgressTest, WhatAnEarlierRunDidIsNotInTheRate) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 1);
  heard.on_start("a");
  heard.on_progress("snippets", 1000, 2000);
  said();
  now_ += 100s;
  heard.on_progress("snippets", 1100, 2000);
  EXPECT_EQ(said(), "[1/1] a  snippets 1100/2000  1.0/s  0:15:00 left\n");
}

TEST_F(ProgressTest, ThereIsNoTimeLeftWhereTheLengthIsNotKnown) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 0);
  heard.on_start("a");
  heard.on_progress("frames", 5, 0);
  now_ += 60s;
  heard.on_progress("frames", 65, 0);
  heard.on_end();
  EXPECT_EQ(said(), "[1] a  frames 5\n[1] a  frames 65  1.0/s\n");
}

TEST_F(ProgressTest, NothingIsSaidOfTheTimeOfAllBeforeOneWasWorkedOnToItsEnd) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 10);
  heard.on_start("kept");
  heard.on_reuse();
  heard.on_end();
  heard.on_start("broken");
  heard.on_failure({"broken", "decode", "x"});
  heard.on_end();
  EXPECT_EQ(of_all(heard), "  |  videos 2/10\n");
}

TEST_F(ProgressTest, WhatIsReusedDoesNotCountForTheTimeOfTheOthers) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 12);
  for (int i = 0; i < 8; ++i) {
    heard.on_start("kept");
    heard.on_reuse();
    now_ += 1s;
    heard.on_end();
  }
  work(heard, "a", 100s);
  heard.on_start("b");
  now_ += 60s;
  said();
  heard.on_progress("snippets", 0, 0);
  EXPECT_EQ(said(), "[10/12] b  snippets 0  |  videos 9/12  36.0/h  0:04:00 left\n")
      << "40 s of b, and two of 100 s";
}

TEST_F(ProgressTest, AVideoThatIsResumedCountsByWhatWasDoneOfIt) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 3);
  work(heard, "a", 25s, 75, 100);
  said();
  heard.on_start("b");
  now_ += 60s;
  heard.on_progress("snippets", 0, 100);
  EXPECT_EQ(said(), "[2/3] b  snippets 0/100  |  videos 1/3  36.0/h  0:02:20 left\n");
}

TEST_F(ProgressTest, WhatFailsAtOnceTellsNothingOfTheOthersAndWhatTimesOutDoes) {
  for (const auto& [failed, line] :
       {std::pair(0s, "[3/8] b  snippets 0  |  videos 2/8  2.0/min  0:02:30 left\n"),
        {90s, "[3/8] b  snippets 0  |  videos 2/8  1.0/min  0:05:25 left\n"}}) {
    Progress plain = progress(Mode::kPlain);
    const Observer heard = plain.observer();
    heard.on_series("videos", 8);
    work(heard, "a", 30s);
    heard.on_start("broken");
    now_ += failed;
    heard.on_failure({"broken", "decode", "x"});
    heard.on_end();
    heard.on_start("b");
    now_ += 35s;
    said();
    heard.on_progress("snippets", 0, 0);
    EXPECT_EQ(said(), line);
  }
}

TEST_F(ProgressTest, VideosThatAreWorkedOnBesideEachOtherCountByWhenTheyEnd) {
  Progress plain = progress(Mode::kPlain);
  const Observer heard = plain.observer();
  heard.on_series("videos", 100);
  for (int i = 0; i < 40; ++i) {
    now_ += 1s;
    work(heard, std::to_string(i), 0s);
  }
  EXPECT_NE(said().find("30  snippets 0/10  |  videos 30/100  1.0/s  0:01:09 left\n"),
            std::string::npos);
}

TEST_F(ProgressTest, KeepsWhatFailed) {
  Progress off = progress(Mode::kOff);
  off.observer().on_failure({"a", "decode", "x"});
  ASSERT_EQ(off.failures().size(), 1u);
  EXPECT_EQ(off.failures()[0].id, "a");
}

TEST_F(ProgressTest, OffSaysNothing) {
  Progress off = progress(Mode::kOff);
  const Observer heard = off.observer();
  heard.on_series("videos", 2);
  work(heard, "a", 3600s);
  work(heard, "b", 3600s);
  EXPECT_EQ(said(), "");
}

TEST_F(ProgressTest, TheBarHasColourWhereItIsAllowed) {
  Progress bar(err_, {Mode::kBar, true, [] { return std::size_t{60}; }}, [this] { return now_; });
  const Observer heard = bar.observer();
  heard.on_series("videos", 1);
  heard.on_start("a");
  heard.on_progress("frames", 1, 2);
  EXPECT_NE(said().find("[\x1b[32m####"), std::string::npos);
}

TEST(ProgressView, IsBarsOnATerminalOnlyAndPlainWhereItIsAskedForOrNothingElseCanBeShown) {
  std::istringstream in;
  std::ostringstream out, err;
  const Io piped{in, out, err, false, false}, terminal{in, out, err, true, false};
  {
    const test::Environment term("TERM", "xterm");
    EXPECT_EQ(progress_view("auto", terminal).mode, Mode::kBar);
    EXPECT_EQ(progress_view("auto", piped).mode, Mode::kOff);
    for (const Io& io : {piped, terminal}) {
      EXPECT_EQ(progress_view("plain", io).mode, Mode::kPlain);
      EXPECT_EQ(progress_view("off", io).mode, Mode::kOff);
    }
  }
  const test::Environment term("TERM", "dumb");
  EXPECT_EQ(progress_view("auto", terminal).mode, Mode::kPlain);
  EXPECT_EQ(progress_view("auto", piped).mode, Mode::kOff);
}

}  // namespace
}  // namespace co2net
