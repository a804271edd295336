#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/workflows/observer.h"

namespace co2net {

// Says once how long trainings that follow each other will take, as soon as the first ten
// iterations show it, so that nobody learns it from the clock.
class TrainingForecast {
 public:
  using Clock = std::chrono::steady_clock;
  // Passes on what it hears to `observer`, which must outlive it. `say` takes the sentence; by
  // default it goes to the log.
  explicit TrainingForecast(const Observer& observer,
                            std::function<void(const std::string&)> say = to_log,
                            std::function<Clock::time_point()> now = Clock::now);

  // Hears a series of trainings, whose progress is in iterations; the object must outlive it.
  Observer observer();

 private:
  struct Moment {
    std::int64_t iterations = 0;
    Clock::time_point time;
  };

  static void to_log(const std::string& sentence);
  void hear(std::int64_t done, std::int64_t iterations);

  const Observer& observer_;
  std::function<void(const std::string&)> say_;
  std::function<Clock::time_point()> now_;
  std::size_t trainings_ = 1, begun_ = 0;
  std::optional<Moment> first_;  // the first iteration that this training told of
  bool said_ = false;
};

}  // namespace co2net
