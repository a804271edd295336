#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/feature_set.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// What is known of how features were made, beside what they say themselves.
struct KnownOrigin {
  std::optional<Recipe> recipe = {};     // where neither a sidecar nor the I3D's bundle names one
  std::optional<Bundle> extractor = {};  // the bundle whose I3D made them
};

// Videos, what they show, and their features: all of one recipe, one I3D and one width, so that
// times, labels and networks fit together wherever it is used. Checked when it is made, then fixed;
// several threads may read it at once. A video is named by its place in videos().
class Dataset {
 public:
  // `features` are folders of <id>.npy files, with sidecars or without, or packed files, as
  // FeatureSet takes them, of annotations.videos. Warns if nothing says the recipe and the default
  // one is taken.
  // Errors: as FeatureSet; Error(kInput) naming the file for features
  //   of several recipes, I3Ds or streams, or some with a sidecar and some without,
  //   of one stream alone,
  //   of another recipe, I3D or width than origin.extractor has, or another recipe than
  //     origin.recipe,
  //   whose recipe keeps each video's own frame rate where no sidecar says what that was;
  // and for a label that is none of the classes.
  Dataset(const std::vector<std::filesystem::path>& features, Annotations annotations,
          const KnownOrigin& origin);
  Dataset(const std::filesystem::path& features, Annotations annotations,
          const KnownOrigin& origin);

  const Annotations& annotations() const { return annotations_; }
  const std::vector<AnnotatedVideo>& videos() const { return annotations_.videos; }
  const std::vector<std::string>& classes() const { return annotations_.classes; }
  // The places of a video's labels among the classes.
  std::vector<int> labels(std::size_t video) const;
  // Whether nothing happens in a video, as pipeline/datasets/subsets.h has it.
  bool is_background(std::size_t video) const;

  // Of videos(), in their order.
  const FeatureSet& features() const { return features_; }
  const Recipe& recipe() const { return recipe_; }
  // Of the networks that made the features, by their files' names; empty if nobody says.
  const std::map<std::string, std::string>& i3d_sha256() const { return i3d_sha256_; }
  // Of a video that has features.
  double snippets_per_second(std::size_t video) const { return rates_.at(video); }

  // The recipe, the I3D, the rates and the values of these videos' features: equal for equal ones,
  // however they are stored.
  Json fingerprint(const std::vector<std::size_t>& chosen) const;

 private:
  void take_origin(const std::string& place, const KnownOrigin& origin);
  void expect_extractor(const Bundle& extractor, const std::string& place) const;

  Annotations annotations_;
  FeatureSet features_;
  Recipe recipe_;
  std::map<std::string, std::string> i3d_sha256_;
  std::set<std::string> labelled_subsets_;
  std::vector<double> rates_;  // by video; 0 for one without features
};

enum class VideoKind { kAny, kLabelled, kBackground };

// The videos of a subset and a kind that can be used, as places in the data set: those with
// features of at least `min_snippets` snippets. The log says how many others of the kind there are,
// and why; among the labelled ones it counts those that lack a label and are not background.
std::vector<std::size_t> usable_videos(const Dataset& dataset, const std::string& subset,
                                       int min_snippets, VideoKind kind);

}  // namespace co2net
