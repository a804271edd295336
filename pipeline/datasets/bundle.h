#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/compat.h"
#include "pipeline/datasets/network_spec.h"
#include "pipeline/datasets/operating_point.h"
#include "pipeline/stages/modality.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

enum class BundleStatus {
  kTrained,
  kUntrained,    // the weights are random, labels mean nothing
  kUntrainedI3d  // those of I3D are, and the CO2-Net makes of its features what it can
};
template <>
inline constexpr Choice<BundleStatus> kChoices<BundleStatus>[] = {
    {BundleStatus::kTrained, "trained"},
    {BundleStatus::kUntrained, "untrained"},
    {BundleStatus::kUntrainedI3d, "untrained-i3d"}};

// A model bundle: a directory with model.json, i3d_rgb.pt and i3d_flow.pt (TorchScript), and
// co2net.pt (parameters by their published names). Features and the CO2-Net that learned from them
// travel together. In the CO2-Net's place may be wtalc.pt, the same of a W-TALC, or
// i3d_logits.npz, the classification layer of each stream's I3D: "rgb.weight" and "flow.weight"
// [K, D], "rgb.bias" and "flow.bias" [K].
struct Bundle {
  std::filesystem::path directory;
  std::string name;
  BundleStatus status = BundleStatus::kTrained;
  std::vector<std::string> classes;
  // Of a classifier's, those that results are to tell of, in their order; empty: all. A choice of
  // whoever uses the bundle, not in model.json.
  std::vector<std::string> only = {};
  Recipe recipe;
  int feature_size = 2048;           // 2D: columns of the features, both streams
  NetworkSpec network;               // its variant is "preset" in JSON
  int min_snippets = 1;              // shorter videos are skipped under kAuthors
  Compat compat = Compat::kAuthors;  // how the CO2-Net was trained
  std::optional<OperatingPoint> operating_point = {};
  std::map<std::string, std::string> sha256;  // by file name
  // SHA-256 of the I3D whose features the CO2-Net learned from, by file name, where that is known
  // and the bundle has not got it.
  std::map<std::string, std::string> learned_from = {};
  Json provenance = Json::object();  // how the weights came about

  std::filesystem::path file(const std::string& name_) const { return directory / name_; }
};

inline constexpr const char* kI3dRgbFile = "i3d_rgb.pt";
inline constexpr const char* kI3dFlowFile = "i3d_flow.pt";
inline constexpr const char* kCo2NetFile = "co2net.pt";
inline constexpr const char* kWtalcFile = "wtalc.pt";
inline constexpr const char* kI3dLogitsFile = "i3d_logits.npz";
const char* i3d_file(Modality modality);

// What model.json says; nothing is looked for on the disk. Throws Error(kModel) led by `name`.
Bundle parse_bundle(std::string_view json, const std::string& name);

// Reads model.json and checks that it lists `files` and that each one's SHA-256 is the one it
// names, since TorchScript is code. Warns of an untrained model. Throws Error(kModel) naming the
// file and the remedy.
Bundle load_bundle(const std::filesystem::path& directory, const std::vector<std::string>& files);

// The same for what localizes: the file of the network or of the I3D's classification layers is
// checked, too. Warns of what a classifier does not know.
Bundle load_localizing_bundle(const std::filesystem::path& directory,
                              std::vector<std::string> files = {});
// The name of that file.
const char* localizer_file(NetworkKind kind);
// Whether its video scores tell where nothing happens, so that there are final segments.
bool has_final_segments(const Bundle& bundle);

// The classes that results tell of.
const std::vector<std::string>& reported_classes(const Bundle& bundle);
// Makes them these of a classifier's. Errors: Error(kUsage) for another kind of bundle, or a label
// that is none of its classes.
void report_only(Bundle& bundle, const std::vector<std::string>& labels);

// Hashes the weight files in bundle.directory and writes model.json beside them.
void save_bundle(const Bundle& bundle);

// The status of a trained CO2-Net beside the I3D of `i3d`.
BundleStatus status_with(const Bundle& i3d);

// SHA-256 of a file of the bundle, or of the one of that name that its CO2-Net learned from.
std::optional<std::string> known_sha256(const Bundle& bundle, const std::string& file);

// SHA-256 of the bundle's I3D by file name, of those that it has.
std::map<std::string, std::string> i3d_of(const Bundle& bundle);

// What results say about the model that made them.
Json summary(const Bundle& bundle);

}  // namespace co2net
