#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/npy.h"

namespace co2net {

class Network;

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

struct Co2NetConfig {
  Variant variant = Variant::kThumos14;
  int classes = 20;         // C, background not counted
  int feature_size = 2048;  // 2D, RGB and flow together; a multiple of 4
  int max_seqlen = 60;      // kActivityNet: sets the width of the average over time
  double dropout = 0.7;     // of the fused feature, in training; 0 <= dropout < 1
  Ablation ablation = {};
};

// CO2-Net (Hong et al., "Cross-modal Consensus Network for Weakly Supervised Temporal Action
// Localization", ACM MM 2021, arXiv 2107.12589): from a video's snippet features to the activation
// of every class at every snippet, and attention, which tells action from background.
//
// Owns its network. Several threads may call localize() at once; each computes on itself alone, so
// that equal features give equal bytes.
class Co2Net {
 public:
  // Weights U(-b, b), b = sqrt(6 / fan_in), and zero biases; equal seeds give equal networks.
  // Errors: Error(kModel) for a config out of range, here and below.
  static Co2Net seeded(const Co2NetConfig& config, std::uint64_t seed);

  // Parameters by their published names, such as "vAttn.attention.0.weight" [D/2, D, 3]; the
  // authors' unused "feat_encoder.0" is allowed and ignored. Errors: Error(kModel) naming what is
  // missing, unknown, not finite or of another shape.
  Co2Net(const Co2NetConfig& config, const Arrays& parameters);

  // A checkpoint (localizer/checkpoint.h) of such parameters. Errors: as above; Error(kIo).
  static Co2Net load(const std::filesystem::path& path, const Co2NetConfig& config);
  // Has localize() work there (pipeline/device.h). Errors: Error(kUsage) if it is not here.
  void move_to(const std::string& device);
  // With "feat_encoder.0" as zeros, since the authors' code insists on it. Errors: Error(kIo).
  void save(const std::filesystem::path& path) const;

  //   features  [T, 2D], T >= 1, RGB first
  //   returns   "cas" [T, C+1], class activations, background last; unbounded
  //             "attn", "attn_rgb", "attn_flow" [T] in [0, 1]: the mean, and the module's with
  //             RGB or with flow as its main modality
  // Errors: Error(kInput) for another shape, no snippets, or values that are not finite.
  Arrays localize(const Array& features) const;

  const Co2NetConfig& config() const { return config_; }

  // The torch module (localizer/network.h). localize() takes it in evaluation mode.
  Network& network() const { return *network_; }

 private:
  explicit Co2Net(const Co2NetConfig& config);

  Co2NetConfig config_;
  std::shared_ptr<Network> network_;
};

}  // namespace co2net
