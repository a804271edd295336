#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <mutex>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// wcwidth() by Unicode's tables, whatever the user's locale is.
class UnicodeWidths {
 public:
  UnicodeWidths() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  ~UnicodeWidths() {
    if (locale_ != nullptr) ::freelocale(locale_);
  }
  UnicodeWidths(const UnicodeWidths&) = delete;
  UnicodeWidths& operator=(const UnicodeWidths&) = delete;

  // One too many rather than one too few: a line that breaks cannot be redrawn.
  std::size_t columns(wchar_t character) const {
    constexpr std::size_t kWidest = 2;
    if (locale_ == nullptr) return character < 0x80 ? 1 : kWidest;
    const ::locale_t before = ::uselocale(locale_);
    const int width = ::wcwidth(character);
    ::uselocale(before);
    return width < 0 ? kWidest : static_cast<std::size_t>(width);
  }

 private:
  ::locale_t locale_;
};

// The first character of UTF-8 text, and its bytes.
std::string_view first_bytes(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && is_continuation(text[size])) ++size;
  return text.substr(0, size);
}

wchar_t code_of(std::string_view bytes) {
  constexpr unsigned kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  if (bytes.size() >= std::size(kLeadBits)) return L'\xfffd';
  unsigned code = static_cast<unsigned char>(bytes.front()) & kLeadBits[bytes.size()];
  for (const char byte : bytes.substr(1)) code = code << 6 | (static_cast<unsigned>(byte) & 0x3f);
  return static_cast<wchar_t>(code);
}

std::size_t columns_of_first(std::string_view bytes) {
  static const UnicodeWidths kWidths;
  return kWidths.columns(code_of(bytes));
}

// How much of the text goes into so many columns.
std::size_t bytes_within(std::string_view text, std::size_t most) {
  std::size_t columns = 0, end = 0;
  while (end < text.size()) {
    const std::string_view bytes = first_bytes(text.substr(end));
    columns += columns_of_first(bytes);
    if (columns > most) break;
    end += bytes.size();
  }
  return end;
}

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "\x1b[1;31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kBold:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

bool is_dumb_terminal() { return variable("TERM") == "dumb"; }

bool may_be_coloured(bool is_terminal) {
  return is_terminal && !is_dumb_terminal() && variable("NO_COLOR").empty();
}

std::string painted(std::string_view text, Colour colour, bool has_colour) {
  if (!has_colour) return std::string(text);
  return std::string(escape_of(colour)) + std::string(text) + "\x1b[0m";
}

std::size_t terminal_columns() {
  constexpr std::size_t kUsual = 80;
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const std::string_view bytes = first_bytes(text);
    columns += columns_of_first(bytes);
    text.remove_prefix(bytes.size());
  }
  return columns;
}

std::string cut_to_columns(const std::string& text, std::size_t most) {
  if (columns_of(text) <= most) return text;
  if (most == 0) return "";
  return text.substr(0, bytes_within(text, most - 1)) + "~";
}

std::string padded(std::string_view text, std::size_t columns) {
  return std::string(text) + std::string(columns - std::min(columns, columns_of(text)), ' ');
}

std::vector<std::string> wrapped_to_columns(std::string_view text, std::size_t most) {
  std::vector<std::string> lines(1);
  for (;;) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    if (!lines.back().empty()) {
      const bool fits = columns_of(lines.back()) + 1 + columns_of(word) <= most;
      if (fits) {
        lines.back() += ' ';
      } else {
        lines.emplace_back();
      }
    }
    while (columns_of(word) > most) {
      const std::size_t bytes = bytes_within(word, most);
      lines.back() = word.substr(0, bytes);
      lines.emplace_back();
      word.remove_prefix(bytes);
    }
    lines.back() += word;
    if (text.empty()) return lines;
    text.remove_prefix(1);
  }
}

void write_at_once(std::ostream& out, std::string_view text) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.flush();
}

}  // namespace co2net
