#pragma once

#include <string>
#include <string_view>

namespace co2net {

// A path as a part of an address: each byte but letters, digits and -._~/ as "%20" is a blank.
std::string percent_encoded(std::string_view path);
// The other way; what is no such byte stays.
std::string percent_decoded(std::string_view text);

}  // namespace co2net
