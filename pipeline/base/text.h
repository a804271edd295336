#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

// "2 videos", "1 video", of `what` in the plural: its first word that ends in s loses that where
// it is one ("classes": "es").
std::string counted(std::size_t count, const std::string& what);

// "2 videos (a, b)"; of many names the first few: "7 videos (a, b, c, ...)".
std::string counted(const std::string& what, const std::vector<std::string>& names);

// Whether a byte of UTF-8 is within a character.
bool is_continuation(char byte);

// At most that many bytes of it, whole characters, and "..." where it is longer.
std::string shortened(std::string_view text, std::size_t most);

bool is_utf8(std::string_view text);

// Text of anybody's as a terminal may show it: control characters, those without width or that turn
// the direction of writing, and bytes that are not UTF-8 become "\n", "\x1b", "\u202e".
std::string printable(std::string_view text);

// A text that somebody's program wrote, as every reader here takes it: lines end with LF, where LF,
// CR LF or CR ended them, and none begins with a byte order mark (files that were joined have them
// in the middle). Throws Error(kind), led by `name`, for UTF-16, UTF-32 and what else came in the
// text's place (pipeline/base/foreign_file.h). Names of files are not always UTF-8, so that is left
// to who needs it.
std::string as_text(std::string_view bytes, const std::string& name,
                    ErrorKind kind = ErrorKind::kInput);

// The same of a part of it, of which nothing tells that it is foreign.
std::string with_line_feeds(std::string_view bytes);

// The lines of what as_text() gives, without their ends.
std::vector<std::string> lines_of(std::string_view text);

// ASCII's letters as small ones.
std::string lower_case(std::string_view text);

// Without blanks and line ends at its end, or at both ends.
std::string_view without_trailing_blanks(std::string_view text);
std::string_view trimmed(std::string_view text);

// What follows the byte order marks that some programs put before UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

// Appends a character, at most U+10FFFF. (The standard library's own is deprecated.)
void append_utf8(std::string& text, std::uint32_t character);

}  // namespace co2net
