#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/json.h"

namespace co2net {

// What the CO2-Net paper reports (arXiv 2107.12589, tables 1 and 2), as fractions.
struct PublishedFigures {
  std::map<double, double> mAP;            // by threshold
  std::map<std::string, double> averages;  // by range, as averages() names them
};

// For "thumos14" and "activitynet1.2"; throws Error(kUsage) listing these for another name.
const PublishedFigures& published_figures(const std::string& dataset);

// The dataset, as published_figures() names it, whose classes these are, in any order; nothing for
// other classes, beside which the paper's figures mean nothing.
std::optional<std::string> published_dataset(const std::vector<std::string>& classes);

// {"mAP": {threshold: x}, "averages": {range: x}}; fractions.
Json to_json(const PublishedFigures& figures);

}  // namespace co2net
