#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/formats/csv.h"
#include "postprocess/predictions.h"
#include "tests/fuzz/try_input.h"

// Reads the input as every text that the program takes. What is read of annotations must be
// readable again once it has been written.

namespace co2net {
namespace {

void read_and_write(std::string_view text) {
  const Annotations annotations = parse_activitynet(text, "input");
  parse_activitynet(format_activitynet(annotations), "output");
}

}  // namespace
}  // namespace co2net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  co2net::try_input([&] { co2net::read_and_write(text); });
  co2net::try_input([&] { co2net::parse_ambiguous(text, "input"); });
  co2net::try_input([&] { co2net::parse_csv(text, "input"); });
  co2net::try_input([&] { co2net::parse_predictions(text, "input"); });
  return 0;
}
