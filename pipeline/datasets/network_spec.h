#pragma once

#include <string>

#include "pipeline/base/choice.h"
#include "pipeline/base/json.h"
#include "pipeline/base/settings.h"
#include "pipeline/stages/modality.h"

namespace co2net {

// What a bundle localizes with.
enum class NetworkKind {
  kCo2Net,
  kClassifier,  // the classes that its I3D was trained for, slid along the video
  kWtalc,       // Paul et al., ECCV 2018: neither attention nor a background class
};
template <>
inline constexpr Choice<NetworkKind> kChoices<NetworkKind>[] = {
    {NetworkKind::kCo2Net, "co2net"},
    {NetworkKind::kClassifier, "classifier"},
    {NetworkKind::kWtalc, "wtalc"}};

// The two published networks; the one for ActivityNet1.2 also averages its outputs over time.
enum class Variant { kThumos14, kActivityNet };
template <>
inline constexpr Choice<Variant> kChoices<Variant>[] = {{Variant::kThumos14, "thumos14"},
                                                        {Variant::kActivityNet, "activitynet1.2"}};

// How a module enhances its main modality.
enum class Fusion {
  kCcm,     // main * sigmoid(local * global), the cross-modal consensus
  kConcat,  // main
  kAdd,     // main + aux
  kSe,      // main * a gate from both modalities' means over time (squeeze and excitation)
  kSsma,    // main * a gate from both modalities at each snippet
};
template <>
inline constexpr Choice<Fusion> kChoices<Fusion>[] = {{Fusion::kCcm, "ccm"},
                                                      {Fusion::kConcat, "concat"},
                                                      {Fusion::kAdd, "add"},
                                                      {Fusion::kSe, "se"},
                                                      {Fusion::kSsma, "ssma"}};

// What a modality is to a module: the one that it enhances, or the one that it asks.
enum class Role { kMain, kAux };
template <>
inline constexpr Choice<Role> kChoices<Role>[] = {{Role::kMain, "main"}, {Role::kAux, "aux"}};

struct ModuleInputs {
  Modality main;
  Modality aux;
  bool operator==(const ModuleInputs&) const = default;
};

// Switches of the paper's comparisons; the defaults are CO2-Net.
struct Ablation {
  Fusion fusion = Fusion::kCcm;
  ModuleInputs vattn = {Modality::kRgb, Modality::kFlow};
  ModuleInputs fattn = {Modality::kFlow, Modality::kRgb};
  // Where kCcm takes its global context and its local detail from.
  Role global = Role::kMain;
  Role local = Role::kAux;
  bool operator==(const Ablation&) const = default;
};

Json to_json(const Ablation& ablation);
Ablation ablation_from_json(const Json& json);  // Errors: Error(kModel)
// Reads what to_json(Ablation) writes, whose keys are led by `prefix`. Errors: Error(kModel).
Ablation read_ablation(const SettingsReader& reader, const std::string& prefix);

// What a network is, but for its sizes. All but the kind is of a CO2-Net.
struct NetworkSpec {
  Variant variant = Variant::kThumos14;
  int max_seqlen = 60;  // kActivityNet: sets the width of the average over time
  Ablation ablation = {};
  NetworkKind kind = NetworkKind::kCo2Net;
  bool operator==(const NetworkSpec&) const = default;
};

// What tells kinds and switches apart: a CO2-Net's ablation, and of the others {"kind": ...}.
Json to_json(const NetworkSpec& network);

}  // namespace co2net
