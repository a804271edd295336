#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/report.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "postprocess/report/pages.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_report_options(po::options_description& options) {
  add_directory_option(options);
  options.add_options()(
      "ground-truth", po::value<std::string>()->value_name("FILE|DIR"),
      "segments of the videos, shown above what was found; as eval takes them")  //
      ("scores", po::value<std::string>()->value_name("DIR"),
       "scores (<id>.npz) that localize saves: attention and class activation are shown below")  //
      ("compare", po::value<std::string>()->value_name("RESULTS"),
       "a second file of results, shown beside the first")  //
      ("copy-videos", po::bool_switch(),
       "copy the videos into the folder, so that it can be moved; otherwise the page links to "
       "where they are")  //
      ("transcode", po::bool_switch(),
       "of videos that browsers do not play, put a copy into the folder, as H.264 without sound");
  add_threads_option(options);
  add_limit_options(options);
  add_timeout_option(options);
  add_progress_option(options);
}

fs::path path_of(const po::variables_map& args, const std::string& option) {
  return optional_value<std::string>(args, option).value_or("");
}

fs::path parse_results(const po::variables_map& args) {
  const std::vector<std::string> files = parse_arguments(args, "RESULTS");
  if (files.size() == 1) return files.front();
  throw Error(ErrorKind::kUsage, "one file of results at a time, not " + joined(files) +
                                     "; a second one goes to --compare");
}

int run_report(const po::variables_map& args, Io& io) {
  const VideoOptions options = parse_video_options(args);
  ReportJob job;
  job.results = parse_results(args);
  job.compare = path_of(args, "compare");
  job.ground_truth = path_of(args, "ground-truth");
  job.scores = path_of(args, "scores");
  job.output = parse_directory(args);
  job.media.copy_videos = args["copy-videos"].as<bool>();
  job.media.transcode = args["transcode"].as<bool>();
  job.threads = options.threads;
  job.media.each = options.each;
  Progress progress(io.err, parse_progress(args, io));
  const std::size_t videos = write_report(job, progress.observer());
  spdlog::info("{} videos; open {}", videos, (job.output / kResultsPageName).string());
  return 0;
}

}  // namespace

const Command kReportCommand = {"report", add_report_options, run_report};

}  // namespace co2net
