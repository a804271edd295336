#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "cli/workflows/observer.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// Between a folder of features (<id>.npy) and one file of all of them in the annotations' order, as
// other programs train on.

struct PackJob {
  std::filesystem::path folder;
  std::filesystem::path annotations;  // as read_annotations() takes them; they say the order
  std::filesystem::path packed;       // .npy
  bool allow_missing = false;         // videos without features become arrays [0, 2D]
};

struct UnpackJob {
  std::filesystem::path packed;
  std::filesystem::path annotations;
  std::filesystem::path folder;  // a new one, or empty
  // How the features were made, where that is known: the packed file does not say. Its rate must
  // not be "source".
  std::optional<Recipe> recipe = {};
};

struct PackedFeatures {
  std::size_t videos = 0;  // that have features, or are packed without
  int columns = 0;
};

// Errors: Error(kUsage) for a folder in the place of a file or the reverse, or a result in the
// place of an input; Error(kInput) for features that were made otherwise than the others, or that
// are missing; as read_annotations() and FeatureSet.
PackedFeatures pack_features(const PackJob& job, const Observer& observer = {});
PackedFeatures unpack_features(const UnpackJob& job, const Observer& observer = {});

}  // namespace co2net
