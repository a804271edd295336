#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <deque>
#include <optional>
#include <set>
#include <sstream>

#include "cli/commands/extraction_options.h"
#include "cli/commands/proposing.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/result_sink.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/extraction.h"
#include "cli/workflows/stats.h"
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

  VideoResult run(const Input& input, const Observer& observer, Stats& stats) const {
    VideoJob job = make_job(input, settings_.video.each, cache_, observer);
    job.on_extracted = [&](const Features& features) {
      stats.add_extraction(input.id, to_json(features));
    };
    const ChainResult result = run_chain(chain(job), cache_, subject_of(input));
    stats.add(input.id, result.timings);
    if (settings_.video.each.strict) expect_whole(result.entry.info.at("video"));
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

// Inputs whose paths arrive on standard input, each as soon as it does; an id that was used before
// becomes the path.
class InputStream {
 public:
  InputStream(std::istream& in, bool nul_separated, const Shard& shard)
      : in_(in), nul_separated_(nul_separated), shard_(shard) {}

  // Throws Error(kUsage) if there is none at all.
  std::optional<Input> next() {
    while (pending_.empty()) {
      const auto named = next_path(in_, nul_separated_);
      if (!named) {
        if (!paths_.empty()) return std::nullopt;
        throw Error(ErrorKind::kUsage, "no input found: standard input names no files");
      }
      std::istringstream list(named->string());  // a line is a path, whatever it begins with
      for (const auto& path : expand_inputs({"-"}, kVideoSuffixes, list, true)) add(path);
    }
    Input input = std::move(pending_.front());
    pending_.pop_front();
    return input;
  }

 private:
  void add(const std::filesystem::path& path) {
    if (!paths_.insert(path).second) return;
    std::string id = id_of(path);
    if (!ids_.insert(id).second) id = path.string();
    ids_.insert(id);
    if (shard_.has(id)) pending_.push_back({path, id});
  }

  std::istream& in_;
  bool nul_separated_;
  Shard shard_;
  std::set<std::filesystem::path> paths_;
  std::set<std::string> ids_;
  std::deque<Input> pending_;
};

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
  const Observer observer = progress.observer();
  InputStream stream(io.in, settings.video.nul_separated, settings.video.shard);
  const int failed = for_each_input(
      at_once ? InputSource([&] { return stream.next(); }) : source_of(inputs),
      settings.video.fail_fast, observer,
      [&](const Input& input) { sink.add(localizer.run(input, observer, stats)); },
      [&](const VideoError& error) { sink.add(error); });
  sink.finish();
  stats.write(settings.video.stats);
  return failed > 0 ? 1 : 0;
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
  const std::vector<Input> inputs =
      parse_inputs(args, "VIDEO", kVideoSuffixes, settings.video, io.in);
  const int failed = for_each_input(
      source_of(inputs), settings.video.fail_fast, {},
      [&](const Input& input) {
        const Chain chain = localizer.chain(make_job(input, settings.video.each, cache.get(), {}));
        io.out << input.path.string() << "\n";
        for (const StageForecast& forecast : explain_chain(chain, *cache, subject_of(input))) {
          io.out << "  " << forecast.stage << std::string(14 - forecast.stage.size(), ' ')
                 << (forecast.runs ? "runs" : "skip") << "  " << forecast.reason << "\n";
        }
      },
      [](const VideoError&) {});
  return failed > 0 ? 1 : 0;
}

}  // namespace

const Command kRunCommand = {"run", add_run_options, run_run};
const Command kExplainCommand = {"explain", add_explain_options, run_explain};
}  // namespace co2net
