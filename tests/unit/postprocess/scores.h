#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pipeline/formats/array.h"

namespace co2net::test {

// Scores of one class and the background, which is 0; full attention makes it the activation.
inline Array cas_of(const std::vector<float>& activation) {
  Array cas({static_cast<std::int64_t>(activation.size()), 2});
  for (std::size_t t = 0; t < activation.size(); ++t) cas.values[2 * t] = activation[t];
  return cas;
}

inline Array attn_of(const std::vector<float>& attn) {
  return {{static_cast<std::int64_t>(attn.size())}, attn};
}

}  // namespace co2net::test
