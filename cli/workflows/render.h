#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "cli/workflows/observer.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/video_settings.h"
#include "pipeline/base/inputs.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/exporters.h"
#include "postprocess/predictions.h"

namespace co2net {

struct RenderJob {
  Predictions found;                      // what is drawn and cut
  bool only_final = true;                 // or every distinct candidate
  SegmentFilter filter;                   // of these
  std::optional<Annotations> truth = {};  // drawn above
  std::filesystem::path copies;           // gets <id>.mp4, with labels; empty: none are made
  std::filesystem::path copy;             // or the only video's, by name
  std::filesystem::path clips;            // gets a folder of each video's (clips_folder())
  bool exact = false;                     // clips are encoded anew
  int threads = 1;                        // so many videos at a time
  VideoSettings each = {};
  bool fail_fast = false;  // stop at the first video that fails
};

// The videos that results name, which lie at `results`; those without any are left out, and the log
// says so.
std::vector<Input> named_videos(const Predictions& found, const std::filesystem::path& results);

// Makes copies of videos in which labels and a timeline are drawn (overlay_of()), and a clip of
// each segment with a list of them, clips.csv. A video is that of the results by its id, or else by
// its path. Nothing takes the place of an input, in a folder of copies of what is no such copy, nor
// in one of clips of what is no clip. Returns how many videos failed. Errors: Error(kInput) where
// results and ground truth have no video in common; Error(kIo).
int render(RenderJob job, const std::vector<Input>& videos, Stats& stats,
           const Observer& observer = {});

}  // namespace co2net
