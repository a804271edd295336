#pragma once

#include <cstdint>

#include "pipeline/formats/array.h"

namespace co2net {

// Errors: Error(kInput) unless these are finite features [T, feature_size], T >= 1; it names the
// snippet that is not.
void expect_features(const Array& features, std::int64_t feature_size);

}  // namespace co2net
