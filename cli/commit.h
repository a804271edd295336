#pragma once

#include <string_view>

namespace co2net {

// The commit that was built, as git describes it: its first twelve digits, and "-dirty" where files
// differ from it. "unknown" outside git. Written by write_commit.cmake.
std::string_view commit();

}  // namespace co2net
