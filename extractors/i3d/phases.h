#pragma once

#include <cstdint>

#include "extractors/i3d/conv_kernels.h"

namespace co2net {

// A convolution of stride 2 is one of stride 1 with half as many taps, if what lies at even and at
// odd times, rows and columns are different channels: its source's phases. Those of channel c are
// the channels phase * channels + c, where the phase has a bit for time, row and column each.
constexpr std::int64_t kPhases = 8;

// Of clips of `size`; a last phase that is beyond an odd size is zero.
Size3 phases_size(const Size3& size);

// [C, T, H, W] to channels last; of channels from kPhases * C on nothing is written.
void split_phases(const float* clip, std::int64_t channels, const Size3& size,
                  const Volume& phases);

// Weights and padding of stride 1 for weights [outputs, C, kernel...] and padding of stride 2,
// where kernels are at most 7: [outputs, kPhases * C, 4, 4, 4].
Array phases_weights(const Array& weights, const Size3& pad);
Size3 phases_pad(const Size3& pad);

}  // namespace co2net
