#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace co2net {

// What this process may use of its machine. A container, a job of a cluster and a user's session
// are control groups, one in the other, each with limits of its own: the least one counts. Those of
// version 1 and 2 are read, by where they are mounted.
struct Allowance {
  int cpus = 1;                                   // that it may run on, by affinity mask or cpuset
  std::optional<double> cpu_time = {};            // seconds of CPU a second, where there is a limit
  std::optional<std::int64_t> memory_bytes = {};  // where there is a limit
};

// `root` is where proc and the mounted control groups are looked for. What cannot be read limits
// nothing.
Allowance allowance(const std::filesystem::path& root = "/");

// So many threads can run at once: one a CPU, but no more than its CPU time is enough for, a part
// of a CPU counting as one.
int threads_in(const Allowance& allowance);

}  // namespace co2net
