#include "postprocess/text_table.h"

#include <algorithm>
#include <cmath>
#include <iomanip>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr int kCellWidth = 10;

}  // namespace

std::string percent(double fraction) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << 100 * fraction;
  return text.str();
}

std::string score_text(double score) {
  std::ostringstream text;
  text.precision(std::abs(score) < 100 ? 2 : 5);
  if (std::abs(score) < 100) text << std::fixed;
  text << score;
  return text.str();
}

TextTable::TextTable(const std::string& corner, const std::vector<std::string>& names)
    : name_width_(static_cast<int>(corner.size())) {
  for (const std::string& name : names) {
    name_width_ = std::max(name_width_, static_cast<int>(printable(name).size()));
  }
  start_row(corner);
}

void TextTable::start_row(const std::string& name) {
  if (text_.tellp() > 0) text_ << '\n';
  text_ << std::left << std::setw(name_width_) << printable(name) << std::right;
}

void TextTable::add(const std::string& cell) { text_ << std::setw(kCellWidth) << cell; }

void TextTable::add(double fraction) { add(percent(fraction)); }

void TextTable::add(std::optional<double> fraction) { fraction ? add(*fraction) : add("-"); }

}  // namespace co2net
