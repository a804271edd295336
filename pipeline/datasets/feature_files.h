#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/json.h"
#include "pipeline/datasets/bundle.h"

namespace co2net {

// Features (.npy) and scores (.npz) on disk, each with a sidecar that says what it was made from:
// clip.json beside clip.npy, clip.npz.json beside clip.npz. Schema "co2net.features/1": {"schema",
// "recipe", "streams", "video", "files"}, the last with the SHA-256 of the weights by name; schema
// "co2net.scores/1": {"schema", "recipe", "video", "files", "classes"}.
std::filesystem::path sidecar_path(const std::filesystem::path& file);
Json features_sidecar(const Bundle& bundle, const Recipe& recipe,
                      const std::vector<Modality>& streams, const Json& video);
Json scores_sidecar(const Bundle& bundle, const Json& video);

// The same for features of which only the recipe is known, not the I3D nor the video: "files" is
// empty.
Json features_sidecar(const Recipe& recipe, std::int64_t snippets);

// What the sidecar of features or scores says, as it is. Errors: as read_features_sidecar().
Json read_sidecar(const std::filesystem::path& file);

// What a sidecar says of features.
struct FeaturesSidecar {
  Recipe recipe;
  // SHA-256 of the networks that made them, by file name; empty if it is not known.
  std::map<std::string, std::string> i3d;
  std::vector<Modality> streams;  // in the order of the columns
  double fps = 0;                 // of the video, after resampling: the recipe's, unless "source"
};

// `name` leads errors, which are those of read_features_sidecar().
FeaturesSidecar parse_features_sidecar(std::string_view json, const std::string& name);

// Nothing if the features file has none. Errors: Error(kInput) naming a sidecar that is not one of
// features, or contradicts itself.
std::optional<FeaturesSidecar> read_features_sidecar(const std::filesystem::path& file);

// In what features of two videos were not made alike, "recipe.stride 16 -> 8"; what recipes are
// called does not count.
std::vector<std::string> differences_in_making(const FeaturesSidecar& one,
                                               const FeaturesSidecar& other);

// Facts about the video that the features file was made from, null unless the file is there and all
// that `expected`, made by features_sidecar(), says is in its sidecar.
Json video_of_features(const std::filesystem::path& file, const Json& expected);

// The array's file is written last: where it is, so is its sidecar. Where both are there as they
// would be written, their times alone are renewed.
void write_with_sidecar(const std::filesystem::path& file, const std::string& bytes,
                        const Json& sidecar);

// The ids of the files of a suffix, ".npy" or ".npz", that a folder holds; sorted.
std::vector<std::string> ids_below(const std::filesystem::path& folder, const std::string& suffix);

// Facts about the video that `file` (.npy or .npz) was made from: {"video": {...}}, as
// stages' info. The sidecar's recipe, weights and classes must be the bundle's, or it is an
// Error(kInput) that names each difference. Without a sidecar the bundle's recipe is assumed, with
// a warning, and the video lasts `snippets` * stride / fps.
Json read_video_info(const std::filesystem::path& file, const Bundle& bundle,
                     std::int64_t snippets);

// The same where only features are known of a video.
Json assumed_video_info(const Bundle& bundle, std::int64_t snippets);

// What scores are of.
struct ScoredClasses {
  std::vector<std::string> classes;  // without background
  NetworkKind kind = NetworkKind::kCo2Net;
};

// What the sidecar of scores (.npz) says that they are of; nothing without one. Throws
// Error(kInput).
std::optional<ScoredClasses> read_scored_classes(const std::filesystem::path& file);

}  // namespace co2net
