#include "pipeline/base/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

// How many letters to add, drop, replace or, where they are neighbours, exchange. Neither the
// standard library nor Boost has it.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, above, row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

// Nothing that long is a slip of the hand, and comparing takes time in proportion to both lengths.
constexpr std::size_t kLongest = 100;
constexpr std::size_t kLeastBeginning = 3;  // of a name, to tell which is meant

}  // namespace

std::string suggestion(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() > kLongest) return "";
  const std::string small = lower_case(typed);
  std::string nearest;
  std::size_t least = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    if (name.size() > kLongest) continue;
    const std::string candidate = lower_case(name);
    const bool is_begun = small.size() >= kLeastBeginning && candidate.starts_with(small);
    const std::size_t distance = is_begun ? 1 : edit_distance(small, candidate);
    if (distance < least) {
      least = distance;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

std::string not_one_of(std::string_view typed, const std::vector<std::string>& names) {
  return "'" + std::string(typed) + "' is not one of " + joined(names) + suggestion(typed, names);
}

}  // namespace co2net
