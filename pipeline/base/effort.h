#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace co2net {

// Time that work took, added up over the threads that did it, and how much it was.
struct Effort {
  double seconds = 0;
  std::int64_t count = 0;
};

// Measures work that many threads do at once.
class EffortMeter {
 public:
  // Runs `work`, which is so much of it.
  template <class Work>
  void measure(std::int64_t count, Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    seconds_ += took.count();
    count_ += count;
  }
  Effort total() const { return {seconds_, count_}; }

 private:
  std::atomic<double> seconds_ = 0;
  std::atomic<std::int64_t> count_ = 0;
};

}  // namespace co2net
