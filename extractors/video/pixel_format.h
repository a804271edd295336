#pragma once

namespace co2net {

// Packed pixels of 8-bit channels: blue, green, red; or one of intensity.
enum class PixelFormat { kBgr24, kGray8 };

}  // namespace co2net
