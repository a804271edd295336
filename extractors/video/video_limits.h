#pragma once

#include <cstdint>

namespace co2net {

// What a video may ask for. Its header alone says how large and how many its pictures are, and it
// may lie: what asks for more is an error before memory is taken for it.
struct VideoLimits {
  static constexpr std::int64_t kADay = 0;  // frames of a day at the rate of reading

  std::int64_t frames = kADay;
  std::int64_t pixels = std::int64_t{8192} * 8192;         // of a frame as it is stored
  std::int64_t scaled_pixels = std::int64_t{4096} * 4096;  // of a frame after resizing
  int streams = 256;
  std::int64_t allocation = std::int64_t{1} << 30;  // bytes that libav takes at once
};

}  // namespace co2net
