#include "cli/commands/training_options.h"

#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "pipeline/base/error.h"

namespace po = boost::program_options;

namespace co2net {
void add_training_options(po::options_description& options, const char* device_help) {
  options.add_options()("preset",
                        po::value<std::string>()->value_name("NAME")->default_value("thumos14"),
                        "published settings to start from: thumos14 or activitynet1.2")  //
      ("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
       "change one setting, such as loss.cas=0 or network.fusion=concat; repeatable; an unknown "
       "key lists all; network.kind=wtalc learns a W-TALC (Paul et al., ECCV 2018) instead of a "
       "CO2-Net, from that one's published settings")                                      //
      ("iterations", po::value<int>()->value_name("N"), "the same as --set iterations=N")  //
      ("seed", po::value<std::string>()->value_name("N"), "the same as --set seed=N")      //
      ("compat", po::value<std::string>()->value_name("WHOSE"),
       "authors (default: with the quirks of the published code) or clean (without); the same as "
       "--set compat=WHOSE")  //
      ("select", po::value<std::string>()->value_name("HOW")->default_value("heldout"),
       "which model is kept: heldout (best classification of held-out training videos), test (best "
       "segments on the test videos, as the authors do: for comparison with them only), last")  //
      ("held-out", number_option(0.1)->value_name("SHARE"),
       "share of the training videos that models are judged on and not trained with (with --videos "
       "the default follows from their number)")  //
      ("checkpoint", number_option(600)->value_name("SECONDS"),
       "how often the state is saved, to go on from after an interruption");
  add_device_option(options, device_help);
  add_threads_option(options);
  add_progress_option(options);
}

std::vector<std::string> given_changes(const po::variables_map& args) {
  std::vector<std::string> changes;
  if (args.count("set") > 0) changes = args["set"].as<std::vector<std::string>>();
  if (args.count("iterations") > 0) {
    changes.push_back("iterations=" + std::to_string(args["iterations"].as<int>()));
  }
  if (args.count("seed") > 0) changes.push_back("seed=" + args["seed"].as<std::string>());
  if (const auto compat = parse_compat(args)) changes.push_back("compat=" + name_of(*compat));
  return changes;
}

TrainingSettings parse_training(const po::variables_map& args) {
  TrainingSettings settings;
  const std::vector<std::string> changes = given_changes(args);
  settings.preset = training_preset(args["preset"].as<std::string>()).variant;
  settings.options = with_settings(training_preset(settings.preset, changes), changes);
  settings.select = one_of<Selection>(args, "select");
  settings.held_out_share = args["held-out"].as<double>();
  settings.checkpoint_s = args["checkpoint"].as<double>();
  settings.threads = parse_video_options(args).threads;
  settings.directory = parse_directory(args);
  return settings;
}

void add_dataset_options(po::options_description& options) {
  options.add_options()(
      "features", po::value<std::vector<std::string>>()->composing()->value_name("DIR|FILE.npy"),
      "features to learn from: a folder of <id>.npy, or a packed file in the annotations' order; "
      "repeatable, for videos in several of them")  //
      ("annotations", po::value<std::string>()->value_name("FILE|DIR"),
       "labels of the videos: ActivityNet's JSON, a folder of W-TALC .npy files, or a folder of "
       "THUMOS14's text files")  //
      ("test-subset", po::value<std::string>()->value_name("NAME"),
       "subset to evaluate on (default: the preset's)");
}

void add_train_subset_option(po::options_description& options) {
  options.add_options()("train-subset", po::value<std::string>()->value_name("NAME"),
                        "subset of the annotations to learn from (default: with --features the "
                        "preset's, with --videos the only one)");
}

DatasetFiles parse_dataset(const po::variables_map& args) {
  DatasetFiles files;
  files.features = parse_paths(args, "features");
  if (files.features.empty()) throw Error(ErrorKind::kUsage, "no features: give --features");
  files.annotations = required(args, "annotations", "annotations of the videos");
  files.subsets = {optional_value<std::string>(args, "train-subset"),
                   optional_value<std::string>(args, "test-subset")};
  if (const auto recipe = optional_value<std::string>(args, "recipe"))
    files.origin.recipe = recipe_preset(*recipe);
  if (const auto bundle = optional_value<std::string>(args, "extractor")) {
    files.origin.extractor = load_bundle(*bundle, {kI3dRgbFile, kI3dFlowFile});
  }
  return files;
}

}  // namespace co2net
