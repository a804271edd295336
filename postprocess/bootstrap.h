#pragma once

#include <functional>
#include <vector>

namespace co2net {

// A figure of videos, and the bounds of the middle 95% of what it is in sets of as many videos,
// drawn from these with replacement (bootstrap). The draws are the same each time.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

// How often each video is in a set.
using Copies = std::vector<int>;

inline constexpr int kDrawnSets = 1000;
// So many sets of so many videos.
void for_each_drawn_set(std::size_t videos, const std::function<void(const Copies&)>& use);

// `of_sets`: what the figure is in each drawn set that has it, at least one.
Estimate estimate(double value, const std::vector<double>& of_sets);

}  // namespace co2net
