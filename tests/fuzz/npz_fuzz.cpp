#include <zlib.h>

#include <cstring>
#include <string>

#include "pipeline/formats/npy.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/python_files.h"

namespace co2net {
namespace {

template <class T>
std::size_t number_at(const std::string& bytes, std::size_t at) {
  T number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// Gives each stored entry that is where the archive's directory says the checksum of its bytes, so
// that the fuzzer need not find it.
std::string with_checksums(std::string_view archive) {
  constexpr std::size_t kEntrySize = 46, kLocalSize = 30;
  std::string bytes(archive);
  for (std::size_t at = bytes.find("PK\1\2");
       at != std::string::npos && at + kEntrySize <= bytes.size();
       at = bytes.find("PK\1\2", at + 1)) {
    const std::size_t size = number_at<std::uint32_t>(bytes, at + 20);
    const std::size_t local = number_at<std::uint32_t>(bytes, at + 42);
    if (local + kLocalSize > bytes.size()) continue;
    const std::size_t data = local + kLocalSize + number_at<std::uint16_t>(bytes, local + 26) +
                             number_at<std::uint16_t>(bytes, local + 28);
    if (data + size > bytes.size()) continue;
    const auto checksum = static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data() + data), size));
    std::memcpy(bytes.data() + at + 16, &checksum, sizeof checksum);
  }
  return bytes;
}

}  // namespace
}  // namespace co2net

void co2net::read(std::string_view bytes) {
  const std::string archive = with_checksums(bytes);
  try_input([&] { parse_npz(archive, "input"); });
  if (!archive.starts_with("PK")) return;  // another fuzzer's
  read_python_file(archive, [](const RawArray& array) { fault_if(has_large_number(array)); });
}
