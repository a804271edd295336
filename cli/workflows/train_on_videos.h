#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "cli/workflows/training_settings.h"
#include "cli/workflows/video_settings.h"
#include "cli/workflows/wiring.h"
#include "localizer/trainer.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/labelled_videos.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// Throws Error(kUsage) for settings that need test videos with segments.
void expect_no_test_videos_needed(const TrainingSettings& settings);

struct TrainOnVideosJob {
  std::filesystem::path folder;
  LabelSource labels;
  Bundle extractor;  // whose I3D makes the features
  ExtractionSettings extraction;
  VideoSettings each;
  DiskCache* cache = nullptr;  // may be null
  // Not scaled to the set yet, which `changes`, as with_settings() takes them, and `held_out_share`
  // win over.
  TrainingSettings settings;
  std::vector<std::string> changes;
  std::optional<double> held_out_share;
  std::string name;             // of the bundle
  std::filesystem::path stats;  // of the extraction; empty for none
};

// How well a class of the held-out videos is told apart.
struct ClassFigures {
  std::string label;
  std::optional<double> average_precision;  // none where no held-out video has it
  int held_out = 0, training = 0;           // videos that have it
};

struct TrainedOnVideos {
  int failed = 0;  // videos that were left out because something went wrong with them
  TrainingResult training;
  std::size_t held_out = 0;           // videos that models were judged by
  std::vector<ClassFigures> classes;  // of the model that was kept; empty if none is held out
};

// Looks through the videos, extracts their features to <settings.directory>/features (what an
// earlier call left there is kept), trains with settings that fit the set's size, and makes the
// folder a bundle.
// Errors: Error(kUsage); Error(kInput) if no class has two videos; as Dataset and train_bundle().
TrainedOnVideos train_on_videos(const TrainOnVideosJob& job, const Observer& observer);

}  // namespace co2net
