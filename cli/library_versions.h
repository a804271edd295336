#pragma once

#include <string>

namespace co2net {

// The libraries that the full program computes with, a line each: the versions that are loaded, of
// those that are headers the ones that were compiled.
std::string library_versions();

}  // namespace co2net
