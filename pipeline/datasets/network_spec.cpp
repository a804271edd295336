#include "pipeline/datasets/network_spec.h"

namespace co2net {

std::string to_string(Variant variant) {
  return variant == Variant::kThumos14 ? "thumos14" : "activitynet1.2";
}

std::optional<Variant> variant_named(const std::string& name) {
  for (const Variant variant : {Variant::kThumos14, Variant::kActivityNet}) {
    if (to_string(variant) == name) return variant;
  }
  return std::nullopt;
}

// Reads what to_json(Ablation) writes, under `prefix`.
Ablation read_ablation(const SettingsReader& reader, const std::string& prefix) {
  Ablation ablation;
  reader.read(prefix + "fusion", ablation.fusion);
  reader.read(prefix + "global", ablation.global);
  reader.read(prefix + "local", ablation.local);
  reader.read(prefix + "vattn.main", ablation.vattn.main);
  reader.read(prefix + "vattn.aux", ablation.vattn.aux);
  reader.read(prefix + "fattn.main", ablation.fattn.main);
  reader.read(prefix + "fattn.aux", ablation.fattn.aux);
  const SettingsCheck check(prefix.empty() ? "network" : "training");
  check.one_of(ablation.fusion, prefix + "fusion", kFusions);
  check.one_of(ablation.global, prefix + "global", kRoles);
  check.one_of(ablation.local, prefix + "local", kRoles);
  check.one_of(ablation.vattn.main, prefix + "vattn.main", kModalities);
  check.one_of(ablation.vattn.aux, prefix + "vattn.aux", kModalities);
  check.one_of(ablation.fattn.main, prefix + "fattn.main", kModalities);
  check.one_of(ablation.fattn.aux, prefix + "fattn.aux", kModalities);
  return ablation;
}

Json to_json(const Ablation& ablation) {
  const auto inputs = [](const ModuleInputs& module) {
    return Json{{"main", module.main}, {"aux", module.aux}};
  };
  return {{"fusion", ablation.fusion},
          {"vattn", inputs(ablation.vattn)},
          {"fattn", inputs(ablation.fattn)},
          {"global", ablation.global},
          {"local", ablation.local}};
}

Ablation ablation_from_json(const Json& json) {
  return read_ablation(SettingsReader(json, to_json(Ablation{}), "network"), "");
}

}  // namespace co2net
