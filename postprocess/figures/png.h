#pragma once

#include <string>
#include <string_view>

namespace co2net {

// Draws SVG of ours as a PNG, RGB on white and so many pixels wide, with the fonts of the machine:
// the same bytes where these and the libraries are the same. May be called by several threads.
// Errors: Error(kInput) where it would be too high to be drawn, Error(kInternal) with the library's
// reason.
std::string png_of(const std::string& svg, int width);

// Throws Error(kIo) where the machine has no font at all: pictures would have no text.
void expect_fonts();

// The characters, each once, that no font of the machine has: boxes stand for them in a PNG.
std::string without_font(std::string_view text);

}  // namespace co2net
