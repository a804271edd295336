#include "cli/workflows/score_chains.h"

#include <spdlog/spdlog.h>

#include "cli/workflows/extraction.h"
#include "pipeline/devices/threads.h"

namespace co2net {
namespace {

void warn_of_other_recipe(const Recipe& used, const Recipe& learned) {
  if (same_features(used, learned)) return;
  for (const std::string& difference : json_differences(to_json(learned), to_json(used))) {
    if (!difference.starts_with("name ")) {
      spdlog::warn("the model learned from another recipe: {}", difference);
    }
  }
}

}  // namespace

ScoreChains::ScoreChains(const LocalizeVideosJob& job) : job_(job) {
  require_averaged_crops(job.extraction.recipe);
  warn_of_other_recipe(job.extraction.recipe, job.bundle.recipe);
  use_threads(job.extraction.threads);
  extractor_ = make_extractor(job.bundle, job.extraction, job.cache);
  localizer_ = make_localizer(job.bundle, job.extraction.device);
}

Chain ScoreChains::chain(const VideoJob& video) const {
  Chain chain = features_chain(*extractor_, job_.extraction, video, job_.cache);
  append_localization(chain, localizer_);
  limit_waits(chain, video.deadline);
  return chain;
}

}  // namespace co2net
