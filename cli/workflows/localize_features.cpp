#include "cli/workflows/localize_features.h"

#include "cli/workflows/wiring.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"
#include "pipeline/formats/npy.h"

namespace fs = std::filesystem;

namespace co2net {

Outcome localize_features(const LocalizeFeaturesJob& job, const InputSource& inputs,
                          const ResultReceiver& receiver) {
  use_threads(job.threads);
  const Bundle& bundle = job.files.bundle;
  const std::unique_ptr<LocalizerModel> localizer = make_localizer(bundle, job.device);
  const auto scores_chain = [&](const Input& input, Stats& stats) {
    const Array features = read_input(read_npy, input.path);
    expect_shape(features, {-1, bundle.feature_size}, input.path.string());
    const Json info = read_video_info(input.path, bundle, features.dim(0));
    Chain chain = {file_stage("features", input.path, info)};
    append_localization(chain, *localizer);
    if (job.scores.empty()) return chain;
    const fs::path file = job.scores / (input.id + ".npz");
    const ChainResult scores = run_chain(chain, job.files.cache, subject_of(input));
    stats.add(input.id, scores.timings);
    write_with_sidecar(file, scores.entry.bytes, scores_sidecar(bundle, info.at("video")));
    return Chain{file_stage("scores", file, info)};
  };
  return find_segments(inputs, job.files, scores_chain, receiver);
}

}  // namespace co2net
