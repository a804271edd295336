#include <cstddef>
#include <cstdint>
#include <string>

#include "pipeline/formats/state_dict.h"
#include "tests/fuzz/try_input.h"

// Reads the input as a network's parameters: as those of its own names and shapes, of which the
// first few are taken, and as those of a network that it does not fit.

namespace co2net {
namespace {

constexpr std::size_t kTaken = 4;

ExpectedParameters expected(const std::map<std::string, Shape>& shapes) {
  return {"a network", shapes, [](const std::string& name) { return name; },
          [](const std::string& name) { return name.size() % 2 == 0; }};
}

void take_its_own(const StateDict& given) {
  ExpectedParameters wanted = expected({});
  wanted.is_ignored = [](const std::string&) { return true; };
  for (const auto& [name, array] : given.arrays) {
    if (wanted.shapes.size() < kTaken) wanted.shapes[name] = array.shape;
  }
  take_parameters(given, wanted);
}

}  // namespace
}  // namespace co2net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  co2net::try_input([&] {
    const co2net::StateDict given = co2net::parse_state_dict(bytes, "input");
    co2net::try_input([&] { co2net::take_its_own(given); });
    co2net::take_parameters(given, co2net::expected({{"weight", {1, 2}}, {"bias", {1}}}));
  });
  return 0;
}
