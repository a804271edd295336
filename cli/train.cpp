#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <optional>

#include "cli/benchmark.h"
#include "cli/options.h"
#include "cli/training.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_train_options(po::options_description& options) {
  add_benchmark_options(options);
  options.add_options()("extractor", po::value<std::string>()->value_name("BUNDLE"),
                        "bundle whose I3D made the features; its networks go into the new bundle, "
                        "so that 'co2net run' takes it");
  add_training_options(options);
  add_directory_option(options);
  options.add_options()("name", po::value<std::string>()->value_name("NAME"),
                        "the bundle's name (default: co2net-<preset>)");
}

// The paper's figures mean nothing beside those of other data with the same settings.
bool is_published_dataset(const TrainingData& data, const std::string& preset) {
  return data.classes.size() == (preset == "activitynet1.2" ? 100 : 20);
}

void print_figures(const TrainingData& data, const TrainingSettings& settings,
                   const TrainingResult& result, std::ostream& out) {
  if (!data.held_out.empty() && settings.select == "heldout") {
    out << "classification mAP " << percent(result.best.score) << " on " << data.held_out.size()
        << " held-out videos, iteration " << result.best_iteration << "\n";
  }
  if (data.test.empty()) return;
  const Evaluation evaluation = evaluate_trained(data, settings);
  out << "mAP of segments on " << data.test.size() << " videos of the subset " << data.test_subset
      << ", protocol co2net\n"
      << to_table(evaluation, {.beside = is_published_dataset(data, settings.preset)
                                             ? &published_figures(settings.preset)
                                             : nullptr});
}

int run_train(const po::variables_map& args, Io& io) {
  TrainingSettings settings = parse_training(args);
  settings.directory = parse_directory(args);
  TrainingData data = read_benchmark(args, settings);
  hold_out(data, settings);
  std::optional<Bundle> extractor;
  if (args.count("extractor") > 0) {
    extractor = load_bundle(args["extractor"].as<std::string>(), {kI3dRgbFile, kI3dFlowFile});
  }
  Bundle bundle;
  bundle.name =
      args.count("name") > 0 ? args["name"].as<std::string>() : "co2net-" + settings.preset;
  bundle.recipe = features_recipe(args, data, extractor);
  spdlog::info("{} training videos, {} held out, {} test videos, {} classes", data.training.size(),
               data.held_out.size(), data.test.size(), data.classes.size());
  Progress progress(io.err, progress_mode(args["progress"].as<std::string>(), io.err_is_terminal),
                    1);
  const TrainingResult result = train_bundle(data, settings, bundle, extractor, progress);
  print_figures(data, settings, result, io.out);
  return 0;
}

}  // namespace

const Command kTrainCommand = {"train", "--features DIR|FILE.npy --annotations FILE|DIR -o DIR",
                               "learn to localize actions from video-level labels",
                               add_train_options, run_train};

}  // namespace co2net
