#pragma once

#include <filesystem>
#include <string>

#include "cli/workflows/segments.h"
#include "pipeline/devices/device.h"

namespace co2net {

struct LocalizeFeaturesJob {
  FilesJob files;  // the bundle's CO2-Net is used
  Device device = {};
  int threads = 1;
  // Where each video's cas and attention go, <id>.npz with <id>.npz.json beside it; empty: nowhere.
  std::filesystem::path scores;
};

// From snippet features (.npy) to segments. Errors of a file: Error(kInput) for what is no features
// of the network's width, or features of another recipe or I3D than the bundle's.
Outcome localize_features(const LocalizeFeaturesJob& job, const InputSource& inputs,
                          const ResultReceiver& receiver);

}  // namespace co2net
