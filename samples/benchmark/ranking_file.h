#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/base/json.h"
#include "postprocess/evaluation.h"

namespace co2net {

// A ranking as a file of some kilobytes, for mAP on any draw of the videos:
//   {"schema": "co2net.ranking/2", "protocol": "activitynet", "tiou": [thresholds], "videos": V,
//    "classes": {label: {"truths": [video of each], "detections": [video, hits, video, hits,
//    ...]}}}
// A detection's hits are a sum: of 1 if it is right at the first threshold, 2 at the second, 4 at
// the third. What follows the last hit changes no figure and is left out.
struct RankingFile {
  std::vector<double> tiou;
  Ranking ranking;
};

// Throws Error(kInput) where detections are ignored, being ambiguous: the file has no place for
// that.
Json to_json(const RankingFile& file);
// Throws Error(kInput), naming the file, for anything else.
RankingFile read_ranking(const std::filesystem::path& path);

}  // namespace co2net
