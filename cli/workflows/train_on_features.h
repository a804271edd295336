#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "cli/workflows/split.h"
#include "cli/workflows/training_settings.h"
#include "localizer/trainer.h"
#include "pipeline/datasets/dataset.h"
#include "postprocess/evaluation.h"

namespace co2net {

// Features and annotations of a data set, as files.
struct DatasetFiles {
  std::vector<std::filesystem::path> features;  // folders of <id>.npy, or packed files
  std::filesystem::path annotations;            // in any form that read_annotations() takes
  SubsetNames subsets;
  KnownOrigin origin;
};

// Errors: as read_annotations() and Dataset.
Dataset read_dataset(const DatasetFiles& files);

struct TrainOnFeaturesJob {
  DatasetFiles data;
  TrainingSettings settings;
  std::string name;  // of the bundle
};

struct TrainedOnFeatures {
  TrainingResult training;
  Split split;
  std::optional<Evaluation> on_test;  // of the model that was kept; none without test videos
  // Whose figures, by published_figures(), are of the same test videos.
  std::optional<Variant> published;
};

// Trains a CO2-Net on features and makes settings.directory a bundle. What an earlier call there
// has done is not done again. Errors: as read_dataset(), split_of() and train_bundle().
TrainedOnFeatures train_on_features(const TrainOnFeaturesJob& job, const Observer& observer);

}  // namespace co2net
