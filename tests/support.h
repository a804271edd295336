#pragma once

#include <filesystem>
#include <string>

#include "pipeline/formats/array.h"

namespace co2net::test {

// $CO2NET_TEST_DATA, or the folder that the build was configured with: real videos, annotations.
std::filesystem::path data_dir();
// $CO2NET_TEST_GOLDEN, likewise: numbers from the reference implementations.
std::filesystem::path golden_dir();

// The reference numbers' deterministic filling: element i (row-major) is scale * (2u - 1), u in
// [0, 1) from a splitmix64 hash of crc32(name) and i.
Array hashfill(const std::string& name, const Shape& shape, float scale);

// Why a test may be skipped. tests/skips.py reads these, and refuses any other reason.
inline constexpr const char* kNoGpu = "no GPU";
inline constexpr const char* kNoOpenCl = "no OpenCL device";
inline constexpr const char* kNoShared = "no ../shared: ";
inline constexpr const char* kMachineLacks = "this machine lacks ";
inline constexpr const char* kNoPypi = "no PyPI";
inline constexpr const char* kNotRoot = "not root";

// The instruction set that $ONEDNN_MAX_CPU_ISA names, if this CPU lacks it; else empty.
std::string lacking_instruction_set();

// Runs a shell command and returns its standard output; a failing command fails the test.
std::string run_shell(const std::string& command);
std::string shell_quoted(const std::filesystem::path& path);

}  // namespace co2net::test

// Skips the test, saying so, where the folder of real data or of reference numbers is absent.
#define SKIP_WITHOUT(directory)                                             \
  if (!std::filesystem::exists(directory)) {                                \
    GTEST_SKIP() << co2net::test::kNoShared << (directory) << " is absent"; \
  }                                                                         \
  static_assert(true)

#define SKIP_WITHOUT_FORCED_INSTRUCTION_SET()                                          \
  if (const std::string set = co2net::test::lacking_instruction_set(); !set.empty()) { \
    GTEST_SKIP() << co2net::test::kMachineLacks << set;                                \
  }                                                                                    \
  static_assert(true)
