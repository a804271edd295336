#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "localizer/co2net.h"
#include "pipeline/base/choice.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/compat.h"
#include "pipeline/datasets/network_spec.h"

namespace co2net {

// How far the two attentions are apart, in mutual learning.
enum class Distance { kMse, kJs, kKl, kMae };
template <>
inline constexpr Choice<Distance> kChoices<Distance>[] = {
    {Distance::kMse, "mse"}, {Distance::kJs, "js"}, {Distance::kKl, "kl"}, {Distance::kMae, "mae"}};

// Weights of CO2-Net's losses (arXiv 2107.12589, section 3.4). A weight of 0 leaves a term out.
// W-TALC has mil and cas alone, which are lambda and 1 - lambda of its paper.
struct LossOptions {
  double mil = 1;       // multiple-instance learning
  double cas = 1;       // alpha3, co-activity similarity
  double ml = 1;        // alpha4, mutual learning
  double oppo = 0.8;    // alpha2, opposition
  double norm = 0.8;    // alpha1, attention normalisation
  int top_k_ratio = 7;  // r: a class's score averages its top max(1, T / r) snippets, in
                        // W-TALC ceil(T / r)
  Distance distance = Distance::kMse;  // of mutual learning
};

// Every choice that changes what is learned from given videos.
struct TrainingOptions {
  NetworkKind kind = NetworkKind::kCo2Net;  // or kWtalc
  Variant variant = Variant::kThumos14;
  Ablation ablation;
  double dropout = 0.7;
  LossOptions loss;
  int length = 500;  // snippets that a video is resampled to; W-TALC: its longest crop
  double learning_rate = 5e-5;
  double weight_decay = 1e-3;
  int iterations = 20000;
  int evaluate_every = 200;  // iterations
  int patience = 0;          // evaluations without a better one, after which to stop; 0: never
  int min_snippets = 1;      // shorter videos are left out; under kAuthors pairs have them too
  int background_rows = 1;   // 0..4 of a batch's last rows, where there are background videos; of
                             // a W-TALC 0
  Compat compat = Compat::kAuthors;
  std::uint64_t seed = 3552;
};

// The published settings, by the network that they train. Errors: Error(kUsage) listing the known
// names, here and below.
TrainingOptions training_preset(Variant variant, NetworkKind kind = NetworkKind::kCo2Net);
TrainingOptions training_preset(const std::string& name);
// Of the network that changes, as with_settings() takes them, name by network.kind.
TrainingOptions training_preset(Variant variant, const std::vector<std::string>& changes);

// The JSON form holds every field.
Json to_json(const TrainingOptions& options);
// The fields that change what is learned: without background videos to learn from all but
// background_rows; of a CO2-Net without its kind, of a W-TALC without what it has not.
Json to_json(const TrainingOptions& options, bool has_background);
// Changes fields, each "loss.cas=0", in whatever order; Errors: Error(kUsage), for an unknown key
// with the known ones.
TrainingOptions with_settings(const TrainingOptions& options,
                              const std::vector<std::string>& keys_and_values);
TrainingOptions with_setting(const TrainingOptions& options, const std::string& key_and_value);

// The network that is trained, and with its sizes.
NetworkSpec network_spec(const TrainingOptions& options);
Co2NetConfig network_config(const TrainingOptions& options, int classes, int feature_size);

}  // namespace co2net
