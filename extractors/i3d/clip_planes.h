#pragma once

#include <cstddef>
#include <cstdint>

namespace co2net {

// One component of an image whose components lie side by side in a pixel, of somebody else's.
struct Component {
  const std::uint8_t* first = nullptr;  // of the first pixel
  std::ptrdiff_t stride = 0;            // bytes from a row to the next
  int step = 1;                         // bytes from a pixel to the next
  bool negated = false;                 // 255 - byte is seen
};

// As a network takes it: 2x / 255 - 1, float32 [side, side], to `plane`.
void put_plane(const Component& component, int side, float* plane);

}  // namespace co2net
