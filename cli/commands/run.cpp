#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/input_stream.h"
#include "cli/options.h"
#include "cli/result_sink.h"
#include "cli/through_inputs.h"
#include "cli/workflows/report.h"
#include "cli/workflows/segments.h"
#include "pipeline/base/error.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

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
  add_share_option(options);
  add_save_scores_option(options);
  options.add_options()("report", po::value<std::string>()->value_name("DIR"),
                        "also write a page that shows what was found, as 'co2net report' does");
}

// Where the page goes; empty: nowhere.
fs::path parse_report(const po::variables_map& args, const ResultOptions& results) {
  fs::path folder = optional_value<std::string>(args, "report").value_or("");
  if (folder.empty()) return folder;
  expect_no_video_name(folder, "--report");
  const bool names_videos =
      results.format == ResultFormat::kActivityNet || results.format == ResultFormat::kJsonLines;
  if (results.output.empty() || !names_videos) {
    throw Error(ErrorKind::kUsage,
                "--report is made of a file of results that names the videos: give -o FILE, with "
                "--format activitynet or jsonl");
  }
  expect_report_place(folder);
  return folder;
}

void write_report_of(const fs::path& results, const fs::path& folder, const fs::path& scores,
                     const VideoOptions& video, const Observer& observer) {
  ReportJob job;
  job.files.results = {results};
  if (!scores.empty()) job.files.scores = {scores};
  job.output = folder;
  job.threads = video.threads;
  job.media.each = video.each;
  write_report(job, observer);
}

int run_run(const po::variables_map& args, Io& io) {
  const std::vector<std::string> arguments = parse_arguments(args, "INPUT");
  const ResultOptions results = parse_result_options(args);
  const fs::path report = parse_report(args, results);
  const VideoOptions video = parse_video_options(args);
  if (video.share) {
    expect_none_of(
        args, {"report"},
        "would be written by several processes at once; with --share make it in the end, "
        "by 'co2net report'");
  }
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  LocalizeVideosJob job = parse_localize_videos(args, video, cache.get());
  expect_made_by(job.bundle, results);
  settle_operating_point(job.bundle, parse_operating_point(args));
  job.scores = parse_save_scores(args);
  const bool at_once =
      arguments == std::vector<std::string>{"-"} && results.format == ResultFormat::kJsonLines;
  ShardedInputs inputs;
  if (!at_once) inputs = parse_inputs(args, "INPUT", kVideoSuffixes, video, io.in);
  expect_no_input_at(results.output, inputs.files);

  ResultHeader header = {summary(job.bundle), to_json(job.extraction.recipe),
                         changes_to_results(args, job.bundle), inputs.shard};
  if (video.share) header.order = ids_of(inputs.files);
  ResultSink sink(results, std::move(header), io);
  const auto work = [&](Stats& stats, const Observer& observer) {
    const int failed = localize_videos(
        job,
        at_once ? videos_from(io.in, video.nul_separated, video.shard) : source_of(inputs.files),
        stats, sink.receiver(), observer);
    sink.finish();
    if (!report.empty()) write_report_of(results.output, report, job.scores, video, observer);
    return failed;
  };
  return through_inputs(video, io, work, errors_in(results));
}

}  // namespace

const Command kRunCommand = {"run", add_run_options, run_run};

}  // namespace co2net
