#pragma once

#include <chrono>
#include <fstream>
#include <functional>
#include <string>

namespace co2net::test {

// What `work` takes, by the wall clock.
inline double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The most memory that the process has had so far.
inline double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  double kilobytes = 0;
  status >> kilobytes;
  return kilobytes / 1024;
}

}  // namespace co2net::test
