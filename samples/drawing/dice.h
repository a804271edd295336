#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

namespace co2net {

// Random numbers that are the same everywhere: an engine that the standard defines to the bit, and
// no distribution of the library's, which it does not define. The order in which the operands of a
// call or a sum are evaluated is no more defined: each takes one number at most.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(bits() >> 11) * 0x1p-53);
  }
  int whole(int low, int end) {  // from low to end - 1
    return low + static_cast<int>(bits() % static_cast<std::uint64_t>(end - low));
  }
  bool happens(double probability) { return uniform(0, 1) < probability; }
  // So far from 0, to either side.
  double either_side(double low, double high) {
    const double distance = uniform(low, high);
    return happens(0.5) ? distance : -distance;
  }
  // As many of each octave as of another, low and high included; near to a logarithm's law, which
  // rounds otherwise on other systems.
  double by_octaves(double low, double high) {
    const double octave = uniform(octaves_of(low), octaves_of(high)), whole = std::floor(octave);
    return std::ldexp(1 + octave - whole, static_cast<int>(whole));
  }
  template <class List>
  decltype(auto) one_of(const List& list) {
    return list[static_cast<std::size_t>(bits() % std::size(list))];
  }

 private:
  // What by_octaves() undoes: log2 at powers of two, linear between them.
  static double octaves_of(double value) {
    int exponent = 0;
    const double fraction = std::frexp(value, &exponent);  // in [0.5, 1)
    return exponent - 1 + 2 * fraction - 1;
  }

  std::mt19937_64 engine_;
};

}  // namespace co2net
