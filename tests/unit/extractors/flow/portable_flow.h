#pragma once

#include <opencv2/core/mat.hpp>

#include "pipeline/stages/recipe.h"

namespace co2net::test {

// flow.variant=portable as its definition says it (extractors/flow/README.md), pixel after pixel
// and without a thought to speed: what every solver of that variant is held to, byte by byte.
cv::Mat portable_flow(const Recipe::Flow& flow, const cv::Mat& from, const cv::Mat& to);

}  // namespace co2net::test
