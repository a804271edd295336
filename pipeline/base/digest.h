#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pipeline/base/opened_file.h"

namespace co2net {

// SHA-256 in lower-case hex.
std::string sha256(std::string_view bytes);
// Of a file's contents, read in blocks; throws Error(kInput) if it cannot be read, and as
// `deadline` does.
std::string sha256_file(const OpenedFile& file, const Deadline& deadline = {});
std::string sha256_file(const std::filesystem::path& path);

}  // namespace co2net
