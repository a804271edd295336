#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "postprocess/evaluation.h"

namespace co2net {

// What the CO2-Net paper reports (arXiv 2107.12589, tables 1 and 2), as fractions.
struct PublishedFigures {
  std::map<double, double> mAP;            // by threshold
  std::map<std::string, double> averages;  // by range, as averages() names them
};

// For "thumos14" and "activitynet1.2"; throws Error(kUsage) listing these for another name.
const PublishedFigures& published_figures(const std::string& dataset);

struct TableOptions {
  const PublishedFigures* beside = nullptr;  // a row of these, as far as they have the columns
  bool per_class = false;                    // a row a class
};

// For people: a row of mAP and a column a threshold, then averages; percent with one decimal.
std::string to_table(const Evaluation& evaluation, const TableOptions& options = {});

// {"tiou": [...], "mAP": [...], "average", "averages": {range: x}, "per_class": {label: [AP...]},
// "counts": {...}}; fractions.
Json to_json(const Evaluation& evaluation);
// {"mAP": {threshold: x}, "averages": {range: x}}; fractions.
Json to_json(const PublishedFigures& figures);

}  // namespace co2net
