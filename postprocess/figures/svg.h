#pragma once

#include <initializer_list>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace co2net {

// What figures are drawn with. SVG does not lay text out, and who shows it chooses the font, so the
// place that a text takes is estimated, by the widths of DejaVu Sans and rather too much.

// The families that a figure asks for, the first of which has these widths.
inline constexpr const char* kFigureFonts = "DejaVu Sans, Verdana, Arial, Helvetica, sans-serif";

// At most how wide a text is, as its font's size is.
double text_width(std::string_view text, double size);

// The text as XML can hold it and people can read it (as printable()), cut and ended by an ellipsis
// where it is wider than `width`.
std::string fitted(std::string_view text, double size, double width);

// To the hundredth, without needless zeros: "12.5".
std::string coordinate(double value);

using SvgAttributes = std::initializer_list<std::pair<const char*, std::string>>;
void add_attributes(pugi::xml_node element, SvgAttributes attributes);
pugi::xml_node add_element(pugi::xml_node parent, const char* name, SvgAttributes attributes = {});

// `y` is the middle of its letters' height.
pugi::xml_node add_text(pugi::xml_node parent, const std::string& text, double x, double y,
                        double size, SvgAttributes attributes = {});

}  // namespace co2net
