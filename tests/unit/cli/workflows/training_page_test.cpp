#include "cli/workflows/training_page.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "postprocess/report/pages.h"
#include "tests/unit/log_capture.h"

namespace co2net::test {
namespace {

using namespace std::chrono_literals;

// A page by a clock that stands still until it is moved.
class TrainingPageTest : public testing::Test {
 protected:
  void advance_to(std::int64_t iteration) {
    page_.add({{"iteration", iteration}, {"losses", {{"total", 1.0}}}});
    page_.advance();
  }
  // What it shows.
  Json shown() const {
    const std::string script = read_file(dir_.path() / kTrainingScript);
    const std::size_t begin = script.find('(') + 1;
    return Json::parse(script.substr(begin, script.rfind(')') - begin));
  }
  std::string page() const { return read_file(dir_.path() / kTrainingPageName); }

  TempDir dir_;
  TrainingPage::Clock::time_point now_{};
  TrainingPage page_{{.name = "kicks",
                      .network = "wtalc",
                      .iterations = 100,
                      .judged_by = "mAP",
                      .weights = {{"cas", 1.0}},
                      .folder = dir_.path()},
                     [this] { return now_; }};
};

TEST_F(TrainingPageTest, IsThereFromTheFirstIterationOn) {
  advance_to(1);
  EXPECT_EQ(page(), kTrainingPage);
  const Json data = shown();
  EXPECT_EQ(data.at("state"), "running");
  EXPECT_EQ(data.at("done"), 1);
  EXPECT_EQ(data.at("name"), "kicks");
  EXPECT_EQ(data.at("network"), "wtalc");
  EXPECT_EQ(data.at("judged_by"), "mAP");
  EXPECT_EQ(data.at("weights"), Json({{"cas", 1.0}}));
  EXPECT_FALSE(data.contains("seconds_left"));
}

TEST_F(TrainingPageTest, HearsOfItEveryFewSeconds) {
  advance_to(1);
  now_ += 4s;
  advance_to(2);
  EXPECT_EQ(shown().at("done"), 1);
  now_ += 1s;
  advance_to(3);
  EXPECT_EQ(shown().at("done"), 3);
}

TEST_F(TrainingPageTest, TellsTheTimeLeftByTheIterationsOfThisCallAlone) {
  page_.add({{"iteration", 39}, {"losses", {{"total", 1.0}}}});
  advance_to(40);
  now_ += 20s;
  advance_to(50);
  EXPECT_EQ(shown().at("seconds_each"), 2.0);
  EXPECT_EQ(shown().at("seconds_left"), 100.0);
}

TEST_F(TrainingPageTest, AtItsEndHasEverythingAndNothingOfTheClock) {
  for (std::int64_t i = 1; i <= 7; ++i) advance_to(i);
  page_.finish();
  EXPECT_EQ(shown().at("state"), "finished");
  EXPECT_EQ(shown().at("done"), 7);
  EXPECT_FALSE(shown().contains("seconds_each"));
}

TEST_F(TrainingPageTest, OfAFinishedTrainingIsWrittenAnew) {
  page_.add({{"iteration", 1}, {"losses", {{"total", 1.0}}}});
  page_.finish();
  EXPECT_EQ(page(), kTrainingPage);
  EXPECT_EQ(shown().at("done"), 1);
}

TEST_F(TrainingPageTest, ThatCannotBeWrittenIsAWarningOnceAndNoError) {
  std::filesystem::create_directories(dir_.path() / kTrainingScript / "in the way");
  const LogCapture log;
  advance_to(1);
  now_ += 60s;
  advance_to(2);
  page_.stop();
  page_.finish();
  const std::string said = log.lines();
  EXPECT_NE(said.find("the page of the training is not up to date"), std::string::npos) << said;
  EXPECT_EQ(said.find("not up to date"), said.rfind("not up to date")) << said;
}

TEST_F(TrainingPageTest, SaysThatATrainingWasStoppedUnlessItNeverBegan) {
  page_.stop();
  EXPECT_TRUE(names_in(dir_.path()).empty());
  advance_to(1);
  page_.stop();
  EXPECT_EQ(shown().at("state"), "stopped");
}

}  // namespace
}  // namespace co2net::test
