#include "pipeline/formats/csv.h"

#include <algorithm>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  bool at_end() const { return rest_.empty(); }

  // Takes a line's fields and its end.
  CsvRow row() {
    CsvRow row{line_, {field()}};
    while (take(",")) row.fields.push_back(field());
    if (!take_line_end()) fail("text after a closing quote");
    return row;
  }

  // Blanks before it go with it; the text's end is one.
  bool take_line_end() {
    const std::size_t blanks = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    if (blanks < rest_.size() && rest_[blanks] != '\n') return false;
    rest_.remove_prefix(std::min(rest_.size(), blanks + 1));
    ++line_;
    return true;
  }

 private:
  std::string field() { return take("\"") ? quoted() : plain(); }

  std::string plain() {
    const std::string_view field = rest_.substr(0, rest_.find_first_of(",\n"));
    if (field.find('"') != std::string_view::npos) fail("a quote inside a field without quotes");
    rest_.remove_prefix(field.size());
    return std::string(rest_.starts_with(',') ? field : without_trailing_blanks(field));
  }

  // What follows an opening quote.
  std::string quoted() {
    std::string field;
    for (;;) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) fail("a quote that is never closed");
      field += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!take("\"")) break;
      field += '"';
    }
    line_ += static_cast<std::size_t>(std::ranges::count(field, '\n'));
    return field;
  }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  [[noreturn]] void fail(const std::string& defect) const {
    throw Error(ErrorKind::kInput, name_ + ": line " + std::to_string(line_) + ": " + defect);
  }

  std::string_view rest_;
  std::string name_;
  std::size_t line_ = 1;
};

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::vector<CsvRow> parse_csv(std::string_view bytes, const std::string& name) {
  const std::string text = as_text(bytes, name);
  CsvReader reader(text, name);
  std::vector<CsvRow> rows;
  while (!reader.at_end()) {
    if (!reader.take_line_end()) rows.push_back(reader.row());
  }
  return rows;
}

}  // namespace co2net
