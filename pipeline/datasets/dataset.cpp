#include "pipeline/datasets/dataset.h"

#include <oneapi/tbb/parallel_for.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/datasets/subsets.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

[[noreturn]] void bad(const std::string& why) { throw Error(ErrorKind::kInput, why); }

Strings ids_of(const Annotations& annotations) {
  Strings ids;
  for (const AnnotatedVideo& video : annotations.videos) ids.push_back(video.id);
  return ids;
}

// Of each video, as far as it has one; all features were made alike.
using Sidecars = std::vector<std::optional<FeaturesSidecar>>;

void expect_made_alike(const std::string& one, const std::optional<FeaturesSidecar>& of_one,
                       const std::string& other, const std::optional<FeaturesSidecar>& of_other,
                       const std::string& place) {
  if (of_one.has_value() != of_other.has_value()) {
    bad(place + ": " + (of_one ? other : one) + " has no sidecar, as " + (of_one ? one : other) +
        " has; extract all of the features alike");
  }
  if (!of_one) return;
  const Strings differences = differences_in_making(*of_one, *of_other);
  if (differences.empty()) return;
  bad(place + ": the features were not made alike, by one recipe and one I3D: " + one + " -> " +
      other + ": " + joined(differences) + "; extract all of them alike");
}

// `place` leads messages.
Sidecars read_sidecars(const FeatureSet& features, const std::string& place) {
  Sidecars sidecars(features.ids().size());
  std::optional<std::size_t> first;
  for (std::size_t video = 0; video < sidecars.size(); ++video) {
    if (features.snippets(video) == 0) continue;
    if (!features.is_packed(video)) {
      sidecars[video] = read_features_sidecar(features.file_of(video));
    }
    if (!first) first = video;
    expect_made_alike(features.ids()[*first], sidecars[*first], features.ids()[video],
                      sidecars[video], place);
  }
  return sidecars;
}

void expect_both_streams(const FeaturesSidecar& sidecar, const std::string& place) {
  if (sidecar.streams == std::vector{Modality::kRgb, Modality::kFlow}) return;
  bad(place + ": CO2-Net learns from features of both streams, and these are of " +
      Json(sidecar.streams).dump() + "; extract them anew with --streams rgb,flow");
}

void expect_known_labels(const Annotations& annotations) {
  for (const AnnotatedVideo& video : annotations.videos) {
    for (const std::string& label : video.labels) {
      if (std::ranges::count(annotations.classes, label) > 0) continue;
      bad("annotations: video " + video.id + " has the label '" + label +
          "', which is none of the classes");
    }
  }
}

void expect_recipe(const Recipe& found, const Recipe& wanted, const std::string& place,
                   const std::string& whose) {
  if (same_features(found, wanted)) return;
  bad(place + ": the features were made by the recipe " + found.name + ", not by " + whose + ", " +
      wanted.name + ": " + joined(json_differences(to_json(found), to_json(wanted))));
}

// Where no sidecar says it.
Recipe told_recipe(const KnownOrigin& origin) {
  if (origin.extractor) return origin.extractor->recipe;
  if (origin.recipe) return *origin.recipe;
  Recipe recipe;
  spdlog::warn(
      "the features do not say by which recipe they were made; taken to be {} (choose "
      "with --recipe)",
      recipe.name);
  return recipe;
}

std::string hash_of_rows(const FeatureSet& features, std::size_t video) {
  const Array rows = features.rows(video);
  return sha256(
      {reinterpret_cast<const char*>(rows.values.data()), rows.values.size() * sizeof(float)});
}

bool is_of(VideoKind kind, const Dataset& dataset, std::size_t video) {
  return kind == VideoKind::kAny ||
         dataset.is_background(video) == (kind == VideoKind::kBackground);
}

}  // namespace

Dataset::Dataset(const fs::path& features, Annotations annotations, const KnownOrigin& origin)
    : Dataset(std::vector{features}, std::move(annotations), origin) {}

Dataset::Dataset(const std::vector<fs::path>& features, Annotations annotations,
                 const KnownOrigin& origin)
    : annotations_(std::move(annotations)),
      features_(features, ids_of(annotations_)),
      labelled_subsets_(labelled_subsets(annotations_)) {
  expect_known_labels(annotations_);
  take_origin(joined({features.begin(), features.end()}), origin);
}

void Dataset::take_origin(const std::string& place, const KnownOrigin& origin) {
  const Sidecars sidecars = read_sidecars(features_, place);
  const auto told = std::ranges::find_if(sidecars, [](const auto& one) { return one.has_value(); });
  if (told == sidecars.end()) {
    recipe_ = told_recipe(origin);
    if (recipe_.fps == "source") {
      bad(place + ": the recipe " + recipe_.name +
          " keeps each video's own frame rate, and no sidecar says what it was; extract the "
          "features anew, which writes <id>.json beside each");
    }
  } else {
    expect_both_streams(**told, place);
    recipe_ = (*told)->recipe;
    i3d_sha256_ = (*told)->i3d;
  }
  if (origin.extractor) expect_extractor(*origin.extractor, place);
  if (origin.recipe) expect_recipe(recipe_, *origin.recipe, place, "the one that is given");
  if (i3d_sha256_.empty() && origin.extractor) {
    spdlog::warn("{}: the features do not say which I3D made them; taken to be that of {}", place,
                 origin.extractor->directory.string());
    i3d_sha256_ = i3d_of(*origin.extractor);
  }

  rates_.resize(videos().size());
  for (std::size_t video = 0; video < rates_.size(); ++video) {
    if (features_.snippets(video) == 0) continue;
    const double fps = sidecars[video] ? sidecars[video]->fps : frame_rate(recipe_, 0);
    rates_[video] = fps / recipe_.stride;
  }
}

void Dataset::expect_extractor(const Bundle& extractor, const std::string& place) const {
  const std::string whose = "the extractor " + extractor.directory.string();
  expect_recipe(recipe_, extractor.recipe, place, "that of " + whose);
  if (features_.feature_size() != extractor.feature_size) {
    bad(place + ": the features have " + std::to_string(features_.feature_size()) +
        " columns, and those of " + whose + " " + std::to_string(extractor.feature_size));
  }
  for (const auto& [file, sha256] : i3d_of(extractor)) {
    const auto made_with = i3d_sha256_.find(file);
    if (made_with == i3d_sha256_.end() || made_with->second == sha256) continue;
    bad(place + ": the features were made with another " + file + " than that of " + whose +
        "; name the bundle that made them, or extract them anew with this one");
  }
}

std::vector<int> Dataset::labels(std::size_t video) const {
  std::vector<int> places;
  for (const std::string& label : videos().at(video).labels) {
    places.push_back(static_cast<int>(std::ranges::find(classes(), label) - classes().begin()));
  }
  return places;
}

bool Dataset::is_background(std::size_t video) const {
  return co2net::is_background(videos().at(video), labelled_subsets_);
}

Json Dataset::fingerprint(const std::vector<std::size_t>& chosen) const {
  Strings hashes(chosen.size());
  oneapi::tbb::parallel_for(std::size_t{0}, chosen.size(), [&](std::size_t i) {
    throw_if_interrupted();
    hashes[i] = hash_of_rows(features_, chosen[i]) + " at " + Json(rates_[chosen[i]]).dump() + "/s";
  });
  return {{"recipe", to_json(recipe_)}, {"i3d", i3d_sha256_}, {"features", sha256(joined(hashes))}};
}

std::vector<std::size_t> usable_videos(const Dataset& dataset, const std::string& subset,
                                       int min_snippets, VideoKind kind) {
  std::vector<std::size_t> usable;
  Strings missing, short_ones, unlabelled;
  for (std::size_t i = 0; i < dataset.videos().size(); ++i) {
    const AnnotatedVideo& video = dataset.videos()[i];
    if (video.subset != subset || !is_of(kind, dataset, i)) continue;
    if (dataset.features().snippets(i) == 0) {
      missing.push_back(video.id);
    } else if (dataset.features().snippets(i) < min_snippets) {
      short_ones.push_back(video.id);
    } else if (kind == VideoKind::kLabelled && video.labels.empty()) {
      unlabelled.push_back(video.id);
    } else {
      usable.push_back(i);
    }
  }
  const auto warn = [&](const Strings& ids, const std::string& which) {
    if (!ids.empty()) spdlog::warn("subset {}: left out {}", subset, counted(which, ids));
  };
  warn(missing, "videos without features");
  warn(short_ones, "videos shorter than " + std::to_string(min_snippets) + " snippets");
  warn(unlabelled, "videos without labels");
  return usable;
}

}  // namespace co2net
