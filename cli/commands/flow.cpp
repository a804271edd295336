#include <boost/program_options.hpp>
#include <chrono>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/stats.h"
#include "extractors/extractor.h"
#include "extractors/flow/flow_codec.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_flow_options(po::options_description& options) {
  add_directory_option(options);
  options.add_options()(
      "save", po::value<std::string>()->value_name("FORMAT")->default_value("mkv"),
      "mkv (lossless, u above v), jpg or png (a folder a video), flo (not quantised)")  //
      ("backend", po::value<std::string>()->value_name("NAME")->default_value("auto"),
       "auto, cpu, opencl or cuda");
  add_recipe_options(options, true);
  add_video_options(options);
}

bool is_flow(const std::string& name) { return name.starts_with("flow"); }

int run_flow(const po::variables_map& args, Io& io) {
  const VideoOptions options = parse_video_options(args);
  use_threads(options.threads);
  const std::vector<Input> inputs = parse_inputs(args, "INPUT", kVideoSuffixes, options, io.in);
  const fs::path directory = parse_directory(args);
  expect_writable(directory / "flow");
  const FlowFormat format = parse_flow_format(args["save"].as<std::string>());
  const Recipe recipe = parse_recipe(args, Recipe());
  const FlowBackend backend =
      choose_flow_backend(args["backend"].as<std::string>(), recipe.flow, /*gpu=*/0);
  Progress progress(io.err, progress_mode(options.progress, io.err_is_terminal), inputs.size());
  Stats stats;
  const int failed = for_each_input(
      source_of(inputs), options.fail_fast, progress.observer(),
      [&](const Input& input) {
        VideoJob job;
        job.path = input.path;
        job.stream = options.each.stream;
        job.deadline = options.each.deadline();
        job.on_progress = [&](std::int64_t done, std::int64_t expected) {
          progress.update("frames", done, expected);
        };
        const fs::path folder = directory / input.id, file = folder.string() + ".mkv";
        const auto save = [&](const fs::path& temporary) {
          const Json video = save_flow(job, recipe, backend, options.threads, format, temporary);
          if (options.each.strict) expect_whole(video);
        };
        const auto start = std::chrono::steady_clock::now();
        if (format == FlowFormat::kMkv) {
          expect_no_input_at(file, inputs);
          write_file_with(file, save);
        } else {
          expect_only_in(folder, is_flow);
          write_folder_with(folder, save);
        }
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        stats.add(input.id, {{"flow", StageTiming{.seconds = elapsed.count()}}});
      },
      [](const VideoError&) {});
  stats.write(options.stats);
  return failed > 0 ? 1 : 0;
}

}  // namespace

const Command kFlowCommand = {"flow", add_flow_options, run_flow};

}  // namespace co2net
