#include "samples/drawing/curves.h"

#include <cmath>
#include <numbers>

namespace co2net {

double sine(double turns) {
  double x = turns - std::floor(turns + 0.25);
  if (x > 0.25) x = 0.5 - x;  // from a quarter before 0 to a quarter behind it
  const double angle = 2 * std::numbers::pi * x, square = angle * angle;
  double sum = 1;  // the power series, from its last term
  for (int power = 12; power > 0; power -= 2) sum = 1 - square / (power * (power + 1)) * sum;
  return angle * sum;
}

double pulse(double seconds, double period) { return 0.5 - 0.5 * sine(seconds / period + 0.25); }

double lopsided_pulse(double seconds, double period, double rise) {
  const double phase = seconds / period - std::floor(seconds / period);
  return phase < rise ? eased(phase / rise) : eased((1 - phase) / (1 - rise));
}

double eased(double share) { return pulse(share, 2); }

cv::Point2d along(double degrees_from_down, double length) {
  const double turns = degrees_from_down / 360;
  return {length * sine(turns), length * sine(turns + 0.25)};
}

}  // namespace co2net
