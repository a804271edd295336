#include "cli/workflows/localize_videos.h"

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

// Makes each video's chain of stages, which share their networks; must outlive them.
class VideoChains {
 public:
  explicit VideoChains(const LocalizeVideosJob& job) : job_(job) {
    require_averaged_crops(job.extraction.recipe);
    warn_of_other_recipe(job.extraction.recipe, job.bundle.recipe);
    use_threads(job.extraction.threads);
    extractor_ = make_extractor(job.bundle, job.extraction);
    localizer_ = make_localizer(job.bundle, job.extraction.device);
  }

  Chain chain(const VideoJob& video) const {
    Chain chain = features_chain(*extractor_, job_.extraction, video, job_.cache);
    append_localization(chain, *localizer_);
    append_proposals(chain, job_.bundle, job_.extraction.recipe, job_.compat);
    limit_waits(chain, video.deadline);
    return chain;
  }

 private:
  const LocalizeVideosJob& job_;
  std::unique_ptr<Extractor> extractor_;
  std::unique_ptr<LocalizerModel> localizer_;
};

}  // namespace

int localize_videos(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                    const ResultReceiver& receiver, const Observer& observer) {
  const VideoChains chains(job);
  const auto chain_of = [&](const Input& input) {
    return chains.chain(make_job(input, job.each, job.cache, observer, &stats));
  };
  return find_segments(inputs, {job.each.strict, {.fail_fast = job.fail_fast}, job.cache}, chain_of,
                       stats, receiver, observer);
}

int explain_videos(
    const LocalizeVideosJob& job, const InputSource& inputs,
    const std::function<void(const Input&, const std::vector<StageForecast>&)>& on_forecast) {
  const VideoChains chains(job);
  return for_each_input(inputs, job.fail_fast, {}, [&](const Input& input) {
    const Chain chain = chains.chain(make_job(input, job.each, job.cache, {}));
    on_forecast(input, explain_chain(chain, *job.cache, subject_of(input)));
  });
}

}  // namespace co2net
