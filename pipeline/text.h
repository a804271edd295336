#pragma once

#include <string>
#include <vector>

namespace co2net {

// "a, b, c"
std::string joined(const std::vector<std::string>& words);

}  // namespace co2net
