#include "extractors/i3d/phases.h"

#include <iterator>
#include <vector>

namespace co2net {
namespace {

constexpr std::int64_t kTaps = 4;

// Values 2 * x and 2 * x + 1 of rows, [4 phases of time and row][channels], to the phases of
// position x; beyond the rows' width are zeros.
void split_rows(const std::vector<const float*>& rows, std::int64_t width, float* to,
                std::int64_t step) {
  const std::int64_t channels = std::ssize(rows) / 4;
  for (std::int64_t x = 0; x < width; x += 2, to += step) {
    const bool has_odd = x + 1 < width;
    for (std::int64_t phase = 0; phase < 4; ++phase) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const float* from = rows[phase * channels + c] + x;
        to[phase * 2 * channels + c] = from[0];
        to[(phase * 2 + 1) * channels + c] = has_odd ? from[1] : 0;
      }
    }
  }
}

}  // namespace

Size3 phases_size(const Size3& size) {
  return {(size[0] + 1) / 2, (size[1] + 1) / 2, (size[2] + 1) / 2};
}

void split_phases(const float* clip, std::int64_t channels, const Size3& size,
                  const Volume& phases) {
  const auto [times, height, width] = size;
  const std::vector<float> beyond(width);
  std::vector<const float*> rows(4 * channels);
  for (std::int64_t t = 0; t < phases.size[0]; ++t) {
    for (std::int64_t y = 0; y < phases.size[1]; ++y) {
      for (std::int64_t i = 0; i < 4 * channels; ++i) {
        const std::int64_t phase = i / channels, c = i % channels;
        const std::int64_t from_t = 2 * t + phase / 2, from_y = 2 * y + phase % 2;
        const std::int64_t row = (c * times + from_t) * height + from_y;
        rows[i] = from_t < times && from_y < height ? clip + row * width : beyond.data();
      }
      split_rows(rows, width, phases.at(t, y, 0), phases.step);
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
