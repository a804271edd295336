#include "cli/workflows/propose.h"

#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"

namespace co2net {

Outcome propose_segments(const FilesJob& job, const InputSource& inputs,
                         const ResultReceiver& receiver) {
  const auto scores_chain = [&](const Input& input, Stats&) {
    const Arrays scores = read_input(read_npz, input.path);
    const std::int64_t snippets = scores.count("attn") > 0 ? scores.at("attn").dim(0) : 0;
    const Json info = read_video_info(input.path, job.bundle, snippets);
    return Chain{file_stage("scores", input.path, info)};
  };
  return find_segments(inputs, job, scores_chain, receiver);
}

}  // namespace co2net
