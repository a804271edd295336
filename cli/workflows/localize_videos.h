#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "cli/workflows/segments.h"
#include "cli/workflows/video_settings.h"
#include "cli/workflows/wiring.h"

namespace co2net {

struct LocalizeVideosJob {
  Bundle bundle;                  // as load_localizing_bundle() gives it, with both I3D files
  ExtractionSettings extraction;  // the recipe is the bundle's, unless one knows better
  VideoSettings each = {};
  std::optional<Compat> compat = {};  // none: as the bundle's CO2-Net was trained
  bool fail_fast = false;             // stop at the first video that fails
  // Where each video's cas and attention go, <id>.npz with <id>.npz.json beside it; empty: nowhere.
  std::filesystem::path scores = {};
  DiskCache* cache = nullptr;  // null: keep and reuse nothing
  bool shared = false;  // divide the videos with other processes, by the cache, which there must be
};

// From videos to segments. Returns how many inputs failed. Errors: Error(kUsage) for a recipe that
// keeps crops apart, or whose flow nothing here computes; Error(kModel), Error(kIo).
int localize_videos(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                    const ResultReceiver& receiver, const Observer& observer = {});

// Which stages localize_videos() would compute, and why. The job must have a cache. Returns how
// many inputs failed.
int explain_videos(
    const LocalizeVideosJob& job, const InputSource& inputs,
    const std::function<void(const Input&, const std::vector<StageForecast>&)>& on_forecast,
    const Observer& observer = {});

}  // namespace co2net
