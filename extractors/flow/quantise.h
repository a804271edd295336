#pragma once

#include <array>
#include <cstdint>

#include "extractors/flow/image_view.h"

namespace co2net {

// Flow in pixels to bytes: v truncated to [-bound, bound], then 255 * (v + bound) / (2 * bound) in
// double precision, rounded half to even; 0 for what is no number. bound > 0.
std::uint8_t quantise(float v, double bound);
//   bytes  [H, W], written
void quantise_flow(const FlowView& flow, double bound, FlowBytes* bytes);

// The same by comparisons alone: a byte is the number of steps that are not above v. They ascend.
using QuantisationSteps = std::array<float, 255>;
QuantisationSteps quantisation_steps(double bound);

}  // namespace co2net
