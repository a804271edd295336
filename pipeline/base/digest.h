#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace co2net {

// SHA-256 in lower-case hex.
std::string sha256(std::string_view bytes);
// Of a file's contents, read in blocks; throws Error(kInput) if it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace co2net
