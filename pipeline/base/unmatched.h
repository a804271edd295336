#pragma once

#include <string>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

// "a.json has no video 'rott', but 7 videos (a, b, c, ...)", and the nearest of these or the advice
// to name one: for messages.
std::string not_among(const std::string& whole, const std::string& name,
                      const std::vector<std::string>& videos);

// One side of a comparison: "videos of the predictions", and their names.
struct NamesOf {
  std::string what;
  std::vector<std::string> names;
};

// The error for two sides of which no name is the same: it shows names of each and, where a prefix
// such as "v_", an ending such as ".mp4", or the case of letters is all that differs, says so.
Error nothing_matches(const NamesOf& these, const NamesOf& those,
                      ErrorKind kind = ErrorKind::kInput);

}  // namespace co2net
