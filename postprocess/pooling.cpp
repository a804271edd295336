#include "postprocess/pooling.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace co2net {

double top_mean(std::vector<double> values, std::size_t k) {
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(k);
  std::partial_sort(values.begin(), end, values.end(), std::greater<>());
  return std::accumulate(values.begin(), end, 0.0) / static_cast<double>(k);
}

std::vector<double> softmax(std::vector<double> values) {
  const double largest = std::ranges::max(values);
  for (double& value : values) value = std::exp(value - largest);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value /= sum;
  return values;
}

}  // namespace co2net
