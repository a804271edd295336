#pragma once

#include <filesystem>

#include "cli/workflows/each_input.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/video_settings.h"
#include "cli/workflows/wiring.h"

namespace co2net {

struct ExtractJob {
  Bundle bundle;                  // the I3D of the streams is used
  ExtractionSettings extraction;  // the recipe is the bundle's, unless one knows better
  VideoSettings each = {};
  std::filesystem::path directory;  // gets <id>.npy a video, and <id>.json beside it
  bool fail_fast = false;           // stop at the first video that fails
  DiskCache* cache = nullptr;       // null: keep and reuse nothing
  bool shared = false;  // divide the videos with other processes, by the cache, which there must be
};

// From videos to files of features. Returns how many inputs failed. Errors: Error(kUsage) for a
// recipe whose flow nothing here computes; Error(kModel), Error(kIo).
int extract(const ExtractJob& job, const InputSource& inputs, Stats& stats,
            const Observer& observer = {});

}  // namespace co2net
