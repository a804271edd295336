#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "postprocess/predictions.h"

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

// All classes of files that are shown together: the list by which pages, figures and copies colour
// them, whatever part of the files they show. First those of the results with all candidates, then
// those that are only true, then those that only the other results have, so that no further file
// changes a colour; each of these in alphabetical order.
std::vector<std::string> coloured_classes(const Predictions& found, const Annotations& truth,
                                          const Predictions& other);

// The colours of classes that are seen together, the most important ones first. Each has its own;
// where another before it in the list `all` has taken that, the next that is free. Those for which
// none is left share theirs.
std::vector<Colour> colours_within(const std::vector<std::string>& shown,
                                   const std::vector<std::string>& all);

}  // namespace co2net
