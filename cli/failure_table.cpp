#include "cli/failure_table.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "cli/terminal.h"
#include "pipeline/base/remedy.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr std::size_t kCells = 4, kGap = 2;
constexpr std::size_t kLeastBeside = 60;  // columns in which four cells can be read side by side
using Row = std::array<std::string, kCells>;
using Widths = std::array<std::size_t, kCells>;

Row row_of(const VideoError& failure) {
  const auto [reason, remedy] = advice_in(failure.message);
  return {printable(failure.id), printable(failure.stage), printable(reason), printable(remedy)};
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
  const std::size_t all = columns - (kCells - 1) * kGap;
  for (;;) {
    const auto widest = std::ranges::max_element(widths);
    const std::size_t sum = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
    if (sum <= all || *widest <= kLeast) return widths;
    --*widest;
  }
}

std::string joined_lines(const std::vector<std::string>& lines, const std::string& indent) {
  std::string text;
  for (const std::string& line : lines) {
    text += indent + std::string(without_trailing_blanks(line)) + "\n";
  }
  return text;
}

// A row's cells side by side, each over as many lines as it takes.
std::string beside(const Row& row, const Widths& widths) {
  std::array<std::vector<std::string>, kCells> cells;
  std::size_t count = 0;
  for (std::size_t i = 0; i < kCells; ++i) {
    cells[i] = wrapped_to_columns(row[i], widths[i]);
    count = std::max(count, cells[i].size());
  }
  std::vector<std::string> lines(count);
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < kCells; ++i) {
      lines[n] += padded(n < cells[i].size() ? cells[i][n] : "", widths[i] + kGap);
    }
  }
  return joined_lines(lines, "");
}

// On a narrow terminal: reason and remedy below the video, on lines of their own.
std::string below(const Row& row, std::size_t columns) {
  const auto& [video, stage, reason, remedy] = row;
  const std::size_t rest = columns - std::min(columns - 1, kGap);
  const std::string indent(kGap, ' ');
  std::string text = joined_lines(wrapped_to_columns(video + indent + stage, columns), "") +
                     joined_lines(wrapped_to_columns(reason, rest), indent);
  if (!remedy.empty()) text += joined_lines(wrapped_to_columns(remedy, rest), indent);
  return text;
}

}  // namespace

std::string failure_table(const std::vector<VideoError>& failures, const FailureTableLook& look) {
  if (failures.size() < 2) return "";
  const std::size_t shown = std::min(failures.size(), look.most);
  std::vector<Row> rows = {{"video", "stage", "reason", "remedy"}};
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(row_of(failures[i]));
  Widths widths = widths_of(rows);
  const bool is_narrow = look.columns > 0 && look.columns < kLeastBeside;
  if (look.columns > 0 && !is_narrow) widths = narrowed(widths, look.columns);
  const auto told = [&](const Row& row) {
    return is_narrow ? below(row, look.columns) : beside(row, widths);
  };
  std::string text = "\n" + painted(told(rows[0]), Colour::kBold, look.has_colour);
  for (std::size_t i = 1; i < rows.size(); ++i) text += told(rows[i]);
  const std::size_t others = failures.size() - shown;
  if (others > 0) text += "and " + std::to_string(others) + " more, " + look.rest + "\n";
  return text;
}

}  // namespace co2net
