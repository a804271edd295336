#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <optional>

#include "cli/commands/benchmark.h"
#include "cli/commands/train_videos.h"
#include "cli/options.h"
#include "cli/workflows/training.h"
#include "pipeline/base/error.h"
#include "pipeline/devices/threads.h"
#include "postprocess/evaluation_table.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

po::options_description features_form() {
  po::options_description options("To learn from features", 100, 50);
  add_benchmark_options(options);
  return options;
}

void add_train_options(po::options_description& options) {
  options.add_options()("extractor", po::value<std::string>()->value_name("BUNDLE"),
                        "bundle whose I3D makes the features, or made them; its networks go into "
                        "the new bundle, so that 'co2net run' takes it")  //
      ("recipe", po::value<std::string>()->value_name("NAME"),
       "how features are made of videos, instead of the extractor's recipe; or how they were made, "
       "where neither a sidecar nor the extractor says it");
  add_training_options(options);
  add_directory_option(options);
  options.add_options()("name", po::value<std::string>()->value_name("NAME"),
                        "the bundle's name (default: co2net-<preset>, or own-actions)");
  options.add(features_form());
  options.add(videos_form());
}

// Options of one form say nothing to the other.
void expect_none_of(const po::options_description& other, const po::variables_map& args,
                    const std::string& form) {
  for (const auto& option : other.options()) {
    const std::string& name = option->long_name();
    if (args.count(name) == 0 || args[name].defaulted()) continue;
    throw Error(ErrorKind::kUsage,
                "--" + name + " has no meaning with --" + form +
                    ": learn either from features (--features, --annotations) or from videos "
                    "(--videos, --labels, --extractor)");
  }
}

// The paper's figures mean nothing beside those of other data with the same settings.
bool is_published_dataset(const TrainingData& data, const std::string& preset) {
  return data.classes.size() == (preset == "activitynet1.2" ? 100 : 20);
}

void print_figures(const TrainingData& data, const TrainingSettings& settings,
                   const TrainingResult& result, std::ostream& out) {
  if (!data.held_out.empty() && settings.select == "heldout") {
    out << held_out_figure(data, result);
  }
  if (data.test.empty()) return;
  const Evaluation evaluation = evaluate_trained(data, settings);
  out << "mAP of segments on " << data.test.size() << " videos of the subset " << data.test_subset
      << ", protocol co2net\n"
      << to_table(evaluation, {.beside = is_published_dataset(data, settings.preset)
                                             ? &published_figures(settings.preset)
                                             : nullptr});
}

int train_from_features(const po::variables_map& args, Io& io) {
  TrainingSettings settings = parse_training(args);
  settings.directory = parse_directory(args);
  use_threads(settings.threads);
  TrainingData data = read_benchmark(args, settings);
  std::optional<Bundle> extractor;
  if (args.count("extractor") > 0) {
    extractor = load_bundle(args["extractor"].as<std::string>(), {kI3dRgbFile, kI3dFlowFile});
  }
  Bundle bundle;
  bundle.name =
      args.count("name") > 0 ? args["name"].as<std::string>() : "co2net-" + settings.preset;
  bundle.recipe = features_recipe(args, data, extractor);
  hold_out(data, settings);
  spdlog::info("{} training videos, {} held out, {} test videos, {} classes", data.training.size(),
               data.held_out.size(), data.test.size(), data.classes.size());
  Progress progress(io.err, progress_mode(args["progress"].as<std::string>(), io.err_is_terminal),
                    1);
  const TrainingResult result = train_bundle(data, settings, bundle, extractor, progress);
  print_figures(data, settings, result, io.out);
  return 0;
}

int run_train(const po::variables_map& args, Io& io) {
  if (args.count("videos") > 0) {
    expect_none_of(features_form(), args, "videos");
    return train_from_videos(args, io);
  }
  if (args.count("features") == 0) {
    throw Error(ErrorKind::kUsage,
                "nothing to learn from: give --features and --annotations, or --videos, --labels "
                "and --extractor");
  }
  expect_none_of(videos_form(), args, "features");
  return train_from_features(args, io);
}

}  // namespace

const Command kTrainCommand = {"train", add_train_options, run_train};

}  // namespace co2net
