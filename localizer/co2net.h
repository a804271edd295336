#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "pipeline/base/settings.h"
#include "pipeline/datasets/network_spec.h"
#include "pipeline/devices/device.h"
#include "pipeline/formats/npy.h"

namespace co2net {

class Network;

struct Co2NetConfig {
  NetworkSpec network = {};
  int classes = 20;         // C, background not counted
  int feature_size = 2048;  // 2D, RGB and flow together; a multiple of 4, of a W-TALC even
  double dropout = 0.7;     // of the fused feature, in training; 0 <= dropout < 1
};

// The longest sequence that a network is for, in snippets: NetworkSpec's max_seqlen, and the length
// that videos are resampled to in training.
inline constexpr int kLongestSequence = 100000;
// Throws Error(kModel) unless 0 <= dropout < 1.
void check_dropout(const SettingsCheck& check, double dropout);

// Throws Error(kModel) naming the file unless it is a checkpoint whose parameters have these sizes,
// by those that tell. It takes no time: no weights are read.
void expect_sizes(const std::filesystem::path& checkpoint, const Co2NetConfig& config);

// CO2-Net (Hong et al., "Cross-modal Consensus Network for Weakly Supervised Temporal Action
// Localization", ACM MM 2021, arXiv 2107.12589): from a video's snippet features to the activation
// of every class at every snippet, and attention, which tells action from background. Or W-TALC
// (Paul et al., ECCV 2018, arXiv 1807.10418), where config.network.kind says so.
//
// Owns its network. Several threads may call localize() at once; each computes on itself alone, so
// that equal features give equal bytes.
class Co2Net {
 public:
  // Weights as Network::initialise() draws them; equal seeds give equal networks.
  // Errors: Error(kModel) for a config out of range, here and below.
  static Co2Net seeded(const Co2NetConfig& config, std::uint64_t seed);

  // Parameters by their published names, such as "vAttn.attention.0.weight" [D/2, D, 3]; the
  // authors' unused "feat_encoder.0", in W-TALC "fc1", is allowed and ignored. Errors:
  // Error(kModel) naming what is missing, unknown, not finite or of another shape.
  Co2Net(const Co2NetConfig& config, const Arrays& parameters);

  // A checkpoint (localizer/checkpoint.h) of such parameters. Errors: as above; Error(kIo).
  static Co2Net load(const std::filesystem::path& path, const Co2NetConfig& config);
  // Has localize() work there. Errors: Error(kUsage) if it is not here.
  void move_to(const Device& device);
  // With the unused parameters as zeros, since the authors' code insists on them. Errors:
  // Error(kIo).
  void save(const std::filesystem::path& path) const;

  //   features  [T, 2D], T >= 1, RGB first
  //   returns   "cas" [T, C+1], class activations, background last; unbounded
  //             "attn", "attn_rgb", "attn_flow" [T] in [0, 1]: the mean, and the module's with
  //             RGB or with flow as its main modality
  //             W-TALC's: "cas" [T, C] alone
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
