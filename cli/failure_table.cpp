#include "cli/failure_table.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>

#include "cli/terminal.h"
#include "pipeline/base/remedy.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr std::size_t kCells = 4, kGap = 2;
using Row = std::array<std::string, kCells>;
using Widths = std::array<std::size_t, kCells>;

// Without the video's own path at its beginning, since the row names it.
std::string without_path(const std::string& reason, const std::string& id) {
  const std::size_t end = reason.find(": ");
  if (end == std::string::npos) return reason;
  const std::filesystem::path path = reason.substr(0, end);
  const bool is_its_own = path == id || (path.parent_path() / path.stem()).string().ends_with(id);
  return is_its_own && path.has_extension() ? reason.substr(end + 2) : reason;
}

Row row_of(const VideoError& failure) {
  const auto [reason, remedy] = advice_in(failure.message);
  return {printable(failure.id), printable(failure.stage),
          printable(without_path(reason, failure.id)), printable(remedy)};
}

Widths widths_of(const std::vector<Row>& rows) {
  Widths widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kCells; ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  return widths;
}

// The widest gives way, as long as it takes; none below what a word needs.
Widths narrowed(Widths widths, std::size_t columns) {
  constexpr std::size_t kLeast = 8;
  const std::size_t all = columns - std::min(columns, (kCells - 1) * kGap);
  for (;;) {
    const auto widest = std::ranges::max_element(widths);
    const std::size_t sum = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
    if (sum <= all || *widest <= kLeast) return widths;
    --*widest;
  }
}

std::string line_of(const Row& row, const Widths& widths) {
  std::string line;
  for (std::size_t i = 0; i < kCells; ++i) {
    const std::string cell = cut_to_columns(row[i], widths[i]);
    line += cell + std::string(widths[i] - columns_of(cell) + kGap, ' ');
  }
  return std::string(without_trailing_blanks(line));
}

}  // namespace

std::string failure_table(const std::vector<VideoError>& failures, const FailureTableLook& look) {
  if (failures.size() < 2) return "";
  const std::size_t shown = std::min(failures.size(), look.most);
  std::vector<Row> rows = {{"video", "stage", "reason", "remedy"}};
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(row_of(failures[i]));
  Widths widths = widths_of(rows);
  if (look.columns > 0) widths = narrowed(widths, look.columns);
  std::string text =
      "\n" + painted(line_of(rows[0], widths), Colour::kBold, look.has_colour) + "\n";
  for (std::size_t i = 1; i < rows.size(); ++i) text += line_of(rows[i], widths) + "\n";
  const std::size_t others = failures.size() - shown;
  if (others > 0) text += "and " + std::to_string(others) + " more, " + look.rest + "\n";
  return text;
}

}  // namespace co2net
