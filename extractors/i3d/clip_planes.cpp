#include "extractors/i3d/clip_planes.h"

#include <array>

namespace co2net {
namespace {

const std::array<float, 256>& network_values() {
  static const std::array<float, 256> values = [] {
    std::array<float, 256> table{};
    for (int byte = 0; byte < 256; ++byte)
      table[byte] = 2.f * static_cast<float>(byte) / 255.f - 1.f;
    return table;
  }();
  return values;
}

}  // namespace

void put_plane(const Component& component, int side, float* plane) {
  const std::array<float, 256>& values = network_values();
  for (int y = 0; y < side; ++y) {
    const std::uint8_t* row = component.first + y * component.stride;
    for (int x = 0; x < side; ++x) {
      const std::uint8_t byte = row[x * component.step];
      *plane++ = values[component.negated ? 255 - byte : byte];
    }
  }
}

}  // namespace co2net
