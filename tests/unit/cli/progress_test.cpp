#include "cli/progress.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace co2net {
namespace {

using namespace std::chrono_literals;

const std::string kErase = "\r\x1b[K";

// Progress by a clock that stands still until it is moved.
class ProgressTest : public testing::Test {
 protected:
  Progress::Clock::time_point now_{};
  std::ostringstream err_;

  Progress progress(Progress::Mode mode, std::size_t videos) {
    return Progress(err_, mode, videos, [this] { return now_; });
  }
  // What was said since the last call.
  std::string said() {
    std::string text = err_.str();
    err_.str("");
    return text;
  }
};

TEST_F(ProgressTest, PlainSaysALineAtOnceAndThenEveryHalfMinute) {
  Progress plain = progress(Progress::Mode::kPlain, 3);
  plain.start_video("a");
  plain.update("snippets", 2, 20);
  EXPECT_EQ(said(), "[1/3] a  snippets 2/20\n");
  now_ += 29s;
  plain.update("snippets", 16, 20);
  EXPECT_EQ(said(), "");
  now_ += 1s;
  plain.update("snippets", 17, 20);
  EXPECT_EQ(said(), "[1/3] a  snippets 17/20  0.5/s  0:00:06 left\n");
}

TEST_F(ProgressTest, PlainSaysItForManyShortVideosToo) {
  Progress plain = progress(Progress::Mode::kPlain, 100);
  std::string all;
  for (int i = 0; i < 61; ++i) {
    plain.start_video(std::to_string(i));
    plain.update("snippets", 1, 1);
    plain.finish_video();
    now_ += 1s;
  }
  EXPECT_EQ(said(),
            "[1/100] 0  snippets 1/1\n[31/100] 30  snippets 1/1\n[61/100] 60  snippets 1/1\n");
}

TEST_F(ProgressTest, TheBarIsDrawnAtOnceAndRedrawnInItsPlaceFiveTimesASecond) {
  Progress bar = progress(Progress::Mode::kBar, 1);
  bar.start_video("a");
  bar.update("frames", 1, 100);
  EXPECT_EQ(said(), kErase + "[1/1] a  frames 1/100");
  now_ += 199ms;
  bar.update("frames", 2, 100);
  EXPECT_EQ(said(), "");
  now_ += 1ms;
  bar.update("frames", 3, 100);
  EXPECT_EQ(said(), kErase + "[1/1] a  frames 3/100  10.0/s  0:00:10 left");
}

TEST_F(ProgressTest, TheBarIsErasedWhenAVideoIsDoneAndAtTheEnd) {
  {
    Progress bar = progress(Progress::Mode::kBar, 2);
    bar.start_video("a");
    bar.update("frames", 1, 2);
    said();
    bar.finish_video();
    EXPECT_EQ(said(), kErase);
    bar.start_video("b");
    now_ += 1s;
    bar.update("frames", 1, 2);
    said();
  }
  EXPECT_EQ(said(), kErase);
}

TEST_F(ProgressTest, NothingIsErasedWhereNothingWasDrawn) {
  { progress(Progress::Mode::kBar, 1).start_video("a"); }
  EXPECT_EQ(said(), "");
}

TEST_F(ProgressTest, WhatAnEarlierRunDidIsNotInTheRate) {
  Progress plain = progress(Progress::Mode::kPlain, 1);
  plain.start_video("a");
  plain.update("snippets", 1000, 2000);
  said();
  now_ += 100s;
  plain.update("snippets", 1100, 2000);
  EXPECT_EQ(said(), "[1/1] a  snippets 1100/2000  1.0/s  0:15:00 left\n");
}

TEST_F(ProgressTest, ThereIsNoTimeLeftWhereTheLengthIsNotKnown) {
  Progress plain = progress(Progress::Mode::kPlain, 0);
  plain.start_video("a");
  plain.update("frames", 5, 0);
  now_ += 60s;
  plain.update("frames", 65, 0);
  EXPECT_EQ(said(), "[1] a  frames 5\n[1] a  frames 65  1.0/s\n");
}

TEST_F(ProgressTest, OffSaysNothing) {
  Progress off = progress(Progress::Mode::kOff, 1);
  off.start_video("a");
  off.update("frames", 1, 2);
  now_ += 3600s;
  off.update("frames", 2, 2);
  off.finish_video();
  EXPECT_EQ(said(), "");
}

TEST(ProgressMode, IsABarOnATerminalOnlyAndPlainWhereItIsAskedFor) {
  using Mode = Progress::Mode;
  EXPECT_EQ(progress_mode("auto", true), Mode::kBar);
  EXPECT_EQ(progress_mode("auto", false), Mode::kOff);
  for (const bool is_terminal : {true, false}) {
    EXPECT_EQ(progress_mode("plain", is_terminal), Mode::kPlain);
    EXPECT_EQ(progress_mode("off", is_terminal), Mode::kOff);
  }
}

}  // namespace
}  // namespace co2net
