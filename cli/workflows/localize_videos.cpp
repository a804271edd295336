#include "cli/workflows/localize_videos.h"

#include "cli/workflows/extraction.h"
#include "cli/workflows/score_chains.h"

namespace co2net {
namespace {

Chain segments_chain(const ScoreChains& chains, const LocalizeVideosJob& job,
                     const VideoJob& video) {
  Chain chain = chains.chain(video);
  append_proposals(chain, job.bundle, job.extraction.recipe, job.compat);
  limit_waits(chain, video.deadline);
  return chain;
}

}  // namespace

int localize_videos(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                    const ResultReceiver& receiver, const Observer& observer) {
  const ScoreChains chains(job);
  const auto chain_of = [&](const Input& input) {
    return segments_chain(chains, job, make_job(input, job.each, job.cache, observer, &stats));
  };
  return find_segments(inputs, {job.each.strict, {.fail_fast = job.fail_fast}, job.cache}, chain_of,
                       stats, receiver, observer);
}

int explain_videos(
    const LocalizeVideosJob& job, const InputSource& inputs,
    const std::function<void(const Input&, const std::vector<StageForecast>&)>& on_forecast) {
  const ScoreChains chains(job);
  return for_each_input(inputs, job.fail_fast, {}, [&](const Input& input) {
    const Chain chain = segments_chain(chains, job, make_job(input, job.each, job.cache, {}));
    on_forecast(input, explain_chain(chain, *job.cache, subject_of(input)));
  });
}

}  // namespace co2net
