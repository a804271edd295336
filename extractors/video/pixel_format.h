#pragma once

namespace co2net {

// Packed pixels of 8-bit channels: blue, green, red; or one of intensity. Or three planes, of
// brightness and of colours, these with half as many rows and columns, as most videos have them.
enum class PixelFormat { kBgr24, kGray8, kYuv420p };

}  // namespace co2net
