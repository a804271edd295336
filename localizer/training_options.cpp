#include "localizer/training_options.h"

#include <string_view>

#include "localizer/sampler.h"
#include "pipeline/base/settings.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

void validate_wtalc(const TrainingOptions& options, const SettingsCheck& check) {
  check.require(options.variant == Variant::kThumos14, "variant",
                "thumos14 for a W-TALC, whose authors' code has no settings for another");
  check.require(options.ablation == Ablation(), "network",
                "as it is but for its kind: a W-TALC has no modules and no fusion to change");
  const LossOptions& loss = options.loss;
  check.require(loss.ml == 0 && loss.oppo == 0 && loss.norm == 0, "loss",
                "of mil and cas in a W-TALC, which has no attention; ml, oppo and norm are 0");
  check.require(loss.distance == Distance::kMse, "loss.distance",
                "left as it is: a W-TALC has no mutual learning");
  check.require(options.background_rows == 0, "background_rows",
                "0 in a W-TALC, which has no background class");
}

void validate(const TrainingOptions& options) {
  const SettingsCheck check("training");
  check.require(options.kind != NetworkKind::kClassifier, "network.kind",
                "co2net or wtalc; a classifier is not trained here");
  if (options.kind == NetworkKind::kWtalc) validate_wtalc(options, check);
  check_dropout(check, options.dropout);
  check.in(options.loss.mil, "loss.mil", 0, 1e6);
  check.in(options.loss.cas, "loss.cas", 0, 1e6);
  check.in(options.loss.ml, "loss.ml", 0, 1e6);
  check.in(options.loss.oppo, "loss.oppo", 0, 1e6);
  check.in(options.loss.norm, "loss.norm", 0, 1e6);
  const LossOptions& loss = options.loss;
  check.require(loss.mil + loss.cas + loss.ml + loss.oppo + loss.norm > 0, "loss",
                "of at least one term, but all weights are 0");
  check.in(options.loss.top_k_ratio, "loss.top_k_ratio", 1, 1e6);
  check.in(options.length, "length", 2, kLongestSequence);
  check.in(options.learning_rate, "learning_rate", 0, 10);
  check.in(options.weight_decay, "weight_decay", 0, 10);
  check.in(options.iterations, "iterations", 1, 1e9);
  check.in(options.evaluate_every, "evaluate_every", 1, 1e9);
  check.in(options.patience, "patience", 0, 1e9);
  check.in(options.min_snippets, "min_snippets", 1, 1e9);
  check.in(options.background_rows, "background_rows", 0, kUnpairedRows);
}

TrainingOptions options_from_json(const Json& json) {
  const SettingsReader reader(json, to_json(TrainingOptions{}), "training");
  TrainingOptions options;
  reader.read("network.kind", options.kind);
  reader.read("variant", options.variant);
  options.ablation = read_ablation(reader, "network.");
  reader.read("dropout", options.dropout);
  reader.read("loss.mil", options.loss.mil);
  reader.read("loss.cas", options.loss.cas);
  reader.read("loss.ml", options.loss.ml);
  reader.read("loss.oppo", options.loss.oppo);
  reader.read("loss.norm", options.loss.norm);
  reader.read("loss.top_k_ratio", options.loss.top_k_ratio);
  reader.read("loss.distance", options.loss.distance);
  reader.read("length", options.length);
  reader.read("learning_rate", options.learning_rate);
  reader.read("weight_decay", options.weight_decay);
  reader.read("iterations", options.iterations);
  reader.read("evaluate_every", options.evaluate_every);
  reader.read("patience", options.patience);
  reader.read("min_snippets", options.min_snippets);
  reader.read("background_rows", options.background_rows);
  reader.read("compat", options.compat);
  reader.read("seed", options.seed);
  validate(options);
  return options;
}

// Those for I3D's features.
TrainingOptions wtalc_preset(Variant variant) {
  TrainingOptions options;
  options.kind = NetworkKind::kWtalc;
  options.variant = variant;
  options.loss = {.mil = 0.5, .cas = 0.5, .ml = 0, .oppo = 0, .norm = 0, .top_k_ratio = 8};
  options.length = 750;
  options.learning_rate = 1e-4;
  options.weight_decay = 5e-4;
  options.iterations = 100000;
  options.evaluate_every = 500;
  options.background_rows = 0;
  options.seed = 1;
  return options;
}

}  // namespace

TrainingOptions training_preset(Variant variant, NetworkKind kind) {
  if (kind == NetworkKind::kWtalc) return wtalc_preset(variant);
  TrainingOptions options;
  if (variant == Variant::kActivityNet) {
    options.variant = variant;
    options.loss.top_k_ratio = 5;
    options.length = 60;
    options.learning_rate = 3e-5;
    options.weight_decay = 5e-4;
    options.iterations = 22000;
    options.min_snippets = 11;
  }
  return options;
}

TrainingOptions training_preset(const std::string& name) {
  if (const auto variant = named<Variant>(name)) return training_preset(*variant);
  throw Error(ErrorKind::kUsage, "training preset " + not_one_of(name, names_of<Variant>()));
}

TrainingOptions training_preset(Variant variant, const std::vector<std::string>& changes) {
  constexpr std::string_view kKey = "network.kind=";
  NetworkKind kind = NetworkKind::kCo2Net;
  for (const std::string& change : changes) {
    if (!change.starts_with(kKey)) continue;
    kind = named<NetworkKind>(change.substr(kKey.size())).value_or(kind);
  }
  return training_preset(variant, kind);
}

Json to_json(const TrainingOptions& options) {
  const LossOptions& loss = options.loss;
  Json network = to_json(options.ablation);
  network["kind"] = options.kind;
  return {{"variant", options.variant},
          {"network", network},
          {"dropout", options.dropout},
          {"loss",
           {{"mil", loss.mil},
            {"cas", loss.cas},
            {"ml", loss.ml},
            {"oppo", loss.oppo},
            {"norm", loss.norm},
            {"top_k_ratio", loss.top_k_ratio},
            {"distance", loss.distance}}},
          {"length", options.length},
          {"learning_rate", options.learning_rate},
          {"weight_decay", options.weight_decay},
          {"iterations", options.iterations},
          {"evaluate_every", options.evaluate_every},
          {"patience", options.patience},
          {"min_snippets", options.min_snippets},
          {"background_rows", options.background_rows},
          {"compat", options.compat},
          {"seed", options.seed}};
}

Json to_json(const TrainingOptions& options, bool has_background) {
  Json json = to_json(options);
  if (!has_background) json.erase("background_rows");
  json["network"] = to_json(network_spec(options));
  if (options.kind == NetworkKind::kWtalc) {
    for (const char* term : {"ml", "oppo", "norm", "distance"}) json["loss"].erase(term);
  }
  return json;
}

TrainingOptions with_settings(const TrainingOptions& options,
                              const std::vector<std::string>& keys_and_values) {
  Json json = to_json(options);
  for (const std::string& setting : keys_and_values) json = with_setting(json, setting, "training");
  try {
    return options_from_json(json);
  } catch (const Error& e) {
    throw Error(ErrorKind::kUsage, e.what());
  }
}

TrainingOptions with_setting(const TrainingOptions& options, const std::string& key_and_value) {
  return with_settings(options, {key_and_value});
}

NetworkSpec network_spec(const TrainingOptions& options) {
  return {options.variant, options.length, options.ablation, options.kind};
}

Co2NetConfig network_config(const TrainingOptions& options, int classes, int feature_size) {
  return {network_spec(options), classes, feature_size, options.dropout};
}

}  // namespace co2net
