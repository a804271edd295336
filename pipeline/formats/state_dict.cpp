#include "pipeline/formats/state_dict.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr std::string_view kDataParallel = "module.";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

template <class... Source>
PythonFile open_checkpoint(Source&&... source) {
  try {
    return PythonFile(std::forward<Source>(source)...);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    throw Error(ErrorKind::kInput, std::string(e.what()) +
                                       "; want a network's parameters alone, as "
                                       "torch.save(network.state_dict(), FILE) writes them");
  }
}

const PythonValue::Dict& dictionary_of_arrays(const PythonFile& file, const std::string& name) {
  const auto* root = std::get_if<PythonValue::Dict>(&file.root().value);
  if (root == nullptr || file.format() == "torchscript") {
    refuse(name, "a " + file.format() +
                     " file, but not a dictionary of tensors, as "
                     "torch.save(network.state_dict(), FILE) writes it");
  }
  for (const char* key : {"state_dict", "model_state_dict", "model"}) {
    const PythonValue* inner = root->find(key);
    const auto* found = inner == nullptr ? nullptr : std::get_if<PythonValue::Dict>(&inner->value);
    if (found != nullptr) return *found;
  }
  return *root;
}

void leave_out_prefix(std::map<std::string, RawArray>& arrays) {
  const bool everywhere = std::all_of(arrays.begin(), arrays.end(), [](const auto& entry) {
    return entry.first.starts_with(kDataParallel);
  });
  if (!everywhere) return;
  std::map<std::string, RawArray> renamed;
  for (const auto& [key, array] : arrays) renamed[key.substr(kDataParallel.size())] = array;
  arrays = std::move(renamed);
}

void expect_parameters(const StateDict& given, const ExpectedParameters& expected) {
  std::set<std::string> known;
  std::vector<std::string> missing, unknown, misshapen;
  for (const auto& [name, shape] : expected.shapes) {
    const std::string& local = *known.insert(expected.name_in_file(name)).first;
    const auto found = given.arrays.find(local);
    if (found == given.arrays.end()) {
      missing.push_back(local);
    } else if (found->second.shape != shape) {
      misshapen.push_back(local + ": want " + to_string(shape) + ", got " +
                          to_string(found->second.shape));
    }
  }
  for (const auto& [local, array] : given.arrays) {
    if (!known.contains(local) && !expected.is_ignored(local)) unknown.push_back(local);
  }
  std::vector<std::string> defects;
  const auto describe = [&](const std::string& what, const std::vector<std::string>& names) {
    if (!names.empty()) defects.push_back(counted(what, names));
  };
  describe("missing", missing);
  describe("unknown", unknown);
  describe("of another shape", misshapen);
  if (defects.empty()) return;
  refuse(given.name, "does not fit " + expected.network + ", which has " +
                         std::to_string(expected.shapes.size()) +
                         " parameters: " + joined(defects));
}

StateDict state_dict_of(PythonFile file, const std::string& name) {
  StateDict result{std::move(file), name, {}};
  for (const auto& [key, value] : dictionary_of_arrays(result.file, result.name).items) {
    const auto* text = std::get_if<std::string_view>(&key->value);
    if (text == nullptr) refuse(result.name, "a parameter's name is not text");
    const auto* array = std::get_if<RawArray>(&value->value);
    if (array == nullptr) refuse(result.name, std::string(*text) + " is not a tensor");
    result.arrays[std::string(*text)] = *array;
  }
  leave_out_prefix(result.arrays);
  return result;
}

}  // namespace

StateDict read_state_dict(const std::filesystem::path& path) {
  return state_dict_of(open_checkpoint(path), path.string());
}

StateDict parse_state_dict(std::string bytes, const std::string& name) {
  return state_dict_of(open_checkpoint(std::move(bytes), name), name);
}

Arrays take_parameters(const StateDict& given, const ExpectedParameters& expected) {
  expect_parameters(given, expected);
  Arrays parameters;
  for (const auto& [name, shape] : expected.shapes) {
    const std::string local = expected.name_in_file(name), what = given.name + ": " + local;
    const Array& values = parameters[name] = to_float32(given.arrays.at(local), what);
    if (!std::all_of(values.values.begin(), values.values.end(),
                     [](float value) { return std::isfinite(value); })) {
      refuse(what, "holds NaN or infinity");
    }
  }
  return parameters;
}

}  // namespace co2net
