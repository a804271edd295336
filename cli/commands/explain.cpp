#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "cli/through_inputs.h"
#include "cli/workflows/segments.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_explain_options(po::options_description& options) {
  add_model_option(options);
  add_only_option(options);
  add_recipe_options(options, false);
  add_compat_option(options);
  add_operating_point_option(options);
  add_extraction_options(options);
  add_cache_options(options);
  add_input_options(options);
  add_stream_option(options);
  add_spool_option(options);
  add_timeout_option(options);
}

int run_explain(const po::variables_map& args, Io& io) {
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  if (!cache) throw Error(ErrorKind::kUsage, "explain needs a cache; leave out --no-cache");
  const VideoOptions video = parse_video_options(args);
  LocalizeVideosJob job = parse_localize_videos(args, video, cache.get());
  settle_operating_point(job.bundle, parse_operating_point(args));
  const std::vector<Input> inputs = parse_inputs(args, "VIDEO", kVideoSuffixes, video, io.in).files;
  const auto print = [&](const Input& input, const std::vector<StageForecast>& forecasts) {
    io.out << printable(input.path.string()) << "\n";
    for (const StageForecast& forecast : forecasts) {
      io.out << "  " << forecast.stage << std::string(14 - forecast.stage.size(), ' ')
             << (forecast.runs ? "runs" : "skip") << "  " << printable(forecast.reason) << "\n";
    }
  };
  return through_inputs(video, io, [&](Stats&, const Observer& observer) {
    return explain_videos(job, source_of(inputs), print, observer);
  });
}

}  // namespace

const Command kExplainCommand = {"explain", add_explain_options, run_explain};

}  // namespace co2net
