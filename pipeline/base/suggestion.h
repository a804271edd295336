#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// "; did you mean X?" for a name that was mistyped or only begun; nothing where no name is near.
std::string suggestion(std::string_view typed, const std::vector<std::string>& names);

// "'typed' is not one of a, b, c", and the suggestion: for messages.
std::string not_one_of(std::string_view typed, const std::vector<std::string>& names);

}  // namespace co2net
