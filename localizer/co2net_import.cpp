#include "localizer/co2net_import.h"

#include <torch/torch.h>

#include <string>
#include <utility>

#include "localizer/network.h"
#include "pipeline/error.h"
#include "pipeline/state_dict.h"

namespace co2net {
namespace {

constexpr const char* kFusion = "fusion.0.weight";      // [2D, 2D, 1]
constexpr const char* kScores = "classifier.4.weight";  // [C+1, 2D, 1]

// Read as a whole, since a shape alone may promise more than the file has.
Shape shape_in(const StateDict& given, const std::string& name) {
  const auto found = given.arrays.find(name);
  if (found == given.arrays.end()) {
    throw Error(ErrorKind::kInput, given.name + ": is no CO2-Net: it lacks " + name);
  }
  return to_float32(found->second, given.name + ": " + name).shape;
}

void set_sizes(Co2NetConfig& config, const StateDict& given) {
  const Shape fusion = shape_in(given, kFusion), scores = shape_in(given, kScores);
  const bool fits = fusion.size() == 3 && fusion[0] > 0 && fusion[0] == fusion[1] &&
                    scores.size() == 3 && scores[0] > 1 && scores[1] == fusion[0] &&
                    std::in_range<int>(scores[0]);
  if (!fits) {
    throw Error(ErrorKind::kInput, given.name + ": is no CO2-Net: want " + kFusion +
                                       " [2D, 2D, 1] and " + kScores + " [C+1, 2D, 1], got " +
                                       to_string(fusion) + " and " + to_string(scores));
  }
  config.feature_size = static_cast<int>(fusion[0]);
  config.classes = static_cast<int>(scores[0] - 1);
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
  Co2NetConfig config{.variant = variant, .max_seqlen = max_seqlen};
  set_sizes(config, given);
  try {
    return {config, take_parameters(given, parameters_of(Network(config), config))};
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kModel) throw;
    throw Error(ErrorKind::kInput, given.name + ": " + e.what());
  }
}

}  // namespace co2net
