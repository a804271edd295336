#include "postprocess/bootstrap.h"

#include <random>

#include "pipeline/base/statistics.h"

namespace co2net {
void for_each_drawn_set(std::size_t videos, const std::function<void(const Copies&)>& use) {
  std::mt19937_64 random(1);
  for (int set = 0; set < kDrawnSets; ++set) {
    Copies copies(videos);
    for (std::size_t i = 0; i < videos; ++i) ++copies[random() % videos];
    use(copies);
  }
}

Estimate estimate(double value, const std::vector<double>& of_sets) {
  return {value, quantile(of_sets, 0.025), quantile(of_sets, 0.975)};
}

}  // namespace co2net
