#pragma once

#include <cstddef>
#include <vector>

namespace co2net {

// Mean of the `k` largest values, 1 <= k <= values.size().
double top_mean(std::vector<double> values, std::size_t k);

// exp(value) / sum of exp over all; at least one value.
std::vector<double> softmax(std::vector<double> values);

}  // namespace co2net
