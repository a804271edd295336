#pragma once

#include "extractors/flow/frame_flow.h"

namespace co2net::test {

inline FlowPair pair_of(const cv::Mat& from, const cv::Mat& to) {
  return {gray_view(from), gray_view(to)};
}

// A copy of the flow between OpenCV's images.
inline cv::Mat solved_flow(FlowSolver& solver, const cv::Mat& from, const cv::Mat& to) {
  return mat_of(solver.solve(pair_of(from, to))).clone();
}

}  // namespace co2net::test
