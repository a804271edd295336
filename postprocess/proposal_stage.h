#pragma once

#include <string>
#include <vector>

#include "pipeline/stages/recipe.h"
#include "pipeline/stages/stage.h"
#include "postprocess/proposals.h"

namespace co2net {

// From the scores (.npz) of the chain's stage at `scores`, whose key is `scores_key`, to segments
// in seconds: {"segments": [...], "final": [...]}, each as to_json(std::vector<Segment>). The
// info's "video" must name "fps" and "duration"; it is passed on with "labels", [{"label", "score",
// "threshold"}] of the classes that final_segments() keeps, and says by "skipped" why a video is
// too short. A W-TALC, which knows no background, has neither "final" nor "labels".
Stage proposal_stage(std::size_t scores, const CacheKey& scores_key, const ProposalOptions& options,
                     std::vector<std::string> classes, const ClassThresholds& thresholds,
                     int stride);

}  // namespace co2net
