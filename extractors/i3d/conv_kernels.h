#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "extractors/i3d/conv_net.h"
#include "extractors/i3d/winograd.h"

namespace co2net {

// Activations of a clip, channels last: position (t, y, x) has `channels` floats, and the next one
// begins `step` floats further. Data begin at multiples of 64 bytes; channels and steps are
// multiples of kPanel.
struct Volume {
  float* data = nullptr;
  Size3 size{};
  std::int64_t channels = 0, step = 0;

  std::int64_t positions() const { return size[0] * size[1] * size[2]; }
  float* at(std::int64_t t, std::int64_t y, std::int64_t x) const {
    return data + ((t * size[1] + y) * size[2] + x) * step;
  }
};

// Where a panel of a product's columns goes: row i to data + i * step, as
// max(least, bias + product).
struct PanelResult {
  float* data = nullptr;
  std::int64_t step = 0;
  const float* bias = nullptr;  // [kPanel]
  float least = -std::numeric_limits<float>::infinity();
};

// Of a pool: output i covers the inputs [i * stride - pad, ... + kernel) that exist.
struct PoolWindows {
  Size3 kernel, stride, pad;
};

// What a network is made of, compiled for one instruction set. A result's bytes are the same in
// every call and on every thread, but not with other instruction sets. Sources stay as they are.
struct ConvKernels {
  const char* name;

  // `scratch` has scratch_floats(convolution), at a multiple of 64 bytes.
  void (*winograd)(const WinogradConvolution& convolution, const Volume& source,
                   const Volume& result, float* scratch);

  // A 1x1x1 convolution: the rows [0, rows) of `depth` floats, `step` floats apart, times
  // weights [panels][depth][kPanel].
  void (*pointwise)(const float* source, std::int64_t rows, std::int64_t step, std::int64_t depth,
                    const float* weights, const std::vector<PanelResult>& panels);

  void (*max_pool)(const PoolWindows& windows, const Volume& source, const Volume& result);
  // Sums in double: those of thousands of float32 lose two decimal digits.
  void (*average_pool)(const PoolWindows& windows, const Volume& source, const Volume& result);
};

// Weights [outputs][inputs][1][1][1] as pointwise() takes them, with zeros up to `channels`
// outputs.
Floats pack_pointwise(const Array& weights, std::int64_t channels);

// Those that this CPU runs, fastest first; the last one's are plain, without vectors.
const std::vector<ConvKernels>& conv_kernels();

// The names of all that are compiled in, those too that this CPU cannot run.
std::vector<std::string> compiled_conv_kernels();

}  // namespace co2net
