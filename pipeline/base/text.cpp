#include "pipeline/base/text.h"

#include <simdjson.h>

#include <algorithm>

#include "pipeline/base/foreign_file.h"

namespace co2net {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  // in bytes; 0 for what is not UTF-8
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead < 0xc2   ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return {};
  std::uint32_t code = lead & (0x7fu >> size);
  for (const char c : text.substr(1, size - 1)) {
    if (!is_continuation(c)) return {};
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (code < kLeast[size] || is_surrogate || code > 0x10ffff) return {};
  return {code, size};
}

// From DEL on: control characters, ends of lines and paragraphs, marks without width, and what
// turns the direction of writing.
bool is_invisible(std::uint32_t code) {
  const auto is_in = [code](std::uint32_t first, std::uint32_t last) {
    return first <= code && code <= last;
  };
  return is_in(0x7f, 0x9f) || code == 0x61c || code == 0x200b || is_in(0x200e, 0x200f) ||
         is_in(0x2028, 0x202e) || is_in(0x2066, 0x2069) || code == 0xfeff;
}

std::string hex(std::uint32_t number, int digits) {
  std::string text;
  while (digits-- > 0) text += "0123456789abcdef"[number >> 4 * digits & 15];
  return text;
}

std::string escaped_byte(char byte) {
  if (byte == '\n') return "\\n";
  if (byte == '\r') return "\\r";
  if (byte == '\t') return "\\t";
  return "\\x" + hex(static_cast<unsigned char>(byte), 2);
}

// Of a plural such as "short videos", "classes", "entries" or "videos of a.json".
std::string singular(std::string what) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = what.find(' ', end + 1);
    const std::string_view words = std::string_view(what).substr(0, end);
    if (!words.ends_with('s')) continue;
    if (words.ends_with("ies")) return what.replace(words.size() - 3, 3, "y");
    return what.erase(words.size() - (words.ends_with("sses") ? 2 : 1),
                      words.ends_with("sses") ? 2 : 1);
  }
  return what;
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + (count == 1 ? singular(what) : what);
}

std::string counted(const std::string& what, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, names.size()));
  std::string count = counted(names.size(), what);
  if (names.empty()) return count;
  return count + " (" + joined({names.begin(), end}) + (names.size() > kMost ? ", ...)" : ")");
}

bool is_continuation(char byte) { return (byte & 0xc0) == 0x80; }

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && is_continuation(text[most])) --most;
  return std::string(text.substr(0, most)) + "...";
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto [code, size] = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(1, size));
    text.remove_prefix(bytes.size());
    if (size == 0 || code < ' ') {
      shown += escaped_byte(bytes.front());
    } else if (is_invisible(code)) {
      shown += "\\u" + hex(code, 4);
    } else {
      shown += bytes;
    }
  }
  return shown;
}

std::string as_text(std::string_view bytes, const std::string& name, ErrorKind kind) {
  if (const auto foreign = foreign_to_text(bytes)) throw Error(kind, name + ": " + *foreign);
  return with_line_feeds(bytes);
}

std::string with_line_feeds(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (;;) {
    bytes = without_byte_order_mark(bytes);
    const std::size_t end = bytes.find_first_of("\r\n");
    text += bytes.substr(0, end);
    if (end == std::string_view::npos) return text;
    text += '\n';
    bytes.remove_prefix(end);
    bytes.remove_prefix(bytes.starts_with("\r\n") ? 2 : 1);
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    lines.emplace_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), lines.back().size() + 1));
  }
  return lines;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string_view without_trailing_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view trimmed(std::string_view text) {
  text = without_trailing_blanks(text);
  return text.substr(std::min(text.size(), text.find_first_not_of(kBlanks)));
}

std::string_view without_byte_order_mark(std::string_view text) {
  while (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
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
