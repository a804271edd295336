#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace co2net::test {

inline std::string little_endian(std::uint64_t value, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(value >> 8 * i);
  return text;
}

using Files = std::vector<std::pair<std::string, std::string>>;

// A zip archive, stored, without checksums; `method` is its compression, `growth` what its entries
// claim beyond their bytes.
inline std::string zip_of(const Files& files, int method = 0, std::uint64_t growth = 0) {
  using namespace std::string_literals;
  std::string archive, directory;
  for (const auto& [name, data] : files) {
    const std::uint64_t at = archive.size();
    const std::string common = "\0\0"s + little_endian(static_cast<std::uint64_t>(method), 2) +
                               "\0\0\0\0\0\0\0\0"s + little_endian(data.size(), 4) +
                               little_endian(data.size() + growth, 4) +
                               little_endian(name.size(), 2) + "\0\0"s;
    archive += "PK\3\4\x14\0"s + common + name + data;
    directory +=
        "PK\1\2\x14\0\x14\0"s + common + std::string(10, '\0') + little_endian(at, 4) + name;
  }
  const std::string count = little_endian(files.size(), 2);
  return archive + directory + "PK\5\6\0\0\0\0"s + count + count +
         little_endian(directory.size(), 4) + little_endian(archive.size(), 4) + "\0\0"s;
}

}  // namespace co2net::test
