#include "pipeline/datasets/network_spec.h"

namespace co2net {

Ablation read_ablation(const SettingsReader& reader, const std::string& prefix) {
  Ablation ablation;
  reader.read(prefix + "fusion", ablation.fusion);
  reader.read(prefix + "global", ablation.global);
  reader.read(prefix + "local", ablation.local);
  reader.read(prefix + "vattn.main", ablation.vattn.main);
  reader.read(prefix + "vattn.aux", ablation.vattn.aux);
  reader.read(prefix + "fattn.main", ablation.fattn.main);
  reader.read(prefix + "fattn.aux", ablation.fattn.aux);
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

Json to_json(const NetworkSpec& network) {
  if (network.kind == NetworkKind::kCo2Net) return to_json(network.ablation);
  return {{"kind", network.kind}};
}

}  // namespace co2net
