#include "tests/support.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

namespace co2net::test {
namespace {

std::filesystem::path from_environment(const char* variable, const char* fallback) {
  const char* value = std::getenv(variable);
  return value != nullptr ? value : fallback;
}

std::uint32_t crc32(const std::string& text) {
  std::uint32_t crc = 0xffffffffu;
  for (const unsigned char byte : text) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

}  // namespace

std::filesystem::path data_dir() { return from_environment("CO2NET_TEST_DATA", CO2NET_TEST_DATA); }

std::filesystem::path golden_dir() {
  return from_environment("CO2NET_TEST_GOLDEN", CO2NET_TEST_GOLDEN);
}

std::string lacking_instruction_set() {
  const char* forced = std::getenv("ONEDNN_MAX_CPU_ISA");
  if (forced == nullptr) return "";
#ifdef __x86_64__
  const std::map<std::string_view, bool> is_here = {
      {"SSE41", __builtin_cpu_supports("sse4.1")},
      {"AVX2", __builtin_cpu_supports("avx2")},
      {"AVX512_CORE", __builtin_cpu_supports("avx512bw")}};
  if (is_here.at(forced)) return "";
#endif
  return forced;
}

Array hashfill(const std::string& name, const Shape& shape, float scale) {
  Array array(shape);
  const std::uint64_t seed = static_cast<std::uint64_t>(crc32(name)) << 32;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    std::uint64_t z = seed + i + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    const double u = static_cast<double>(z >> 40) / 16777216.0;
    array.values[i] = static_cast<float>(2 * u - 1) * scale;
  }
  return array;
}

std::string run_shell(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << command;
    return {};
  }
  std::string output;
  char buffer[4096];
  std::size_t n = 0;
  while ((n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0) output.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

std::string shell_quoted(const std::filesystem::path& path) {
  std::string quoted = "'";
  for (const char c : path.string()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace co2net::test
