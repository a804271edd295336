#include <boost/program_options.hpp>

#include "cli/commands/proposing.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

int run_propose(const po::variables_map& args, Io& io) {
  FileBatch batch(args, io, "SCORES", ".npz", {});
  return batch.run(io, [&](const Input& input) {
    const Arrays scores = read_input(read_npz, input.path);
    const std::int64_t snippets = scores.count("attn") > 0 ? scores.at("attn").dim(0) : 0;
    const Json info = read_video_info(input.path, batch.bundle, snippets);
    return Chain{file_stage("scores", input.path, info)};
  });
}

}  // namespace

const Command kProposeCommand = {"propose", add_file_batch_options, run_propose};

}  // namespace co2net
