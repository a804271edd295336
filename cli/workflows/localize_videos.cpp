#include "cli/workflows/localize_videos.h"

#include "cli/workflows/extraction.h"
#include "cli/workflows/score_chains.h"

namespace co2net {
namespace {

// From a chain that ends with scores.
Chain segments_chain(Chain chain, const LocalizeVideosJob& job, const VideoJob& video) {
  append_proposals(chain, job.bundle, job.extraction.recipe, job.compat);
  limit_waits(chain, video.deadline);
  return chain;
}

}  // namespace

int localize_videos(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                    const ResultReceiver& receiver, const Observer& observer) {
  const ScoreChains chains(job);
  Bundle made_by = job.bundle;
  made_by.recipe = job.extraction.recipe;
  const auto chain_of = [&](const Input& input) {
    const VideoJob video = make_job(input, job.each, job.cache, observer, &stats);
    if (job.scores.empty()) return segments_chain(chains.chain(video), job, video);
    Chain chain = chains.chain(video);
    limit_waits(chain, video.deadline);
    const ChainResult scores = saved_scores(chain, job.scores, made_by, input, job.cache, stats);
    if (is_reused(scores)) observer.on_reuse();
    return segments_chain(chain_from(scores), job, video);
  };
  const EachInput each = each_of(job.each, job.fail_fast, job.shared ? job.cache : nullptr);
  return find_segments(inputs, {job.each.strict, each, job.cache}, chain_of, stats, receiver,
                       observer);
}

int explain_videos(
    const LocalizeVideosJob& job, const InputSource& inputs,
    const std::function<void(const Input&, const std::vector<StageForecast>&)>& on_forecast,
    const Observer& observer) {
  const ScoreChains chains(job);
  return for_each_input(inputs, job.fail_fast, observer, [&](const Input& input) {
    const VideoJob video = make_job(input, job.each, job.cache, {});
    const Chain chain = segments_chain(chains.chain(video), job, video);
    on_forecast(input, explain_chain(chain, *job.cache, subject_of(input)));
  });
}

}  // namespace co2net
