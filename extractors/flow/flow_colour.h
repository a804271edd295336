#pragma once

#include <opencv2/core/mat.hpp>

namespace co2net {

// Flow as colours, as the field shows it (Baker et al., "A Database and Evaluation Methodology for
// Optical Flow", IJCV 2011; their colour wheel of 55 hues): the direction is the hue, and the
// longer a vector, the more saturated, from white for none to the hue itself for `bound`; beyond
// it the hue is darker by a quarter.
//   flow     float32 [H, W, 2] in pixels, x to the right, y down
//   returns  uint8 [H, W, 3], blue first; black where flow is not a number
cv::Mat flow_colours(const cv::Mat& flow, double bound);

}  // namespace co2net
