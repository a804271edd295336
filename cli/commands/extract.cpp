#include "cli/workflows/extract.h"

#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "cli/through_inputs.h"
#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_extract_options(po::options_description& options) {
  add_model_option(options);
  add_directory_option(options);
  options.add_options()("streams",
                        po::value<std::string>()->value_name("LIST")->default_value("rgb,flow"),
                        "rgb,flow or one of them");
  add_recipe_options(options, true);
  add_extraction_options(options);
  add_checkpoint_option(options);
  add_cache_options(options);
  add_video_options(options);
  add_share_option(options);
}

std::vector<Modality> parse_streams(const po::variables_map& args) {
  const auto streams = args["streams"].as<std::string>();
  if (streams == "rgb,flow" || streams == "flow,rgb") return {Modality::kRgb, Modality::kFlow};
  if (const auto stream = named<Modality>(streams)) return {*stream};
  throw Error(ErrorKind::kUsage, "--streams: " + not_one_of(streams, {"rgb,flow", "rgb", "flow"}));
}

ExtractJob parse_job(const po::variables_map& args, const VideoOptions& video, DiskCache* cache) {
  ExtractJob job;
  job.directory = parse_directory(args);
  const std::vector<Modality> streams = parse_streams(args);
  std::vector<std::string> files;
  for (const Modality stream : streams) files.emplace_back(i3d_file(stream));
  job.bundle = load_bundle(parse_model(args), files);
  warn_of_unknown_code(job.bundle, cache);
  job.extraction = parse_extraction(args, parse_recipe(args, job.bundle.recipe), video.threads);
  job.extraction.streams = streams;
  job.each = video.each;
  job.fail_fast = video.fail_fast;
  job.cache = cache;
  job.shared = video.share;
  return job;
}

int run_extract(const po::variables_map& args, Io& io) {
  const VideoOptions video = parse_video_options(args);
  const std::vector<Input> inputs = parse_inputs(args, "INPUT", kVideoSuffixes, video, io.in).files;
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  const ExtractJob job = parse_job(args, video, cache.get());
  return through_inputs(video, io, [&](Stats& stats, const Observer& observer) {
    return extract(job, source_of(inputs), stats, observer);
  });
}

}  // namespace

const Command kExtractCommand = {"extract", add_extract_options, run_extract};

}  // namespace co2net
