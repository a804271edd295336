#pragma once

#include <opencv2/core/types.hpp>

namespace co2net {

// Courses of movements, from sums and products alone: the C library's sine is not the same to the
// last bit on every system.

// sin(2 pi turns), to nine digits.
double sine(double turns);
inline double wave_of(double seconds, double period) { return sine(seconds / period); }

// Rises from 0 to 1 and falls back once a period.
double pulse(double seconds, double period);
// The same, but rising takes `rise` of the period, and falling the rest.
double lopsided_pulse(double seconds, double period, double rise);
// From 0 at 0 to 1 at 1, at rest at both.
double eased(double share);

// A way in a direction, positive towards the right; down is positive.
cv::Point2d along(double degrees_from_down, double length);

// A slow or fast oscillation about 0.
struct Sway {
  double amplitude, period_s, phase_s;
  double at(double seconds) const { return amplitude * wave_of(seconds + phase_s, period_s); }
};

}  // namespace co2net
