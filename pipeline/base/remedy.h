#pragma once

#include <string>
#include <string_view>

namespace co2net {

// A message of an Error, "reason; remedy", in two: the remedy is what follows the last semicolon
// and blank, by which every message here sets it off, unless that stands within quotes or brackets;
// empty where there is none.
struct Advice {
  std::string reason, remedy;
};
Advice advice_in(std::string_view message);

// "; make room, or name another place": what to do about what the system said in errno; "" where
// nothing is obvious.
const char* remedy_for_system(int error);

// Where no font has a character.
inline constexpr const char* kRemedyForGlyphs =
    "install one, as by 'apt-get install fonts-noto-core fonts-noto-cjk'";

}  // namespace co2net
