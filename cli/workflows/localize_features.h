#pragma once

#include <filesystem>
#include <vector>

#include "cli/workflows/segments.h"
#include "pipeline/datasets/feature_set.h"
#include "pipeline/devices/device.h"

namespace co2net {

struct LocalizeFeaturesJob {
  FilesJob files;  // the bundle as load_localizing_bundle() gives it
  Device device = {};
  int threads = 1;  // files that are worked on at once, on the CPU
  // Where each video's cas and attention go, <id>.npz with <id>.npz.json beside it; empty: nowhere.
  std::filesystem::path scores;
  // Of packed files, where the inputs' ids tell a video's features; null: an input is a file.
  const FeatureSet* packed = nullptr;
};

// The features, in packed files or folders, of the videos that the annotations list, in their
// order. Errors: as FeatureSet and read_annotations().
FeatureSet annotated_features(const std::vector<std::filesystem::path>& features,
                              const std::filesystem::path& annotations);

// The annotated videos that have features, and where these are. The log names the others.
std::vector<Input> annotated_inputs(const FeatureSet& set);

// From snippet features (.npy) to segments. Returns how many inputs failed. Errors of a file:
// Error(kInput) for what is no features of the network's width, or features of another recipe or
// I3D than the bundle's.
int localize_features(const LocalizeFeaturesJob& job, const InputSource& inputs, Stats& stats,
                      const ResultReceiver& receiver, const Observer& observer = {});

}  // namespace co2net
