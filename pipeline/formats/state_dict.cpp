#include "pipeline/formats/state_dict.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/safetensors.h"

namespace co2net {
namespace {

using Dict = PythonValue::Dict;

// Where training scripts put a network's parameters, also one in the other.
constexpr std::string_view kHolders[] = {"state_dict", "model_state_dict", "model_state",
                                         "model",      "module",           "network",
                                         "net",        "params",           "weights"};
// What wrappers put before every name.
constexpr std::string_view kWrappers[] = {"module.", "model.", "network.", "net."};
constexpr std::string_view kCompiled = "_orig_mod.";
// What torch's AveragedModel keeps beside the network that it wraps.
constexpr std::string_view kAveragedCount = "n_averaged";

constexpr const char* kWanted =
    "want one network's parameters alone, as torch.save(network.state_dict(), FILE) or a "
    ".safetensors file holds them";

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

bool holds_arrays(const Dict& dictionary) {
  return std::any_of(dictionary.items.begin(), dictionary.items.end(), [](const auto& item) {
    return std::holds_alternative<RawArray>(item.second->value);
  });
}

// A dictionary of arrays by the keys that lead to it.
using Found = std::map<const Dict*, std::string>;

void find_parameters(const Dict& dictionary, const std::string& path, Found& found) {
  constexpr std::ptrdiff_t kMostKeys = 3;  // a dictionary may contain itself
  for (const std::string_view key : kHolders) {
    const PythonValue* value = dictionary.find(key);
    const auto* inner = value == nullptr ? nullptr : std::get_if<Dict>(&value->value);
    if (inner == nullptr) continue;
    const std::string place = path + "." + std::string(key);
    if (holds_arrays(*inner)) {
      found.emplace(inner, place.substr(1));
    } else if (std::count(place.begin(), place.end(), '.') < kMostKeys) {
      find_parameters(*inner, place, found);
    }
  }
}

const Dict& dictionary_of_arrays(const PythonFile& file, const std::string& name) {
  const auto* root = std::get_if<Dict>(&file.root().value);
  if (root == nullptr || file.format() == "torchscript") {
    refuse(name, "a " + file.format() + " file of " + kind_of(file.root()) + "; " + kWanted);
  }
  Found found;
  find_parameters(*root, "", found);
  if (found.empty()) return *root;
  if (found.size() > 1) {
    std::vector<std::string> places;
    for (const auto& [dictionary, place] : found) places.push_back(place);
    std::sort(places.begin(), places.end());
    refuse(name, "holds several networks, under " + joined(places) + "; " + kWanted);
  }
  return *found.begin()->first;
}

std::map<std::string, RawArray> arrays_in(const Dict& dictionary, const std::string& name) {
  std::map<std::string, RawArray> arrays;
  std::vector<std::pair<std::string, const PythonValue*>> others;
  for (const auto& [key, value] : dictionary.items) {
    const auto* text = std::get_if<std::string_view>(&key->value);
    if (text == nullptr) refuse(name, "a parameter's name is not text but " + kind_of(*key));
    if (*text == kAveragedCount) continue;
    if (const auto* array = std::get_if<RawArray>(&value->value)) {
      arrays[std::string(*text)] = *array;
    } else if (*text != kSafetensorsMetadata) {
      others.emplace_back(*text, value);
    }
  }
  if (others.empty()) return arrays;
  // An object of an unknown class comes first: it may be what the parameters are in.
  std::stable_partition(others.begin(), others.end(), [](const auto& other) {
    return std::holds_alternative<PythonValue::Opaque>(other.second->value);
  });
  refuse(name, others.front().first + " is not a tensor but " + kind_of(*others.front().second) +
                   "; " + kWanted);
}

// Without the mark as a part of the name, wherever it stands.
std::string without_compiled(std::string name) {
  for (std::size_t at = 0; (at = name.find(kCompiled, at)) != std::string::npos;) {
    if (at == 0 || name[at - 1] == '.') {
      name.erase(at, kCompiled.size());
    } else {
      ++at;
    }
  }
  return name;
}

// How many characters before every name are wrappers'.
std::size_t common_wrappers(const std::vector<std::string>& names) {
  std::size_t size = 0;
  for (;;) {
    const auto shared =
        std::find_if(std::begin(kWrappers), std::end(kWrappers), [&](std::string_view wrapper) {
          return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
            return std::string_view(name).substr(size).starts_with(wrapper);
          });
        });
    if (names.empty() || shared == std::end(kWrappers)) return size;
    size += shared->size();
  }
}

std::map<std::string, RawArray> without_wrappers(const std::map<std::string, RawArray>& arrays,
                                                 const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [key, array] : arrays) names.push_back(without_compiled(key));
  const std::size_t wrapped = common_wrappers(names);
  std::map<std::string, RawArray> renamed;
  std::map<std::string, std::string> names_in_file;
  auto own = names.begin();
  for (const auto& [key, array] : arrays) {
    const std::string bare = (own++)->substr(wrapped);
    renamed[bare] = array;
    const auto [known, is_new] = names_in_file.emplace(bare, key);
    if (!is_new) {
      refuse(name,
             known->second + " and " + key + " are both " + bare + " without wrappers; " + kWanted);
    }
  }
  return renamed;
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
  const Dict& parameters = dictionary_of_arrays(result.file, name);
  result.arrays = without_wrappers(arrays_in(parameters, name), name);
  return result;
}

}  // namespace

StateDict read_state_dict(const std::filesystem::path& path) {
  return state_dict_of(PythonFile(path), path.string());
}

StateDict parse_state_dict(std::string bytes, const std::string& name) {
  return state_dict_of(PythonFile(std::move(bytes), name), name);
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
  given.file.expect_unchanged();
  return parameters;
}

}  // namespace co2net
