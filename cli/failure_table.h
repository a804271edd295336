#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "postprocess/exporters.h"

namespace co2net {

struct FailureTableLook {
  std::size_t columns = 0;  // cells go on over lines to fit; 0: as wide as it takes
  bool has_colour = false;
  std::size_t most = 20;  // rows
  std::string rest = {};  // where the others are told: "in the errors of results.json"
};

// What failed, a row a video: which, in what stage, why, and what to do about it, as the messages
// say; nothing is cut away. In few columns reason and remedy are on lines of their own. Empty for
// fewer than two, of which the log has a line anyway. (TextTable is for figures: it
// sets them right in columns of one width.)
std::string failure_table(const std::vector<VideoError>& failures, const FailureTableLook& look);

}  // namespace co2net
