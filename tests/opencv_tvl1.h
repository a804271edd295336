#pragma once

#include <opencv2/optflow.hpp>

#include "pipeline/stages/recipe.h"

namespace co2net::test {

// OpenCV's own solver for CPUs with the recipe's parameters: what flow.variant=opencv-cpu gives.
inline cv::Ptr<cv::optflow::DualTVL1OpticalFlow> make_opencv_tvl1(const Recipe::Flow& flow) {
  return cv::optflow::DualTVL1OpticalFlow::create(
      flow.tau, flow.lambda, flow.theta, flow.scales, flow.warps, flow.epsilon,
      flow.inner_iterations, flow.outer_iterations, flow.scale_step, 0.0, flow.median, false);
}

}  // namespace co2net::test
