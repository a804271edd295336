#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "cli/workflows/each_input.h"
#include "cli/workflows/observer.h"
#include "cli/workflows/stats.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/stage.h"
#include "postprocess/exporters.h"

namespace co2net {

// What workflows that find segments share. Their chains end with proposals.

// Hears what is found for an input, and what kept it from being found, as it comes.
struct ResultReceiver {
  std::function<void(VideoResult)> on_result;
  std::function<void(VideoError)> on_error = [](const VideoError&) {};
};

// From files of features or of scores to segments.
struct FilesJob {
  Bundle bundle;
  std::optional<Compat> compat = {};  // none: as the bundle's CO2-Net was trained
  bool strict = false;                // a video that decoded only in part is an error
  bool fail_fast = false;             // stop at the first input that fails
  DiskCache* cache = nullptr;         // null: keep and reuse nothing
};

// Appends proposals to a chain that ends with localization. Without `compat`, as the bundle's
// CO2-Net was trained.
void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe,
                      const std::optional<Compat>& compat);

// A chain's first stage that reads `file` (.npy or .npz), with `info` about the video.
Stage file_stage(const std::string& name, const std::filesystem::path& file, const Json& info);

struct ChainSettings {
  bool strict = false;
  bool fail_fast = false;
  DiskCache* cache = nullptr;
};
// Runs for each input the chain that `chain_of` makes. Warns of videos that are skipped.
Outcome find_segments(const InputSource& inputs, const ChainSettings& settings,
                      const Observer& observer,
                      const std::function<Chain(const Input&, Stats&)>& chain_of,
                      const ResultReceiver& receiver);

// The same for files: `scores_chain` makes an input's chain up to its scores.
Outcome find_segments(const InputSource& inputs, const FilesJob& job,
                      const std::function<Chain(const Input&, Stats&)>& scores_chain,
                      const ResultReceiver& receiver);

}  // namespace co2net
