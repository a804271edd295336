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
// quotes; lines end with LF or CRLF. Empty lines and a byte order mark are passed over. (Boost's
// tokenizer knows no doubled quotes, and counts no lines.)
// Errors: Error(kInput, "<name>: line N: ...") for a quote in the wrong place or never closed.
std::vector<CsvRow> parse_csv(std::string_view text, const std::string& name);

}  // namespace co2net
