#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "cli/workflows/observer.h"

namespace co2net {

// Says on `err` how far a run is, at once and then now and then: a bar that is redrawn on a
// terminal, five times a second, or a line, every half minute. Belongs to one thread at a time.
// (Boost's progress_display has to know the count, and tells no rate.)
class Progress {
 public:
  enum class Mode { kOff, kPlain, kBar };
  using Clock = std::chrono::steady_clock;

  // `videos`: how many there are; 0 if that is not known yet. `now` tells the time.
  Progress(std::ostream& err, Mode mode, std::size_t videos,
           std::function<Clock::time_point()> now = Clock::now);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Tells what a workflow does; the object must outlive it.
  Observer observer();

  void start_video(const std::string& id);
  // `expected` is 0 where the length is not known.
  void update(const std::string& unit, std::int64_t done, std::int64_t expected);
  void finish_video();

 private:
  bool is_due(Clock::time_point now) const;
  void clear();

  std::ostream& err_;
  Mode mode_;
  std::size_t videos_;
  std::function<Clock::time_point()> now_;
  std::size_t current_ = 0;
  std::string id_;
  Clock::time_point started_;
  std::optional<Clock::time_point> shown_;  // when it last said something
  std::int64_t first_done_ = -1;            // a resumed video does not start at zero
  bool drawn_ = false;
};

// "auto" is a bar on a terminal and nothing elsewhere.
Progress::Mode progress_mode(const std::string& name, bool is_terminal);

}  // namespace co2net
