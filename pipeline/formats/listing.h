#pragma once

#include <filesystem>
#include <string>

namespace co2net {

// What a file that PythonFile reads holds, for people and for scripts: "# name: what it is", then a
// line a value, "name <tab> type <tab> shape or content". A value that holds others is listed once,
// however often it is found, even in itself. A TorchScript module's calls (script_code.h) follow as
// "name <tab> call <tab> places". Errors: as PythonFile.
std::string listing(const std::filesystem::path& file);

}  // namespace co2net
