#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "pipeline/base/settings.h"

namespace co2net {

// The two published networks; the one for ActivityNet1.2 also averages its outputs over time.
enum class Variant { kThumos14, kActivityNet };

std::string to_string(Variant variant);  // "thumos14", "activitynet1.2"
std::optional<Variant> variant_named(const std::string& name);

// What the names below may be.
inline const std::vector<std::string> kFusions = {"ccm", "concat", "add", "se", "ssma"};
inline const std::vector<std::string> kModalities = {"rgb", "flow"};
inline const std::vector<std::string> kRoles = {"main", "aux"};

// Which modality a module enhances and which one it asks.
struct ModuleInputs {
  std::string main;
  std::string aux;
  bool operator==(const ModuleInputs&) const = default;
};

// Switches of the paper's comparisons; the defaults are CO2-Net.
struct Ablation {
  // How a module enhances its main modality:
  //   "ccm"     main * sigmoid(local * global), the cross-modal consensus
  //   "concat"  main
  //   "add"     main + aux
  //   "se"      main * a gate from both modalities' means over time (squeeze and excitation)
  //   "ssma"    main * a gate from both modalities at each snippet
  std::string fusion = "ccm";
  ModuleInputs vattn = {"rgb", "flow"};
  ModuleInputs fattn = {"flow", "rgb"};
  // Where "ccm" takes its global context and its local detail from: "main" or "aux".
  std::string global = "main";
  std::string local = "aux";
  bool operator==(const Ablation&) const = default;
};

Json to_json(const Ablation& ablation);
Ablation ablation_from_json(const Json& json);  // Errors: Error(kModel)
// Reads what to_json(Ablation) writes, whose keys are led by `prefix`. Errors: Error(kModel).
Ablation read_ablation(const SettingsReader& reader, const std::string& prefix);

struct Co2NetConfig {
  Variant variant = Variant::kThumos14;
  int classes = 20;         // C, background not counted
  int feature_size = 2048;  // 2D, RGB and flow together; a multiple of 4
  int max_seqlen = 60;      // kActivityNet: sets the width of the average over time
  double dropout = 0.7;     // of the fused feature, in training; 0 <= dropout < 1
  Ablation ablation = {};
};

}  // namespace co2net
