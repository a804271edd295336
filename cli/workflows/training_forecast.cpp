#include "cli/workflows/training_forecast.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace co2net {
namespace {

// The first iteration of a process also fetches pages and memory: it is not timed.
constexpr std::int64_t kTimedIterations = 9;

std::string duration_text(double seconds) {
  constexpr double kMinute = 60, kHour = 3600, kDay = 24 * kHour;
  char text[40];
  if (seconds < 2 * kMinute) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else if (seconds < 2 * kHour) {
    std::snprintf(text, sizeof text, "%.0f min", seconds / kMinute);
  } else if (seconds < 3 * kDay) {
    std::snprintf(text, sizeof text, "%.0f h", seconds / kHour);
  } else {
    std::snprintf(text, sizeof text, "%.0f days", seconds / kDay);
  }
  return text;
}

std::string sentence(double seconds_each, std::int64_t iterations, std::size_t trainings) {
  char each[40];
  std::snprintf(each, sizeof each, "%.3g s each", seconds_each);
  std::string text = "expected time: about " +
                     duration_text(seconds_each * static_cast<double>(iterations)) + " for the " +
                     std::to_string(iterations) + " iterations left";
  if (trainings > 1) text += " in " + std::to_string(trainings) + " trainings";
  return text + ", " + each + ", judging not counted";
}

}  // namespace

TrainingForecast::TrainingForecast(const Observer& observer,
                                   std::function<void(const std::string&)> say,
                                   std::function<Clock::time_point()> now)
    : observer_(observer), say_(std::move(say)), now_(std::move(now)) {}

void TrainingForecast::to_log(const std::string& sentence) { spdlog::info("{}", sentence); }

Observer TrainingForecast::observer() {
  Observer heard = observer_;
  heard.on_series = [this](const std::string& what, std::size_t count) {
    trainings_ = count;
    begun_ = 0;
    observer_.on_series(what, count);
  };
  heard.on_start = [this](const std::string& name) {
    ++begun_;
    first_.reset();
    observer_.on_start(name);
  };
  heard.on_progress = [this](const std::string& unit, std::int64_t done, std::int64_t expected) {
    hear(done, expected);
    observer_.on_progress(unit, done, expected);
  };
  return heard;
}

void TrainingForecast::hear(std::int64_t done, std::int64_t iterations) {
  if (said_) return;
  if (!first_) first_ = {done, now_()};
  const std::int64_t timed = done - first_->iterations;
  if (timed < kTimedIterations) return;
  said_ = true;
  const std::chrono::duration<double> elapsed = now_() - first_->time;
  const std::size_t unbegun = trainings_ - std::min(trainings_, begun_);
  const std::int64_t left = iterations - done + static_cast<std::int64_t>(unbegun) * iterations;
  if (left > 0) say_(sentence(elapsed.count() / static_cast<double>(timed), left, unbegun + 1));
}

}  // namespace co2net
