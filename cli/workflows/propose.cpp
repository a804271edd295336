#include "cli/workflows/propose.h"

#include "pipeline/base/files.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"

namespace co2net {

namespace {

std::int64_t snippets_of(const Arrays& scores) {
  const auto cas = scores.find("cas");
  return cas == scores.end() || cas->second.shape.empty() ? 0 : cas->second.dim(0);
}

}  // namespace

int propose_segments(const FilesJob& job, const InputSource& inputs, Stats& stats,
                     const ResultReceiver& receiver, const Observer& observer) {
  const auto scores_chain = [&](const Input& input) {
    const std::string bytes = read_input(read_file, input.path);
    const Arrays scores = parse_npz(bytes, input.path.string());
    const std::int64_t snippets = snippets_of(scores);
    const Json info = read_video_info(input.path, job.bundle, snippets);
    return Chain{given_stage("scores", bytes, info)};
  };
  return find_segments(inputs, job, scores_chain, stats, receiver, observer);
}

}  // namespace co2net
