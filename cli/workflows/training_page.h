#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "pipeline/base/json.h"
#include "postprocess/report/training_course.h"

namespace co2net {

// A page that shows a training while it runs and afterwards: training.html in the training's
// folder, with what it loads, training/progress.js. Where these cannot be written, the log says so
// once, and the training goes on.
class TrainingPage {
 public:
  using Clock = std::chrono::steady_clock;
  struct Facts {
    std::string name;         // of the bundle
    std::string network;      // what is trained: "co2net" or "wtalc"
    std::int64_t iterations;  // most that there will be
    std::string judged_by;    // what the score of a model is; empty: none is judged
    Json weights;             // of the losses' terms
    std::filesystem::path folder;
  };

  explicit TrainingPage(Facts facts, std::function<Clock::time_point()> now = Clock::now);

  // A line of metrics.jsonl, of an earlier call too.
  void add(const Json& line);
  // Tells that an iteration or a judgement is done: every few seconds the page hears of it.
  void advance();

  // Tells that it ends before its time; a page that was never written stays as it is, since it may
  // be another training's.
  void stop();
  // What is written then does not depend on the clock.
  void finish();

 private:
  struct Moment {
    std::int64_t iterations;
    Clock::time_point time;
  };

  void write_all(const std::string& state, const Json& forecast);
  void write(const std::string& state, const Json& forecast);
  Json forecast(Clock::time_point now) const;

  Facts facts_;
  std::function<Clock::time_point()> now_;
  TrainingCourse course_;
  std::optional<Moment> first_;  // the first iteration that was heard of
  std::optional<Clock::time_point> written_;
  bool has_page_ = false;  // which does not change
  bool has_warned_ = false;
};

}  // namespace co2net
