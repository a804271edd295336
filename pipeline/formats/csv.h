#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

struct CsvRow {
  std::size_t line = 0;  // where it starts, from 1
  std::vector<std::string> fields;
};

// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, line ends and doubled
// quotes. Line ends and byte order marks are taken as as_text() takes them; empty lines and blanks
// at the end of one do not count. (Boost's tokenizer knows no doubled quotes, and counts no lines.)
// Errors: Error(kInput, "<name>: line N: ...") for a quote in the wrong place or never closed; as
// as_text().
std::vector<CsvRow> parse_csv(std::string_view bytes, const std::string& name);

// A field as it is written: in quotes where it needs them.
std::string csv_field(const std::string& text);

}  // namespace co2net
