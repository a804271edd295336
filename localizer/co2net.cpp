#include "localizer/co2net.h"

#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "localizer/checkpoint.h"
#include "localizer/expect_features.h"
#include "localizer/network.h"
#include "pipeline/base/error.h"
#include "pipeline/datasets/network_title.h"
#include "pipeline/devices/torch_device.h"

namespace co2net {
namespace {

[[noreturn]] void bad_model(const std::string& why) { throw Error(ErrorKind::kModel, why); }

torch::Tensor view(const Array& array) {
  return torch::from_blob(const_cast<float*>(array.values.data()), array.shape, torch::kFloat32);
}

Array to_array(const torch::Tensor& tensor) {
  const torch::Tensor dense = tensor.cpu().contiguous();
  const float* values = dense.data_ptr<float>();
  return {tensor.sizes().vec(), std::vector<float>(values, values + dense.numel())};
}

// Of the authors' checkpoints.
Shapes unused_parameters(const Co2NetConfig& config) {
  const std::int64_t size = config.feature_size;
  if (config.network.kind == NetworkKind::kWtalc) {
    return {{"fc1.weight", {size, size}}, {"fc1.bias", {size}}};
  }
  return {{"feat_encoder.0.weight", {size, size, 3}}, {"feat_encoder.0.bias", {size}}};
}

// The parameters that tell a network's sizes.
std::vector<std::pair<std::string, Shape>> telling_parameters(const Co2NetConfig& config) {
  const std::int64_t size = config.feature_size, classes = config.classes;
  if (config.network.kind == NetworkKind::kWtalc) {
    return {{kWtalcFeatureWeight, {size, size}}, {kWtalcScoresWeight, {classes, size}}};
  }
  return {{kFusionWeight, {size, size, 1}}, {kScoresWeight, {classes + 1, size, 1}}};
}

void set_parameters(Network& network, const Tensors& given, const Shapes& unused) {
  torch::NoGradGuard no_grad;
  auto parameters = network.named_parameters();
  for (const auto& [name, value] : given) {
    if (!parameters.contains(name) && !unused.contains(name)) {
      bad_model("unknown parameter " + name);
    }
  }
  for (auto& item : parameters) {
    const auto found = given.find(item.key());
    if (found == given.end()) bad_model("parameter " + item.key() + " is missing");
    const torch::Tensor& value = found->second;
    if (value.sizes() != item.value().sizes()) {
      bad_model("parameter " + item.key() + ": want " + to_string(item.value().sizes().vec()) +
                ", got " + to_string(value.sizes().vec()));
    }
    if (!value.is_floating_point()) {
      bad_model("parameter " + item.key() + " is not of floating-point numbers");
    }
    item.value().copy_(value);
    if (!item.value().isfinite().all().item<bool>()) {
      bad_model("parameter " + item.key() + " holds NaN or infinity");
    }
  }
}

}  // namespace

void check_dropout(const SettingsCheck& check, double dropout) {
  check.require(dropout >= 0 && dropout < 1, "dropout", "in [0, 1), not " + Json(dropout).dump());
}

void expect_sizes(const std::filesystem::path& checkpoint, const Co2NetConfig& config) {
  const Shapes shapes = checkpoint_shapes(checkpoint);
  for (const auto& [name, wanted] : telling_parameters(config)) {
    const auto found = shapes.find(name);
    if (found == shapes.end()) {
      bad_model(checkpoint.string() + ": is no " + title_of(config.network.kind) + ": it lacks " +
                name);
    }
    if (found->second != wanted) {
      bad_model(checkpoint.string() + ": " + name + ": want " + to_string(wanted) + ", got " +
                to_string(found->second) + "; the network is not of this model's sizes");
    }
  }
}

Co2Net::Co2Net(const Co2NetConfig& config)
    : config_(config), network_(std::make_shared<Network>(config)) {}

Co2Net Co2Net::seeded(const Co2NetConfig& config, std::uint64_t seed) {
  Co2Net model(config);
  model.network().initialise(seed);
  return model;
}

Co2Net::Co2Net(const Co2NetConfig& config, const Arrays& parameters) : Co2Net(config) {
  Tensors views;
  for (const auto& [name, array] : parameters) views[name] = view(array);
  set_parameters(*network_, views, unused_parameters(config));
}

Co2Net Co2Net::load(const std::filesystem::path& path, const Co2NetConfig& config) {
  const Tensors parameters = read_checkpoint(path);
  Co2Net model(config);
  try {
    set_parameters(*model.network_, parameters, unused_parameters(config));
  } catch (const Error& e) {
    throw e.within(path.string());
  }
  return model;
}

void Co2Net::save(const std::filesystem::path& path) const {
  Tensors checkpoint;
  for (const auto& [name, shape] : unused_parameters(config_)) {
    checkpoint[name] = torch::zeros(shape);
  }
  for (const auto& item : network_->named_parameters()) {
    checkpoint[item.key()] = item.value().detach().cpu();
  }
  write_checkpoint(path, checkpoint);
}

void Co2Net::move_to(const Device& device) {
  use_device(device);
  network_->to(torch_device(device));
}

Arrays Co2Net::localize(const Array& features) const {
  expect_features(features, config_.feature_size);
  use_one_thread_here();
  torch::InferenceMode inference;
  const torch::Device device = network_->parameters().front().device();
  const NetworkOutput output = network_->forward(view(features).to(device).unsqueeze(0));
  Arrays scores = {{"cas", to_array(output.cas[0])}};
  for (const auto& [name, attention] : {std::pair("attn", &output.attn),
                                        {"attn_rgb", &output.attn_rgb},
                                        {"attn_flow", &output.attn_flow}}) {
    if (attention->defined()) scores[name] = to_array((*attention)[0]);
  }
  return scores;
}

}  // namespace co2net
