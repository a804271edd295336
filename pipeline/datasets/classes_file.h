#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace co2net {

// A network's classes, in its order: a label a line. Spaces around it, blank lines and a byte order
// mark do not count. Errors: Error(kIo); Error(kInput) for a label that is there twice or not
// UTF-8.
std::vector<std::string> read_classes(const std::filesystem::path& path);

}  // namespace co2net
