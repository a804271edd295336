#pragma once

#include <chrono>
#include <optional>

namespace co2net {

// From here on SIGINT and SIGTERM ask the program to stop; a second one ends it at once.
void install_interrupt_handlers();
// Throws Error(kInterrupted) once a signal came.
void throw_if_interrupted();

// While it lives, a signal ends the program at once, with exit code 130: for waits on other
// programs, during which nothing is at work that could be left half done.
class EndOnSignal {
 public:
  EndOnSignal();
  ~EndOnSignal();
  EndOnSignal(const EndOnSignal&) = delete;
  EndOnSignal& operator=(const EndOnSignal&) = delete;
};

// When a video's time is up. Never, by default.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(std::chrono::duration<double> from_now);
  // Throws Error(kInput, "timed out ...") when it has passed, Error(kInterrupted) after a signal.
  void check() const;
  // Whether check() would throw.
  bool is_over() const noexcept;

 private:
  std::chrono::duration<double> allowed_{};
  std::optional<std::chrono::steady_clock::time_point> start_;
};

}  // namespace co2net
