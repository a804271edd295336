#include "extractors/i3d/phases.h"

namespace co2net {
namespace {

constexpr std::int64_t kTaps = 4;

// A row of a clip as every second position of a row of the phases, from `to` on.
void spread_row(const float* row, std::int64_t width, float* to, std::int64_t step,
                std::int64_t channels) {
  const std::int64_t odd = width / 2, even = width - odd;
  for (std::int64_t x = 0; x < even; ++x) to[x * step] = row[2 * x];
  for (std::int64_t x = 0; x < odd; ++x) to[x * step + channels] = row[2 * x + 1];
  if (odd < even) to[odd * step + channels] = 0;
}

void clear_row(std::int64_t width, float* to, std::int64_t step, std::int64_t channels) {
  for (std::int64_t x = 0; x < width; ++x) to[x * step] = to[x * step + channels] = 0;
}

}  // namespace

Size3 phases_size(const Size3& size) {
  return {(size[0] + 1) / 2, (size[1] + 1) / 2, (size[2] + 1) / 2};
}

void split_phases(const float* clip, std::int64_t channels, const Size3& size,
                  const Volume& phases) {
  const auto [times, height, width] = size;
  for (std::int64_t t = 0; t < phases.size[0]; ++t) {
    for (std::int64_t y = 0; y < phases.size[1]; ++y) {
      for (std::int64_t phase = 0; phase < 4; ++phase) {
        const std::int64_t from_t = 2 * t + phase / 2, from_y = 2 * y + phase % 2;
        float* to = phases.at(t, y, 0) + phase * 2 * channels;
        for (std::int64_t c = 0; c < channels; ++c) {
          if (from_t < times && from_y < height) {
            const float* row = clip + ((c * times + from_t) * height + from_y) * width;
            spread_row(row, width, to + c, phases.step, channels);
          } else {
            clear_row(phases.size[2], to + c, phases.step, channels);
          }
        }
      }
    }
  }
}

// Output o covers the inputs 2 * o - pad + k. With an odd padding the phases' taps begin one input
// earlier, with a zero.
Array phases_weights(const Array& weights, const Size3& pad) {
  const std::int64_t outputs = weights.dim(0), channels = weights.dim(1);
  Array result({outputs, kPhases * channels, kTaps, kTaps, kTaps});
  const float* weight = weights.values.data();
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t t = pad[0] % 2; t < weights.dim(2) + pad[0] % 2; ++t) {
        for (std::int64_t y = pad[1] % 2; y < weights.dim(3) + pad[1] % 2; ++y) {
          for (std::int64_t x = pad[2] % 2; x < weights.dim(4) + pad[2] % 2; ++x) {
            const std::int64_t phase = (t % 2 * 2 + y % 2) * 2 + x % 2;
            const std::int64_t tap = (t / 2 * kTaps + y / 2) * kTaps + x / 2;
            result.row(o)[(phase * channels + c) * kTaps * kTaps * kTaps + tap] = *weight++;
          }
        }
      }
    }
  }
  return result;
}

Size3 phases_pad(const Size3& pad) {
  return {(pad[0] + 1) / 2, (pad[1] + 1) / 2, (pad[2] + 1) / 2};
}

}  // namespace co2net
