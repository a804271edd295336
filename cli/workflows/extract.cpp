#include "cli/workflows/extract.h"

#include "cli/workflows/extraction.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"

namespace co2net {

int extract(const ExtractJob& job, const InputSource& inputs, Stats& stats,
            const Observer& observer) {
  expect_writable(job.directory / "features");
  use_threads(job.extraction.threads);
  const std::unique_ptr<Extractor> extractor =
      make_extractor(job.bundle, job.extraction, job.cache);
  const EachInput each = each_of(job.each, job.fail_fast, job.shared ? job.cache : nullptr);
  const std::function<Delivery(const Input&)> work = [&](const Input& input) -> Delivery {
    const VideoJob video_job = make_job(input, job.each, job.cache, observer, &stats);
    const ChainResult result =
        run_chain(features_chain(*extractor, job.extraction, video_job, job.cache), job.cache,
                  subject_of(input));
    stats.add(input.id, result.timings);
    if (is_reused(result)) observer.on_reuse();
    Json video = result.entry.info.at("video");
    if (job.each.strict) expect_whole(video);
    video["path"] = input.path.string();
    write_with_sidecar(
        job.directory / (input.id + ".npy"), result.entry.bytes,
        features_sidecar(job.bundle, job.extraction.recipe, job.extraction.streams, video));
    return nullptr;
  };
  return for_each_input(inputs, each, observer, work);
}

}  // namespace co2net
