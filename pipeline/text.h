#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace co2net {

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

bool is_utf8(const std::string& text);

// Appends a character, at most U+10FFFF.
void append_utf8(std::string& text, std::uint32_t character);

}  // namespace co2net
