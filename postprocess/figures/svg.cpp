#include "postprocess/figures/svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cwchar>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

// A character's width in a font of size 1.
double width_of(wchar_t character) {
  constexpr std::wstring_view kNarrow = L" !'()*,-./:;I[\\]`fijlrt|";
  constexpr std::wstring_view kWide = L"#%&+<=>@MW^mw~";
  const auto is_of = [character](std::wstring_view set) {
    return set.find(character) != std::wstring_view::npos;
  };
  if (is_of(kNarrow)) return 0.45;
  if (is_of(kWide)) return 1;
  if (character >= L'A' && character <= L'Z') return 0.8;
  if (character < 0x80) return 0.65;
  return character < 0x1100 ? 0.9 : 1.25;  // most of the latter fill a square
}

double width_of(std::wstring_view text, double size) {
  double width = 0;
  for (const wchar_t character : text) width += width_of(character) * size;
  return width;
}

// XML has no way to write these.
std::wstring without_noncharacters(std::wstring text) {
  std::ranges::replace_if(
      text, [](wchar_t character) { return character == 0xfffe || character == 0xffff; },
      L'\uFFFD');
  return text;
}

}  // namespace

double text_width(std::string_view text, double size) {
  return width_of(pugi::as_wide(std::string(text)), size);
}

std::string fitted(std::string_view text, double size, double width) {
  constexpr wchar_t kEllipsis = L'\u2026';
  std::wstring shown = without_noncharacters(pugi::as_wide(printable(text)));
  if (width_of(shown, size) <= width) return pugi::as_utf8(shown);
  const double room = width - width_of(kEllipsis) * size;
  while (!shown.empty() && width_of(shown, size) > room) shown.pop_back();
  return pugi::as_utf8(shown + kEllipsis);
}

std::string coordinate(double value) {
  std::array<char, 400> buffer;  // has room for the largest number
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, 2);
  std::string text(buffer.data(), end.ptr);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

void add_attributes(pugi::xml_node element, SvgAttributes attributes) {
  for (const auto& [key, value] : attributes) element.append_attribute(key) = value.c_str();
}

pugi::xml_node add_element(pugi::xml_node parent, const char* name, SvgAttributes attributes) {
  pugi::xml_node element = parent.append_child(name);
  add_attributes(element, attributes);
  return element;
}

pugi::xml_node add_text(pugi::xml_node parent, const std::string& text, double x, double y,
                        double size, SvgAttributes attributes) {
  constexpr double kMiddle = 0.36;  // of capitals, above the line that they stand on
  pugi::xml_node element = add_element(parent, "text", attributes);
  element.append_attribute("x") = coordinate(x).c_str();
  element.append_attribute("y") = coordinate(y + kMiddle * size).c_str();
  element.append_attribute("font-size") = coordinate(size).c_str();
  element.text() = text.c_str();
  return element;
}

}  // namespace co2net
