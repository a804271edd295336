#pragma once

#include <string>

#include "pipeline/base/json.h"

namespace co2net {

// A page that a browser shows from the disk: it asks for no other file and no network, and nothing
// in the data is taken for markup.
//   data  {"predictions": name, "ground_truth": name, "evaluation": what eval --report --json
//         prints}
std::string evaluation_page(const Json& data);

}  // namespace co2net
