#include "cli/workflows/render.h"

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/through_inputs.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_render_options(po::options_description& options) {
  options.add_options()("results", po::value<std::string>()->value_name("RESULTS"),
                        "what was found, as 'run' writes it; without VIDEO, in the videos that it "
                        "names")  //
      ("output,o", po::value<std::string>()->value_name("DIR|FILE.mp4"),
       "where the copies go: a folder, or of one video a file")  //
      ("clips", po::value<std::string>()->value_name("DIR"),
       "cut each segment into a file of its own, in a folder a video, as it is stored: from the "
       "key frame before it on, as clips.csv tells")                                   //
      ("exact", po::bool_switch(), "cut clips to the frame, which encodes them anew")  //
      ("ground-truth", po::value<std::string>()->value_name("FILE|DIR"),
       "segments of the videos, drawn above what was found; as eval takes them")  //
      ("all", po::bool_switch(),
       "every distinct candidate, not only what a person can act on: the final segments");
  add_filter_options(options);
  add_video_options(options);
}

// A copy by name; empty where a folder is meant.
fs::path parse_copy(const std::string& output) {
  std::error_code unreachable;  // which is told when it is written
  if (lower_case(fs::path(output).extension().string()) != ".mp4" ||
      fs::is_directory(output, unreachable)) {
    return {};
  }
  return output;
}

void parse_places(const po::variables_map& args, RenderJob& job) {
  const auto output = optional_value<std::string>(args, "output").value_or("");
  job.copy = parse_copy(output);
  if (job.copy.empty()) {
    expect_no_video_name(output, "-o");
    job.copies = output;
  }
  job.clips = optional_value<std::string>(args, "clips").value_or("");
  expect_no_video_name(job.clips, "--clips");
  job.exact = args["exact"].as<bool>();
  if (output.empty() && job.clips.empty()) {
    throw Error(ErrorKind::kUsage, "no output: give -o DIR, or --clips DIR, or both");
  }
  if (job.exact && job.clips.empty()) {
    throw Error(ErrorKind::kUsage, "--exact has no meaning without --clips");
  }
}

int run_render(const po::variables_map& args, Io& io) {
  const VideoOptions video = parse_video_options(args);
  const fs::path results = required(args, "results", "results");
  RenderJob job;
  parse_places(args, job);
  job.found = read_input(read_predictions, results);
  job.only_final = !args["all"].as<bool>();
  job.filter = parse_filter(args);
  if (const auto truth = optional_value<std::string>(args, "ground-truth")) {
    job.truth = read_input(read_annotations, *truth);
  }
  job.threads = video.threads;
  job.each = video.each;
  job.fail_fast = video.fail_fast;
  if (args.count("input") == 0 && job.found.empty()) {
    throw Error(ErrorKind::kUsage, "no input found: " + results.string() + " names no videos");
  }
  const std::vector<Input> inputs =
      (args.count("input") > 0 ? parse_inputs(args, "VIDEO", kVideoSuffixes, video, io.in)
                               : shared_out(named_videos(job.found, results), video))
          .files;
  if (!job.copy.empty() && inputs.size() != 1) {
    throw Error(ErrorKind::kUsage, "-o: " + job.copy.string() + " is a file, and there are " +
                                       std::to_string(inputs.size()) + " videos; name a folder");
  }
  return through_inputs(video, io, [&](Stats& stats, const Observer& observer) {
    return render(job, inputs, stats, observer);
  });
}

}  // namespace

const Command kRenderCommand = {"render", add_render_options, run_render};

}  // namespace co2net
