#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/extraction.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/wiring.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"

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
}

std::vector<Modality> parse_streams(const po::variables_map& args) {
  const auto streams = args["streams"].as<std::string>();
  if (streams == "rgb,flow" || streams == "flow,rgb") return {Modality::kRgb, Modality::kFlow};
  if (const auto stream = named<Modality>(streams)) return {*stream};
  throw Error(ErrorKind::kUsage, "--streams: '" + streams + "' is not one of rgb,flow, rgb, flow");
}

int run_extract(const po::variables_map& args, Io& io) {
  const std::filesystem::path directory = parse_directory(args);
  const VideoOptions video_options = parse_video_options(args);
  use_threads(video_options.threads);
  const std::vector<Input> inputs =
      parse_inputs(args, "INPUT", kVideoSuffixes, video_options, io.in);
  expect_writable(directory / "features");
  const std::vector<Modality> streams = parse_streams(args);
  std::vector<std::string> files;
  for (const Modality stream : streams) files.emplace_back(i3d_file(stream));
  const Bundle bundle = load_bundle(parse_model(args), files);
  ExtractionSettings settings =
      parse_extraction(args, parse_recipe(args, bundle.recipe), video_options.threads);
  settings.streams = streams;
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  const std::unique_ptr<Extractor> extractor = make_extractor(bundle, settings);

  Stats stats;
  Progress progress(io.err, progress_mode(video_options.progress, io.err_is_terminal),
                    inputs.size());
  const int failed = for_each_input(
      source_of(inputs), video_options.fail_fast, progress.observer(),
      [&](const Input& input) {
        VideoJob job = make_job(input, video_options.each, cache.get(), progress.observer());
        job.on_extracted = [&](const Features& features) {
          stats.add_extraction(input.id, to_json(features));
        };
        const ChainResult result = run_chain(features_chain(*extractor, settings, job, cache.get()),
                                             cache.get(), subject_of(input));
        stats.add(input.id, result.timings);
        Json video = result.entry.info.at("video");
        if (video_options.each.strict) expect_whole(video);
        video["path"] = input.path.string();
        write_with_sidecar(directory / (input.id + ".npy"), result.entry.bytes,
                           features_sidecar(bundle, settings.recipe, streams, video));
      },
      [](const VideoError&) {});
  stats.write(video_options.stats);
  return failed > 0 ? 1 : 0;
}

}  // namespace

const Command kExtractCommand = {"extract", add_extract_options, run_extract};

}  // namespace co2net
