#include "localizer/expect_features.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "pipeline/base/error.h"

namespace co2net {

void expect_features(const Array& features, std::int64_t feature_size) {
  expect_shape(features, {-1, feature_size}, "features");
  if (features.dim(0) == 0) {
    throw Error(ErrorKind::kInput, "features: no snippets; the video is shorter than one");
  }
  const auto& values = features.values;
  const auto wrong =
      std::find_if_not(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  if (wrong != values.end()) {
    throw Error(ErrorKind::kInput, "features: NaN or infinity in snippet " +
                                       std::to_string((wrong - values.begin()) / feature_size) +
                                       "; extract them again");
  }
}

}  // namespace co2net
