#pragma once

#include <opencv2/optflow.hpp>

#include "pipeline/stages/recipe.h"

namespace co2net {

// What OpenCV's GPU code computes; it knows one precision.
inline bool is_tvl1_of_gpus(const Recipe::Flow& flow) {
  return flow.variant == FlowVariant::kOpencvCuda && flow.precision == FlowPrecision::kExact;
}

// OpenCV's solver with the recipe's parameters.
inline cv::Ptr<cv::optflow::DualTVL1OpticalFlow> make_opencv_tvl1(const Recipe::Flow& flow) {
  return cv::optflow::DualTVL1OpticalFlow::create(
      flow.tau, flow.lambda, flow.theta, flow.scales, flow.warps, flow.epsilon,
      flow.inner_iterations, flow.outer_iterations, flow.scale_step, 0.0, flow.median, false);
}

}  // namespace co2net
