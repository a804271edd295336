#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/through_inputs.h"
#include "cli/workflows/save_flow.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_flow_options(po::options_description& options) {
  add_directory_option(options);
  options.add_options()(
      "save", po::value<std::string>()->value_name("FORMAT")->default_value("mkv"),
      "mkv (lossless, u above v), jpg or png (a folder a video), flo (not quantised), color (a "
      "video to look at: direction as hue, length as saturation)")  //
      ("backend", po::value<std::string>()->value_name("NAME")->default_value("auto"),
       "auto, cpu, cuda, opencl (or cuda:N, opencl:N: a GPU, same flow), or opencv: OpenCV's own "
       "code for "
       "NVIDIA's GPUs");
  add_recipe_options(options, true);
  add_cache_options(options);
  add_video_options(options);
}

int run_flow(const po::variables_map& args, Io& io) {
  const VideoOptions video = parse_video_options(args);
  const std::vector<Input> inputs = parse_inputs(args, "INPUT", kVideoSuffixes, video, io.in).files;
  SaveFlowJob job;
  job.directory = parse_directory(args);
  job.format = parse_flow_format(args["save"].as<std::string>());
  job.recipe = parse_recipe(args, Recipe());
  job.backend = args["backend"].as<std::string>();
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  job.kernels = cache.get();
  job.threads = video.threads;
  job.each = video.each;
  job.fail_fast = video.fail_fast;
  return through_inputs(video, io, [&](Stats& stats, const Observer& observer) {
    return save_flow(job, inputs, stats, observer);
  });
}

}  // namespace

const Command kFlowCommand = {"flow", add_flow_options, run_flow};

}  // namespace co2net
