#include "extractors/flow/flow_colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <opencv2/core.hpp>

namespace co2net {
namespace {

constexpr int kHues = 55;
constexpr int kLargest = 255;
using Colour = std::array<int, 3>;  // red, green, blue
using Wheel = std::array<Colour, kHues>;

// From one hue to the next one channel rises or falls, in so many steps that neighbours seem to be
// equally far apart.
constexpr Wheel make_wheel() {
  struct Span {
    int steps, from, changing, by;  // by: 1 rises from 0, -1 falls to it
  };
  constexpr int kRed = 0, kGreen = 1, kBlue = 2;
  constexpr std::array<Span, 6> kSpans = {{{15, kRed, kGreen, 1},
                                           {6, kGreen, kRed, -1},
                                           {4, kGreen, kBlue, 1},
                                           {11, kBlue, kGreen, -1},
                                           {13, kBlue, kRed, 1},
                                           {6, kRed, kBlue, -1}}};
  Wheel wheel = {};
  int at = 0;
  for (const Span& span : kSpans) {
    for (int i = 0; i < span.steps; ++i, ++at) {
      const int step = kLargest * i / span.steps;
      wheel[at][span.from] = kLargest;
      wheel[at][span.changing] = span.by > 0 ? step : kLargest - step;
    }
  }
  return wheel;
}

constexpr Wheel kWheel = make_wheel();

cv::Vec3b colour_of(double x, double y) {
  if (std::isnan(x) || std::isnan(y)) return {0, 0, 0};
  const double length = std::hypot(x, y);
  // From 0 to 54, red to the right, and from there clockwise as pictures are seen.
  const double turn = (std::atan2(-y, -x) / std::numbers::pi + 1) / 2 * (kHues - 1);
  const int before = std::min(static_cast<int>(turn), kHues - 1);
  const int after = (before + 1) % kHues;
  cv::Vec3b colour;
  for (int channel = 0; channel < 3; ++channel) {
    const double share = turn - before;
    const double hue =
        ((1 - share) * kWheel[before][channel] + share * kWheel[after][channel]) / kLargest;
    const double shown = length <= 1 ? 1 - length * (1 - hue) : hue * 0.75;
    colour[2 - channel] = static_cast<std::uint8_t>(kLargest * shown);
  }
  return colour;
}

}  // namespace

cv::Mat flow_colours(const cv::Mat& flow, double bound) {
  cv::Mat colours(flow.size(), CV_8UC3);
  for (int row = 0; row < flow.rows; ++row) {
    const auto* from = flow.ptr<cv::Vec2f>(row);
    auto* to = colours.ptr<cv::Vec3b>(row);
    for (int i = 0; i < flow.cols; ++i) to[i] = colour_of(from[i][0] / bound, from[i][1] / bound);
  }
  return colours;
}

}  // namespace co2net
