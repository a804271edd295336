#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace co2net {

// A share of the inputs, by a stable hash of the id: every id belongs to exactly one of
// 0 <= index < count, whatever other inputs there are.
struct Shard {
  std::uint64_t index = 0;
  std::uint64_t count = 1;
  bool has(const std::string& id) const;
};
std::string to_string(const Shard& shard);               // "3/16"
inline constexpr std::uint64_t kMostShards = 1'000'000;  // of one set of inputs

// "i/n" with 0 <= i < n, or by the variables that a cluster's scheduler sets in each task of a job
// array: "env/n" counts its ids from 0, "env/n@first" from `first`; "env" takes n from the array
// as well, where that tells its first, last and step, begins at 0 or 1 and has more than one task.
// Throws Error(kUsage), also where no scheduler's variable is set, or several's.
Shard parse_shard(std::string_view text);

}  // namespace co2net
