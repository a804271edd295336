#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace co2net {

std::string percent(double fraction);  // "44.6"
std::string score_text(double score);  // "0.61"; from 100 on with five digits: "123.45"

// Rows of a table for people, whose first column holds names, as printable() shows them. A library
// of tables would be one more to install, for these few lines.
class TextTable {
 public:
  // The heading's row is started; `names` are those of the rows to come.
  TextTable(const std::string& corner, const std::vector<std::string>& names);

  void start_row(const std::string& name);
  void add(const std::string& cell);
  void add(double fraction);                 // as percent
  void add(std::optional<double> fraction);  // "-" for none

  std::string text() const { return text_.str() + '\n'; }

 private:
  int name_width_;
  std::ostringstream text_;
};

}  // namespace co2net
