#pragma once

#include <array>

#include "samples/drawing/motions.h"

namespace co2net {

// The tables behind motions_of().
extern const std::array<Motion, 8> kBenchmarkMotions;
extern const std::array<Motion, 24> kPretrainingMotions;

}  // namespace co2net
