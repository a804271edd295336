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
#include "postprocess/thresholds.h"

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
  EachInput each = {};
  DiskCache* cache = nullptr;  // null: keep and reuse nothing
};

// Chooses the bundle's thresholds anew, if there is a choice, and says in the log from which video
// score on classes are kept. Errors: Error(kUsage) where the bundle does not keep what to choose
// by.
void settle_operating_point(Bundle& bundle, const std::optional<OperatingChoice>& choice);
// Says it of a bundle as it is.
void speak_of_operating_point(const Bundle& bundle);

// Appends proposals to a chain that ends with localization. Without `compat`, as the bundle's
// CO2-Net was trained.
void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe,
                      const std::optional<Compat>& compat);

// A chain's first stage, for what is on disk anyway: `bytes` (.npy or .npz), with `info` about the
// video.
Stage given_stage(const std::string& name, std::string bytes, const Json& info);

// Runs a chain that ends with scores, and writes these to <id>.npz in the folder, with a sidecar.
// `bundle` is what made them, its recipe included.
ChainResult saved_scores(const Chain& chain, const std::filesystem::path& folder,
                         const Bundle& bundle, const Input& input, DiskCache* cache, Stats& stats);
// A chain that goes on from them.
Chain chain_from(const ChainResult& scores);

struct ChainSettings {
  bool strict = false;
  EachInput each = {};
  DiskCache* cache = nullptr;
};
// Makes an input's chain. On several threads at once if the settings say so.
using ChainOf = std::function<Chain(const Input&)>;
// Runs for each input the chain that `chain_of` makes. Returns how many inputs failed; `stats` has
// those that were worked on, also when an error or an interruption ends it.
int find_segments(const InputSource& inputs, const ChainSettings& settings, const ChainOf& chain_of,
                  Stats& stats, const ResultReceiver& receiver, const Observer& observer);

// The same for files: `scores_chain` makes an input's chain up to its scores.
int find_segments(const InputSource& inputs, const FilesJob& job, const ChainOf& scores_chain,
                  Stats& stats, const ResultReceiver& receiver, const Observer& observer);

}  // namespace co2net
