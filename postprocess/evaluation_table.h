#pragma once

#include <string>

#include "pipeline/base/json.h"
#include "postprocess/evaluation.h"
#include "postprocess/published.h"

namespace co2net {

struct TableOptions {
  const PublishedFigures* beside = nullptr;  // a row of these, as far as they have the columns
  bool per_class = false;                    // a row a class
};

// For people: a row of mAP and a column a threshold, then averages; percent with one decimal.
std::string to_table(const Evaluation& evaluation, const TableOptions& options = {});

// {"tiou": [...], "mAP": [...], "average", "averages": {range: x}, "per_class": {label: [AP...]},
// "counts": {...}}; fractions.
Json to_json(const Evaluation& evaluation);

}  // namespace co2net
