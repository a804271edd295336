#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pipeline/devices/device.h"
#include "pipeline/formats/array.h"
#include "tests/support.h"

// Skips the test, saying so, where libtorch has no GPU.
#define SKIP_WITHOUT_GPU()                \
  if (!best_device().is_gpu()) {          \
    GTEST_SKIP() << co2net::test::kNoGpu; \
  }                                       \
  static_assert(true)

namespace co2net::test {

// Whether no value is further from the other array's than `tolerance` times the largest of those.
inline void expect_near(const Array& actual, const Array& wanted, double tolerance) {
  ASSERT_EQ(actual.shape, wanted.shape);
  double scale = 0, distance = 0;
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    scale = std::max<double>(scale, std::abs(wanted.values[i]));
    distance = std::max<double>(distance, std::abs(actual.values[i] - wanted.values[i]));
  }
  EXPECT_GT(scale, 0);
  EXPECT_LE(distance, tolerance * scale);
}

}  // namespace co2net::test
