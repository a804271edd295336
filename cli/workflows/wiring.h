#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "extractors/extractor.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/devices/device.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/stage.h"

namespace co2net {

// The chain as far as it needs networks:
//   [frames] [flow] -> features -> localization
// Proposals follow (cli/workflows/segments.h). A new stage is one more line in either.

struct ExtractionSettings {
  Recipe recipe;
  std::vector<Modality> streams = {Modality::kRgb, Modality::kFlow};
  Device device = {};                 // of I3D and CO2-Net, and of flow by CUDA
  std::string flow_backend = "auto";  // as choose_flow_backend() takes it
  I3dPrecision i3d_precision = I3dPrecision::kFp32;
  int clips_at_once = 1;  // of I3D; more than one is for GPUs
  int threads = 1;
  double checkpoint_s = 30;
  // In the cache, as playable videos.
  bool keep_frames = false, keep_flow = false;
};

// `cache`, which may be null, keeps what is compiled for devices.
std::unique_ptr<Extractor> make_extractor(const Bundle& bundle, const ExtractionSettings& settings,
                                          DiskCache* cache);

// Up to a video's features. Kept frames and flow that are in the cache already are used.
Chain features_chain(const Extractor& extractor, const ExtractionSettings& settings,
                     const VideoJob& job, DiskCache* cache);

// Makes the stage of localization from the place of the features in the chain and their key; must
// outlive it. Its stages may run on several threads at once.
using Localizer = std::function<Stage(std::size_t features, const CacheKey& features_key)>;
// Of the bundle's CO2-Net, or of its I3D's classes. Errors: Error(kModel) for a file that does not
// fit the bundle.
Localizer make_localizer(const Bundle& bundle, const Device& device);

// Appends localization to a chain that ends with features.
void append_localization(Chain& chain, const Localizer& localizer);

}  // namespace co2net
