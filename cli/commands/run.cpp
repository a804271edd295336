#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <set>
#include <sstream>

#include "cli/commands/extraction.h"
#include "cli/commands/proposing.h"
#include "cli/options.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/wiring.h"
#include "pipeline/devices/threads.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

struct RunSettings {
  ExtractionSettings extraction;
  VideoOptions video;
  Compat compat = Compat::kAuthors;
};

void warn_of_other_recipe(const Recipe& used, const Recipe& learned) {
  if (same_features(used, learned)) return;
  for (const std::string& difference : json_differences(to_json(learned), to_json(used))) {
    if (!difference.starts_with("name ")) {
      spdlog::warn("the model learned from another recipe: {}", difference);
    }
  }
}

// One video's chain of stages and the model that they share.
class VideoLocalizer {
 public:
  VideoLocalizer(const Bundle& bundle, const RunSettings& settings, DiskCache* cache)
      : bundle_(bundle),
        settings_(settings),
        cache_(cache),
        extractor_(make_extractor(bundle, settings.extraction)),
        localizer_(make_localizer(bundle, settings.extraction.device)) {}

  Chain chain(const VideoJob& job) const {
    Chain chain = features_chain(*extractor_, settings_.extraction, job, cache_);
    append_localization(chain, *localizer_);
    append_proposals(chain, bundle_, settings_.extraction.recipe, settings_.compat);
    return chain;
  }

  VideoResult run(const Input& input, Progress& progress, Stats& stats) const {
    VideoJob job = make_job(input, settings_.video, cache_, progress);
    job.on_extracted = [&](const Features& features) {
      stats.add_extraction(input.id, to_json(features));
    };
    const ChainResult result = run_chain(chain(job), cache_, subject_of(input));
    stats.add(input.id, result.timings);
    check_strict(settings_.video, result.entry.info.at("video"));
    return video_result(input, result.entry);
  }

 private:
  const Bundle& bundle_;
  const RunSettings& settings_;
  DiskCache* cache_;
  std::unique_ptr<Extractor> extractor_;
  std::unique_ptr<LocalizerModel> localizer_;
};

void add_run_options(po::options_description& options) {
  add_model_option(options);
  add_result_options(options);
  add_recipe_options(options, false);
  add_compat_option(options);
  add_extraction_options(options);
  add_checkpoint_option(options);
  add_cache_options(options);
  add_video_options(options);
}

Bundle load_whole_bundle(const po::variables_map& args) {
  return load_bundle(parse_model(args), {kI3dRgbFile, kI3dFlowFile, kCo2NetFile});
}

RunSettings parse_run_settings(const po::variables_map& args, const Bundle& bundle) {
  RunSettings settings;
  settings.video = parse_video_options(args);
  const Recipe recipe = parse_recipe(args, bundle.recipe);
  require_averaged_crops(recipe);
  warn_of_other_recipe(recipe, bundle.recipe);
  settings.extraction = parse_extraction(args, recipe, settings.video.threads);
  settings.compat = parse_compat(args);
  return settings;
}

// Paths that arrive on standard input are worked on at once; an id that was used before becomes
// the path.
int run_stream(Io& io, const RunSettings& settings, Progress& progress,
               const std::function<void(const Input&)>& work,
               const std::function<void(const VideoError&)>& on_error) {
  int code = 0;
  bool any = false;
  std::set<std::filesystem::path> seen;
  std::set<std::string> ids;
  while (const auto named = next_path(io.in, settings.video.nul_separated)) {
    std::istringstream list(named->string());  // a line is a path, whatever it begins with
    for (const auto& path : expand_inputs({"-"}, kVideoSuffixes, list, true)) {
      any = true;
      if (!seen.insert(path).second) continue;
      std::string id = id_of(path);
      if (!ids.insert(id).second) id = path.string();
      ids.insert(id);
      if (!settings.video.shard.has(id)) continue;
      code = std::max(
          code, for_each_input({{path, id}}, settings.video.fail_fast, progress, work, on_error));
      if (code != 0 && settings.video.fail_fast) return code;
    }
  }
  if (!any) throw Error(ErrorKind::kUsage, "no input found: standard input names no files");
  return code;
}

int run_run(const po::variables_map& args, Io& io) {
  const std::vector<std::string> arguments = parse_arguments(args, "INPUT");
  const ResultOptions result_options = parse_result_options(args);
  const Bundle bundle = load_whole_bundle(args);
  const RunSettings settings = parse_run_settings(args, bundle);
  use_threads(settings.video.threads);
  const bool at_once =
      arguments == std::vector<std::string>{"-"} && result_options.format == "jsonl";
  std::vector<Input> inputs;
  if (!at_once) inputs = parse_inputs(args, "INPUT", kVideoSuffixes, settings.video, io.in);

  expect_no_input_at(result_options.output, inputs);
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  const VideoLocalizer localizer(bundle, settings, cache.get());
  ResultSink sink(result_options, summary(bundle), to_json(settings.extraction.recipe), io.out);
  Stats stats;
  Progress progress(io.err, progress_mode(settings.video.progress, io.err_is_terminal),
                    inputs.size());
  const auto work = [&](const Input& input) { sink.add(localizer.run(input, progress, stats)); };
  const auto on_error = [&](const VideoError& error) { sink.add(error); };
  const int code = at_once
                       ? run_stream(io, settings, progress, work, on_error)
                       : for_each_input(inputs, settings.video.fail_fast, progress, work, on_error);
  sink.finish();
  stats.write(settings.video.stats);
  return code;
}

void add_explain_options(po::options_description& options) {
  add_model_option(options);
  add_recipe_options(options, false);
  add_compat_option(options);
  add_extraction_options(options);
  add_cache_options(options);
  add_input_options(options);
  add_stream_option(options);
}

int run_explain(const po::variables_map& args, Io& io) {
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  if (!cache) throw Error(ErrorKind::kUsage, "explain needs a cache; leave out --no-cache");
  const Bundle bundle = load_whole_bundle(args);
  const RunSettings settings = parse_run_settings(args, bundle);
  const VideoLocalizer localizer(bundle, settings, cache.get());
  Progress progress(io.err, Progress::Mode::kOff, 0);
  const std::vector<Input> inputs =
      parse_inputs(args, "VIDEO", kVideoSuffixes, settings.video, io.in);
  return for_each_input(
      inputs, settings.video.fail_fast, progress,
      [&](const Input& input) {
        const Chain chain = localizer.chain(make_job(input, settings.video, cache.get(), progress));
        io.out << input.path.string() << "\n";
        for (const StageForecast& forecast : explain_chain(chain, *cache, subject_of(input))) {
          io.out << "  " << forecast.stage << std::string(14 - forecast.stage.size(), ' ')
                 << (forecast.runs ? "runs" : "skip") << "  " << forecast.reason << "\n";
        }
      },
      [](const VideoError&) {});
}

}  // namespace

const Command kRunCommand = {"run", add_run_options, run_run};
const Command kExplainCommand = {"explain", add_explain_options, run_explain};
}  // namespace co2net
