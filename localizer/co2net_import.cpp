#include "localizer/co2net_import.h"

#include <torch/torch.h>

#include <string>
#include <utility>

#include "localizer/network.h"
#include "pipeline/base/error.h"
#include "pipeline/formats/state_dict.h"

namespace co2net {
namespace {

const RawArray& array_in(const StateDict& given, const std::string& name) {
  const auto found = given.arrays.find(name);
  if (found == given.arrays.end()) {
    throw Error(ErrorKind::kInput, given.name + ": is no CO2-Net: it lacks " + name);
  }
  return found->second;
}

bool are_of_a_co2net(const Shape& fusion, const Shape& scores) {
  return fusion.size() == 3 && scores.size() == 3 && fusion[0] > 0 && fusion[1] == fusion[0] &&
         fusion[2] == 1 && scores[0] > 1 && scores[1] == fusion[0] && scores[2] == 1 &&
         std::in_range<int>(fusion[0]) && std::in_range<int>(scores[0]);
}

void set_sizes(Co2NetConfig& config, const StateDict& given) {
  const RawArray &fusion = array_in(given, kFusionWeight), &scores = array_in(given, kScoresWeight);
  if (!are_of_a_co2net(fusion.shape, scores.shape)) {
    throw Error(ErrorKind::kInput, given.name + ": is no CO2-Net: want " + kFusionWeight +
                                       " [2D, 2D, 1] and " + kScoresWeight + " [C+1, 2D, 1], got " +
                                       to_string(fusion.shape) + " and " + to_string(scores.shape));
  }
  // Strides may make a shape promise more than the file has, and a network of it takes the memory.
  to_float32(fusion, given.name + ": " + kFusionWeight);
  to_float32(scores, given.name + ": " + kScoresWeight);
  config.feature_size = static_cast<int>(fusion.shape[0]);
  config.classes = static_cast<int>(scores.shape[0] - 1);
}

ExpectedParameters parameters_of(const Network& network, const Co2NetConfig& config) {
  ExpectedParameters expected;
  expected.network = "a CO2-Net of " + std::to_string(config.feature_size) + " features and " +
                     std::to_string(config.classes) + " classes";
  for (const auto& item : network.named_parameters()) {
    expected.shapes[item.key()] = item.value().sizes().vec();
  }
  expected.name_in_file = [](const std::string& name) { return name; };
  expected.is_ignored = [](const std::string& name) { return name.starts_with("feat_encoder.0."); };
  return expected;
}

}  // namespace

Co2Net import_co2net(const std::filesystem::path& file, Variant variant, int max_seqlen) {
  const StateDict given = read_state_dict(file);
  Co2NetConfig config{.network = {.variant = variant, .max_seqlen = max_seqlen}};
  set_sizes(config, given);
  try {
    return {config, take_parameters(given, parameters_of(Network(config), config))};
  } catch (...) {
    const Error error = current_error();
    if (error.kind() == ErrorKind::kInput) throw;
    const bool is_of_model = error.kind() == ErrorKind::kModel;
    throw Error(is_of_model ? ErrorKind::kInput : error.kind(), given.name + ": " + error.what());
  }
}

}  // namespace co2net
