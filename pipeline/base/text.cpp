#include "pipeline/base/text.h"

#include <simdjson.h>

#include <algorithm>

namespace co2net {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string counted(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, names.size()));
  return std::to_string(names.size()) + " " + what + " (" + joined({names.begin(), end}) +
         (names.size() > kMost ? ", ...)" : ")");
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const auto is_continuation = [](char byte) { return (byte & 0xc0) == 0x80; };
  while (most > 0 && is_continuation(text[most])) --most;
  return std::string(text.substr(0, most)) + "...";
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

void append_utf8(std::string& text, std::uint32_t character) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80 | (character >> shift & 0x3f));
  };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xc0 | character >> 6);
    tail(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xe0 | character >> 12);
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | character >> 18);
    tail(12), tail(6), tail(0);
  }
}

}  // namespace co2net
