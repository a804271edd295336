#pragma once

#include <cstddef>
#include <vector>

namespace co2net {

// Mean of the `k` largest values, 1 <= k <= values.size().
double top_mean(std::vector<double> values, std::size_t k);

}  // namespace co2net
