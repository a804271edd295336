#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "pipeline/datasets/network_spec.h"

namespace co2net {

// What the CO2-Net paper reports (arXiv 2107.12589, tables 1 and 2), as fractions.
struct PublishedFigures {
  std::map<double, double> mAP;            // by threshold
  std::map<std::string, double> averages;  // by range, as averages() names them
};

// On the dataset that this preset is for.
const PublishedFigures& published_figures(Variant dataset);

// The dataset whose classes these are, in any order and spelling; nothing for other classes, beside
// which the paper's figures mean nothing.
std::optional<Variant> published_dataset(const std::vector<std::string>& classes);

// {"mAP": {threshold: x}, "averages": {range: x}}; fractions.
Json to_json(const PublishedFigures& figures);

}  // namespace co2net
