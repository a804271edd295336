#include <boost/program_options.hpp>

#include "cli/batch.h"
#include "cli/features_file.h"
#include "cli/options.h"
#include "cli/wiring.h"
#include "pipeline/error.h"
#include "pipeline/files.h"
#include "pipeline/npy.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

// What localize and propose share: each input file is where a video's chain starts.
struct FileBatch {
  FileBatch(const po::variables_map& args, Io& io, const std::string& what,
            const std::string& suffix, const std::vector<std::string>& bundle_files)
      : options(parse_video_options(args)),
        inputs(parse_inputs(args, what, {suffix}, options, io.in)),
        result_options(parse_result_options(args)),
        compat(parse_compat(args)),
        bundle(load_bundle(parse_model(args), bundle_files)),
        cache(parse_cache(args)),
        progress(io.err, Progress::Mode::kOff, inputs.size()) {}

  // `scores_chain` makes an input's chain up to its scores; proposals follow.
  int run(Io& io, const std::function<Chain(const Input&)>& scores_chain) {
    expect_no_input_at(result_options.output, inputs);
    ResultSink sink(result_options, summary(bundle), to_json(bundle.recipe), io.out);
    const int code = for_each_input(
        inputs, options.fail_fast, progress,
        [&](const Input& input) {
          Chain chain = scores_chain(input);
          append_proposals(chain, bundle, bundle.recipe, compat);
          const ChainResult result = run_chain(chain, cache.get(), subject_of(input));
          stats.add(input.id, result.timings);
          check_strict(options, result.entry.info.at("video"));
          sink.add(video_result(input, result.entry));
        },
        [&](const VideoError& error) { sink.add(error); });
    sink.finish();
    stats.write(options.stats);
    return code;
  }

  VideoOptions options;
  std::vector<Input> inputs;
  ResultOptions result_options;
  Compat compat;
  Bundle bundle;
  std::unique_ptr<DiskCache> cache;
  Progress progress;
  Stats stats;
};

void add_common_options(po::options_description& options) {
  add_model_option(options);
  add_result_options(options);
  add_compat_option(options);
  add_cache_options(options);
  add_input_options(options);
  add_work_options(options);
}

void add_localize_options(po::options_description& options) {
  add_common_options(options);
  add_device_option(options);
  options.add_options()(
      "save-scores", po::value<std::string>()->value_name("DIR"),
      "also write each video's cas and attention (.npz, with a .npz.json beside it)");
}

int run_localize(const po::variables_map& args, Io& io) {
  FileBatch batch(args, io, "FEATURES", ".npy", {kCo2NetFile});
  const std::string device = parse_device(args);
  const std::unique_ptr<LocalizerModel> localizer = make_localizer(batch.bundle, device);
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

const Command kLocalizeCommand = {"localize", "FEATURES.npy... --model DIR",
                                  "snippet features to segments", add_localize_options,
                                  run_localize};
const Command kProposeCommand = {"propose", "SCORES.npz... --model DIR",
                                 "scores, as 'localize --save-scores' writes them, to segments",
                                 add_common_options, run_propose};

}  // namespace co2net
