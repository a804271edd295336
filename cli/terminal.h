#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// What a terminal can do, and what of it the program uses.

// Whether the user lets a terminal act on more than line feeds: TERM is not "dumb".
bool is_dumb_terminal();
// Whether what goes there may be coloured: a terminal that is not dumb, and NO_COLOR, which
// who wants none sets to anything that is not empty (no-color.org), is not.
bool may_be_coloured(bool is_terminal);

enum class Colour { kRed, kYellow, kGreen, kBold };
// The text in a colour, or as it is.
std::string painted(std::string_view text, Colour colour, bool has_colour);

// Columns of the terminal that standard error goes to; 80 where it does not say.
std::size_t terminal_columns();

// How many columns a terminal shows UTF-8 text in, without what colours it, and the text as far as
// it goes into so many, cut between characters and ended by "~" where something is missing.
std::size_t columns_of(std::string_view text);
std::string cut_to_columns(const std::string& text, std::size_t most);

// The text with blanks behind it, as wide as that at least.
std::string padded(std::string_view text, std::size_t columns);

// In lines of at most so many columns, at least two: between words, or in a longer one between
// characters. All of it is there; an empty text has one line.
std::vector<std::string> wrapped_to_columns(std::string_view text, std::size_t most);

// From the cursor, which stands at the beginning of what is drawn, to the end of the screen. What
// is written next takes the place of a bar, or of nothing.
inline constexpr std::string_view kEraseBelow = "\r\x1b[J";

// A line of the log, as spdlog takes it.
inline constexpr const char* kLogPattern = "%n: %^%l%$: %v";

// Writes text in one piece, whichever thread writes beside it: the log and the bars share a stream.
void write_at_once(std::ostream& out, std::string_view text);

}  // namespace co2net
