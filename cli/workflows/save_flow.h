#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/video_settings.h"
#include "extractors/flow/flow_codec.h"
#include "pipeline/base/inputs.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

struct SaveFlowJob {
  Recipe recipe;
  std::string backend = "auto";  // as choose_flow_backend() takes it
  DiskCache* kernels = nullptr;  // keeps what is compiled for devices; may be null
  FlowFormat format = FlowFormat::kMkv;
  std::filesystem::path directory;  // gets <id>.mkv, <id>.mp4, or a folder <id>, a video
  int threads = 1;
  VideoSettings each = {};
  bool fail_fast = false;  // stop at the first video that fails
};

// From videos to files of flow, none of which takes the place of an input. Errors: Error(kUsage)
// for a backend that does not compute the recipe's flow here; Error(kIo).
int save_flow(const SaveFlowJob& job, const std::vector<Input>& inputs, Stats& stats,
              const Observer& observer = {});

}  // namespace co2net
