#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/bundle.h"
#include "extractors/extractor.h"
#include "localizer/localizer_stage.h"
#include "pipeline/disk_cache.h"
#include "pipeline/stage.h"
#include "postprocess/proposals.h"

namespace co2net {

// The whole chain, and the only place that names all of it:
//   [frames] [flow] -> features -> localization -> proposals
// A new stage is one more line here.

struct ExtractionSettings {
  Recipe recipe;
  std::vector<std::string> streams = {"rgb", "flow"};
  std::string device = "cpu";  // of flow, I3D and CO2-Net
  std::string i3d_precision = "fp32";
  int threads = 1;
  double checkpoint_s = 30;
  std::set<std::string> keep;  // of "frames" and "flow"
};

std::unique_ptr<Extractor> make_extractor(const Bundle& bundle, const ExtractionSettings& settings);

// Up to a video's features. Kept frames and flow that are in the cache already are used.
Chain features_chain(const Extractor& extractor, const ExtractionSettings& settings,
                     const VideoJob& job, DiskCache* cache);

std::unique_ptr<LocalizerModel> make_localizer(const Bundle& bundle, const std::string& device);

// Appends localization and proposals to a chain that ends with features.
void append_localization(Chain& chain, LocalizerModel& localizer);
void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe, Compat compat);

// A chain's first stage that reads `file` (.npy or .npz), with `info` about the video.
Stage file_stage(const std::string& name, const std::filesystem::path& file, const Json& info);

}  // namespace co2net
