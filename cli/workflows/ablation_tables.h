#pragma once

#include <optional>
#include <string>
#include <vector>

namespace co2net {

// A training of a comparison: what it changes, as with_setting() takes it.
struct AblationRow {
  std::string name;
  std::vector<std::string> settings;
  std::optional<double> paper;  // average mAP at 0.1:0.7 on THUMOS14 that the paper gives
};

struct AblationTable {
  std::string name;   // as --table takes it
  std::string title;  // of the column of the rows' names
  std::vector<AblationRow> rows;
};

// The paper's comparisons (arXiv 2107.12589, tables 3 to 6), and every loss term but MIL left out
// by itself. In each, one row is CO2-Net itself; its figure is that of published_figures() and not
// repeated here.
const std::vector<AblationTable>& ablation_tables();
// That of W-TALC's paper: its two terms.
const std::vector<AblationTable>& wtalc_ablation_tables();

}  // namespace co2net
