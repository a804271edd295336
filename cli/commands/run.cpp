#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/input_stream.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/result_sink.h"
#include "cli/workflows/segments.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_run_options(po::options_description& options) {
  add_model_option(options);
  add_only_option(options);
  add_result_options(options);
  add_recipe_options(options, false);
  add_compat_option(options);
  add_operating_point_option(options);
  add_extraction_options(options);
  add_checkpoint_option(options);
  add_cache_options(options);
  add_video_options(options);
}

int run_run(const po::variables_map& args, Io& io) {
  const std::vector<std::string> arguments = parse_arguments(args, "INPUT");
  const ResultOptions results = parse_result_options(args);
  const VideoOptions video = parse_video_options(args);
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  LocalizeVideosJob job = parse_localize_videos(args, video, cache.get());
  settle_operating_point(job.bundle, parse_operating_point(args));
  const bool at_once =
      arguments == std::vector<std::string>{"-"} && results.format == ResultFormat::kJsonLines;
  std::vector<Input> inputs;
  if (!at_once) inputs = parse_inputs(args, "INPUT", kVideoSuffixes, video, io.in);
  expect_no_input_at(results.output, inputs);

  ResultSink sink(results, summary(job.bundle), to_json(job.extraction.recipe), io);
  Progress progress(io.err, progress_mode(video.progress, io.err_is_terminal), inputs.size());
  return with_stats(video, [&](Stats& stats) {
    const int failed = localize_videos(
        job, at_once ? videos_from(io.in, video.nul_separated, video.shard) : source_of(inputs),
        stats, sink.receiver(), progress.observer());
    sink.finish();
    return failed;
  });
}

}  // namespace

const Command kRunCommand = {"run", add_run_options, run_run};

}  // namespace co2net
