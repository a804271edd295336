#include "postprocess/pooling.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace co2net {

double top_mean(std::vector<double> values, std::size_t k) {
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(k);
  std::partial_sort(values.begin(), end, values.end(), std::greater<>());
  return std::accumulate(values.begin(), end, 0.0) / static_cast<double>(k);
}

}  // namespace co2net
