#pragma once

#include <chrono>
#include <functional>

namespace co2net::test {

// What `work` takes, by the wall clock.
inline double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace co2net::test
