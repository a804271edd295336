#include "extractors/flow/quantise.h"

#include <bit>
#include <limits>

namespace co2net {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Whole numbers in the order of floats, infinities included, and back.
std::int64_t place_of(float v) {
  const auto bits = std::bit_cast<std::int32_t>(v);
  return bits >= 0 ? bits : std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits;
}
float float_at(std::int64_t place) {
  return place >= 0 ? std::bit_cast<float>(static_cast<std::int32_t>(place))
                    : -std::bit_cast<float>(static_cast<std::int32_t>(-place));
}

// The least float that becomes `byte` or more: found by bisection, since bytes rise with floats.
float least_that_becomes(int byte, double bound) {
  std::int64_t below = place_of(-kInfinity), at = place_of(kInfinity);  // which become 0 and 255
  while (at - below > 1) {
    const std::int64_t middle = below + (at - below) / 2;
    (quantise(float_at(middle), bound) >= byte ? at : below) = middle;
  }
  return float_at(at);
}

}  // namespace

std::uint8_t quantise(float v, double bound) {
  if (v >= bound) return 255;
  if (v <= -bound) return 0;
  // Added to 2^52, where neighbours are 1 apart, it is rounded to the last bits.
  return static_cast<std::uint8_t>(
      std::bit_cast<std::uint64_t>(255 * (v + bound) / (2 * bound) + 0x1p52));
}

void quantise_flow(const FlowView& flow, double bound, FlowBytes* bytes) {
  for (int y = 0; y < flow.size.height; ++y) {
    const FlowVector* row = flow.row(y);
    for (int x = 0; x < flow.size.width; ++x) {
      *bytes++ = {quantise(row[x].u, bound), quantise(row[x].v, bound)};
    }
  }
}

QuantisationSteps quantisation_steps(double bound) {
  QuantisationSteps steps{};
  for (int byte = 1; byte <= 255; ++byte) steps[byte - 1] = least_that_becomes(byte, bound);
  return steps;
}

}  // namespace co2net
