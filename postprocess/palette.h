#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace co2net {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// Those of Okabe and Ito, which people tell apart however they see colours, in the order in which
// classes get them. The pages have the same in style.css.
inline constexpr std::array<Colour, 7> kClassColours = {{{0x00, 0x72, 0xB2},
                                                         {0xE6, 0x9F, 0x00},
                                                         {0x00, 0x9E, 0x73},
                                                         {0xCC, 0x79, 0xA7},
                                                         {0x56, 0xB4, 0xE9},
                                                         {0xD5, 0x5E, 0x00},
                                                         {0xF0, 0xE4, 0x42}}};

// Of the class at that place of the list of all.
constexpr Colour class_colour(std::size_t index) {
  return kClassColours[index % kClassColours.size()];
}

}  // namespace co2net
