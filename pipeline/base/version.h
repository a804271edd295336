#pragma once

#include <string_view>

namespace co2net {

// The program's number, "0.1.0", as the build was given it; results name it alone.
std::string_view version();

}  // namespace co2net
