#include "tests/fuzz/python_files.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "pipeline/formats/state_dict.h"
#include "tests/fuzz/fuzzer.h"

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

ExpectedParameters expected(const std::map<std::string, Shape>& shapes) {
  return {"a network", shapes, [](const std::string& name) { return name; },
          [](const std::string& name) { return name.size() % 2 == 0; }};
}

void take_its_own(const StateDict& given) {
  constexpr std::size_t kTaken = 4;
  ExpectedParameters wanted = expected({});
  wanted.is_ignored = [](const std::string&) { return true; };
  for (const auto& [name, array] : given.arrays) {
    if (wanted.shapes.size() < kTaken) wanted.shapes[name] = array.shape;
  }
  take_parameters(given, wanted);
}

}  // namespace

void read_python_file(std::string_view bytes, const std::function<void(const RawArray&)>& visit) {
  const PythonFile file(std::string(bytes), "input");
  std::unordered_set<const PythonValue*> seen{&file.root()};
  Values waiting{&file.root()};
  while (!waiting.empty()) {
    const PythonValue& value = *waiting.back();
    waiting.pop_back();
    if (const auto* array = std::get_if<RawArray>(&value.value)) {
      convert(*array);
      visit(*array);
    }
    for (const PythonValue* part : parts_of(value)) {
      if (seen.insert(part).second) waiting.push_back(part);
    }
  }
}

bool has_large_number(const RawArray& array) {
  bool has = false;
  try_input([&] {
    has = std::ranges::any_of(to_float32(array, "array").values,
                              [](float number) { return number > 1e6F; });
  });
  return has;
}

void read_parameters(std::string_view bytes) {
  const StateDict given = parse_state_dict(std::string(bytes), "input");
  try_input([&] { take_its_own(given); });
  take_parameters(given, expected({{"weight", {4, 8}}, {"bias", {1}}}));
}

}  // namespace co2net
