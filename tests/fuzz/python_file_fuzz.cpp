#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "pipeline/formats/npy.h"
#include "pipeline/formats/python_file.h"
#include "tests/fuzz/try_input.h"

// Reads the input as every format that the program takes from Python, and converts every array in
// it. Only an Error of the input may come out.

namespace co2net {
namespace {

using Values = std::vector<const PythonValue*>;

void convert(const RawArray& array) {
  try_input([&] { to_float32(array, "array"); });
  try_input([&] { to_dense(array, "array"); });
  try_input([&] { to_texts(array, "array"); });
}

Values parts_of(const PythonValue& value) {
  if (const auto* sequence = std::get_if<PythonValue::Sequence>(&value.value)) {
    return sequence->items;
  }
  if (const auto* objects = std::get_if<PythonValue::ObjectArray>(&value.value)) {
    return objects->items;
  }
  Values parts;
  if (const auto* dict = std::get_if<PythonValue::Dict>(&value.value)) {
    for (const auto& [key, item] : dict->items) parts.insert(parts.end(), {key, item});
    dict->find("weight");
  }
  return parts;
}

void walk(const PythonValue& root) {
  std::unordered_set<const PythonValue*> seen{&root};
  Values waiting{&root};
  while (!waiting.empty()) {
    const PythonValue& value = *waiting.back();
    waiting.pop_back();
    if (const auto* array = std::get_if<RawArray>(&value.value)) convert(*array);
    for (const PythonValue* part : parts_of(value)) {
      if (seen.insert(part).second) waiting.push_back(part);
    }
  }
}

}  // namespace
}  // namespace co2net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  co2net::try_input([&] { co2net::walk(co2net::PythonFile(bytes, "input").root()); });
  co2net::try_input([&] { co2net::parse_npy(bytes, "input"); });
  co2net::try_input([&] { co2net::parse_npz(bytes, "input"); });
  return 0;
}
