#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

// "2 videos (a, b)"; of many names the first few: "7 videos (a, b, c, ...)".
std::string counted(const std::string& what, const std::vector<std::string>& names);

// At most that many bytes of it, whole characters, and "..." where it is longer.
std::string shortened(std::string_view text, std::size_t most);

bool is_utf8(std::string_view text);

// What follows the byte order mark that some programs put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

// Appends a character, at most U+10FFFF. (The standard library's own is deprecated.)
void append_utf8(std::string& text, std::uint32_t character);

}  // namespace co2net
