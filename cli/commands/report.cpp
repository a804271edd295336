#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/through_inputs.h"
#include "cli/workflows/figures.h"
#include "cli/workflows/report.h"
#include "pipeline/base/error.h"
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
      ("scores", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
       "scores (<id>.npz) that localize saves: attention and class activation are shown below; "
       "repeatable, for those of several shares")  //
      ("compare", po::value<std::string>()->value_name("RESULTS"),
       "a second file of results, shown beside the first")  //
      ("copy-videos", po::bool_switch(),
       "copy the videos into the folder, so that it can be moved; otherwise the page links to "
       "where they are")  //
      ("transcode", po::bool_switch(),
       "of videos that browsers do not play, put a copy into the folder, as H.264 without sound")  //
      ("png", po::bool_switch(),
       "instead of a page, put a figure of each video into the folder, <id>.png: a film strip, "
       "ground truth, what was found, that of --compare, and attention from --scores")      //
      ("svg", po::bool_switch(), "the same figures as <id>.svg, to print, scale and edit")  //
      ("width", po::value<int>()->value_name("N"), "pixels of a PNG; default: 1600")        //
      ("id", po::value<std::vector<std::string>>()->value_name("ID")->composing(),
       "show this video alone; may be repeated");
  add_threads_option(options);
  add_limit_options(options);
  add_timeout_option(options);
  add_progress_option(options);
}

fs::path path_of(const po::variables_map& args, const std::string& option) {
  return optional_value<std::string>(args, option).value_or("");
}

ReportFiles parse_files(const po::variables_map& args) {
  const std::vector<std::string> results = parse_arguments(args, "RESULTS");
  return {.results = {results.begin(), results.end()},
          .compare = path_of(args, "compare"),
          .ground_truth = path_of(args, "ground-truth"),
          .scores = parse_paths(args, "scores"),
          .ids = optional_value<std::vector<std::string>>(args, "id")
                     .value_or(std::vector<std::string>())};
}

// Throws where an option was given that has no meaning.
void expect_no_switch(const po::variables_map& args, const std::string& name,
                      const std::string& why) {
  if (args[name].as<bool>()) throw Error(ErrorKind::kUsage, "--" + name + " " + why);
}

int parse_width(const po::variables_map& args, int by_default) {
  constexpr int kLeast = 100, kMost = 10000;
  const int width = optional_value<int>(args, "width").value_or(by_default);
  if (width >= kLeast && width <= kMost) return width;
  throw Error(ErrorKind::kUsage,
              "--width must be from " + std::to_string(kLeast) + " to " + std::to_string(kMost));
}

int draw_figures(const po::variables_map& args, const VideoOptions& options,
                 const Observer& observer) {
  for (const char* name : {"copy-videos", "transcode"}) {
    expect_no_switch(args, name, "has no meaning for figures");
  }
  FiguresJob job;
  job.png = args["png"].as<bool>();
  job.svg = args["svg"].as<bool>();
  if (!job.png) expect_none_of(args, {"width"}, "is that of --png");
  job.width = parse_width(args, job.width);
  job.files = parse_files(args);
  job.output = parse_directory(args);
  job.each = options.each;
  job.threads = options.threads;
  const FiguresOutcome outcome = write_figures(job, observer);
  spdlog::info("figures of {} videos in {}", outcome.written, job.output.string());
  return outcome.failed == 0 ? 0 : 1;
}

int write_page(const po::variables_map& args, const VideoOptions& options,
               const Observer& observer) {
  expect_none_of(args, {"width"}, "is that of --png");
  ReportJob job;
  job.files = parse_files(args);
  job.output = parse_directory(args);
  job.media.copy_videos = args["copy-videos"].as<bool>();
  job.media.transcode = args["transcode"].as<bool>();
  job.threads = options.threads;
  job.media.each = options.each;
  const std::size_t videos = write_report(job, observer);
  spdlog::info("{} videos; open {}", videos, (job.output / kResultsPageName).string());
  return 0;
}

int run_report(const po::variables_map& args, Io& io) {
  const VideoOptions options = parse_video_options(args);
  Progress progress(io.err, parse_progress(args, io));
  const bool is_drawn = args["png"].as<bool>() || args["svg"].as<bool>();
  const int code = (is_drawn ? draw_figures : write_page)(args, options, progress.observer());
  tell_failures(progress, io);
  return code;
}

}  // namespace

const Command kReportCommand = {"report", add_report_options, run_report};

}  // namespace co2net
