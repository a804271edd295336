#pragma once

#include <cstddef>
#include <cstdint>

namespace co2net {

struct ImageSize {
  int height = 0, width = 0;

  std::size_t area() const { return static_cast<std::size_t>(height) * width; }
  bool operator==(const ImageSize&) const = default;
};

// An image that somebody else owns and keeps, row after row.
template <class Pixel>
struct ImageView {
  const Pixel* pixels = nullptr;  // the first of the first row
  ImageSize size = {};
  std::ptrdiff_t stride = 0;  // pixels from a row to the next

  const Pixel* row(int y) const { return pixels + y * stride; }
};

// A frame as flow is solved of it: uint8 [H, W].
using GrayView = ImageView<std::uint8_t>;

// Where a frame's point (x, y) is in the next frame: at (x + u, y + v), in pixels.
struct FlowVector {
  float u = 0, v = 0;
};
// Flow: float32 [H, W, 2].
using FlowView = ImageView<FlowVector>;

// The same in bytes, as quantise_flow() makes them: uint8 [H, W, 2].
struct FlowBytes {
  std::uint8_t u = 0, v = 0;

  bool operator==(const FlowBytes&) const = default;
};
using FlowBytesView = ImageView<FlowBytes>;

}  // namespace co2net
