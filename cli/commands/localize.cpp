#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/commands/proposing.h"
#include "cli/options.h"
#include "cli/workflows/wiring.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"
#include "pipeline/formats/npy.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_localize_options(po::options_description& options) {
  add_file_batch_options(options);
  add_threads_option(options);
  add_device_option(options);
  options.add_options()(
      "save-scores", po::value<std::string>()->value_name("DIR"),
      "also write each video's cas and attention (.npz, with a .npz.json beside it)");
}

int run_localize(const po::variables_map& args, Io& io) {
  FileBatch batch(args, io, "FEATURES", ".npy", {kCo2NetFile});
  use_threads(batch.options.threads);
  const std::unique_ptr<LocalizerModel> localizer =
      make_localizer(batch.bundle, parse_device(args));
  return batch.run(io, [&](const Input& input) {
    const Array features = read_input(read_npy, input.path);
    expect_shape(features, {-1, batch.bundle.feature_size}, input.path.string());
    const Json info = read_video_info(input.path, batch.bundle, features.dim(0));
    Chain chain = {file_stage("features", input.path, info)};
    append_localization(chain, *localizer);
    if (args.count("save-scores") == 0) return chain;
    const fs::path file = fs::path(args["save-scores"].as<std::string>()) / (input.id + ".npz");
    const ChainResult scores = run_chain(chain, batch.cache.get(), subject_of(input));
    batch.stats.add(input.id, scores.timings);
    write_with_sidecar(file, scores.entry.bytes, scores_sidecar(batch.bundle, info.at("video")));
    return Chain{file_stage("scores", file, info)};
  });
}

}  // namespace

const Command kLocalizeCommand = {"localize", add_localize_options, run_localize};

}  // namespace co2net
