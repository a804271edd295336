#include "cli/workflows/training_forecast.h"

#include <gtest/gtest.h>

namespace co2net::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kIterations = 20000;

// A forecast by a clock that stands still until it is moved.
class TrainingForecastTest : public testing::Test {
 protected:
  // Iterations [first, last] of a training, of which the first lasts for a minute.
  void train(std::int64_t first, std::int64_t last, std::chrono::milliseconds each,
             std::int64_t iterations = kIterations) {
    heard_.on_start("training");
    now_ += 60s;
    for (std::int64_t done = first; done <= last; ++done) {
      heard_.on_progress("iteration", done, iterations);
      now_ += each;
    }
    heard_.on_end();
  }

  std::vector<std::string> said_, passed_on_;

 private:
  TrainingForecast::Clock::time_point now_{};
  Observer behind_{.on_series =
                       [this](const std::string& what, std::size_t count) {
                         passed_on_.push_back(std::to_string(count) + " " + what);
                       },
                   .on_start = [this](const std::string& name) { passed_on_.push_back(name); },
                   .on_progress =
                       [this](const std::string& unit, std::int64_t done, std::int64_t expected) {
                         passed_on_.push_back(unit + " " + std::to_string(done) + "/" +
                                              std::to_string(expected));
                       },
                   .on_end = [this] { passed_on_.emplace_back("end"); }};
  TrainingForecast forecast_{behind_,
                             [this](const std::string& sentence) { said_.push_back(sentence); },
                             [this] { return now_; }};

 protected:
  Observer heard_ = forecast_.observer();
};

using Said = std::vector<std::string>;

TEST_F(TrainingForecastTest, IsSaidOnceAfterTenIterations) {
  train(1, 9, 5760ms);
  EXPECT_EQ(said_, Said{});
  train(1, 400, 5760ms);
  EXPECT_EQ(said_, (Said{"expected time: about 32 h for the 19990 iterations left, 5.76 s each, "
                         "judging not counted"}));
}

TEST_F(TrainingForecastTest, OfATrainingThatGoesOnIsOfWhatIsLeft) {
  train(15001, 15020, 1s);
  EXPECT_EQ(said_, (Said{"expected time: about 83 min for the 4990 iterations left, 1 s each, "
                         "judging not counted"}));
}

TEST_F(TrainingForecastTest, CountsTheTrainingsThatFollowAndNotThoseThatAreDone) {
  heard_.on_series("trainings", 23);
  heard_.on_start("trained");
  heard_.on_end();
  train(19996, kIterations, 5760ms);
  train(1, 20, 5760ms);
  EXPECT_EQ(said_, (Said{"expected time: about 28 days for the 419990 iterations left in 21 "
                         "trainings, 5.76 s each, judging not counted"}));
}

TEST_F(TrainingForecastTest, IsNotSaidWhereNothingIsLeft) {
  train(1, 10, 1s, 10);
  EXPECT_EQ(said_, Said{});
}

TEST_F(TrainingForecastTest, TellsShortTimesInShortUnits) {
  train(1, 10, 10ms, 1010);
  EXPECT_EQ(said_, (Said{"expected time: about 10 s for the 1000 iterations left, 0.01 s each, "
                         "judging not counted"}));
}

TEST_F(TrainingForecastTest, PassesOnWhatItHears) {
  heard_.on_series("trainings", 2);
  train(1, 2, 1s);
  EXPECT_EQ(passed_on_,
            (Said{"2 trainings", "training", "iteration 1/20000", "iteration 2/20000", "end"}));
}

}  // namespace
}  // namespace co2net::test
