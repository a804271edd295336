#include "tests/fuzz/fuzzer.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace co2net {
namespace {

std::string accepted;

}  // namespace

const std::string& last_accepted() { return accepted; }

void fault_if(bool is_met) {
  static const bool is_planted = std::getenv("CO2NET_PLANTED_FAULT") != nullptr;
  if (is_met && is_planted) std::abort();
}

}  // namespace co2net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  co2net::try_input([&] {
    co2net::read(bytes);
    co2net::accepted = bytes;
  });
  return 0;
}
