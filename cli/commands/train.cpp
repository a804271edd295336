#include <boost/program_options.hpp>
#include <iomanip>

#include "cli/commands/extraction_options.h"
#include "cli/commands/training_options.h"
#include "cli/options.h"
#include "cli/through_inputs.h"
#include "cli/workflows/train_on_features.h"
#include "cli/workflows/train_on_videos.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

po::options_description features_form() {
  po::options_description options("To learn from features", 100, 50);
  add_dataset_options(options);
  return options;
}

po::options_description videos_form() {
  po::options_description options("To learn from videos", 100, 50);
  options.add_options()("videos", po::value<std::string>()->value_name("DIR"),
                        "folder of untrimmed videos to learn from")  //
      ("labels", po::value<std::string>()->value_name("FILE|DIR|by-folder"),
       "what the videos show: a CSV file with rows 'file,label[;label...]', annotations as "
       "--annotations takes them (the labels of whole videos are used; a single subset needs no "
       "--train-subset), or sub-folders named by class")  //
      ("trust-suggestions", po::bool_switch(),
       "take labels as 'co2net suggest' wrote them, with its column suggested_by still there");
  add_recipe_options(options, false);
  add_i3d_options(options);
  add_cache_options(options);
  add_stream_option(options);
  add_limit_options(options);
  add_outcome_options(options);
  add_timeout_option(options);
  return options;
}

void add_train_options(po::options_description& options) {
  options.add_options()("extractor", po::value<std::string>()->value_name("BUNDLE"),
                        "bundle whose I3D makes the features, or made them; its networks go into "
                        "the new bundle, so that 'co2net run' takes it")  //
      ("recipe", po::value<std::string>()->value_name("NAME"),
       "how features are made of videos, instead of the extractor's recipe; or how they were made, "
       "where neither a sidecar nor the extractor says it (an error if these say otherwise)");
  add_train_subset_option(options);
  add_training_options(options,
                       "where to learn: auto, cpu, cuda or cuda:N; with --videos I3D and flow run "
                       "there too, and with opencl or opencl:N flow runs there and the rest on the "
                       "CPU");
  add_directory_option(options);
  options.add_options()("false-alarms", po::value<double>()->value_name("R"),
                        "choose the operating point so that held-out background videos have at "
                        "most R final segments an hour (default: by the largest F1)")  //
      ("name", po::value<std::string>()->value_name("NAME"),
       "the bundle's name (default: co2net-<preset>, wtalc-<preset>, or own-actions)");
  options.add(features_form());
  options.add(videos_form());
}

// Options of one form say nothing to the other.
void expect_none_of_form(const po::options_description& other, const po::variables_map& args,
                         const std::string& form) {
  std::vector<std::string> names;
  for (const auto& option : other.options()) names.push_back(option->long_name());
  expect_none_of(args, names,
                 "has no meaning with --" + form +
                     ": learn either from features (--features, --annotations) or from videos "
                     "(--videos, --labels, --extractor)");
}

TrainingSettings parse_settings(const po::variables_map& args) {
  TrainingSettings settings = parse_training(args);
  settings.false_alarms = optional_value<double>(args, "false-alarms");
  return settings;
}

void print_held_out(const TrainingResult& training, std::size_t videos, std::ostream& out) {
  out << "classification mAP " << percent(training.best.score) << " on " << videos
      << " held-out videos, iteration " << training.best_iteration << "\n";
}

int train_from_features(const po::variables_map& args, Io& io) {
  TrainOnFeaturesJob job;
  job.settings = parse_settings(args);
  job.settings.device = parse_device(args);
  job.data = parse_dataset(args);
  job.name = parse_bundle_name(args).value_or(name_of(job.settings.options.kind) + "-" +
                                              name_of(job.settings.preset));
  Progress progress(io.err, parse_progress(args, io));
  const TrainedOnFeatures trained = train_on_features(job, progress.observer());

  const Split& split = trained.split;
  if (!split.held_out.empty()) {
    print_held_out(trained.training, all_held_out(split).size(), io.out);
  }
  if (!trained.on_test) return 0;
  TableOptions table;
  if (trained.published) table.beside = &published_figures(*trained.published);
  io.out << "mAP of segments on " << split.test.size() << " videos of the subset "
         << printable(split.test_subset) << ", protocol co2net\n"
         << to_table(*trained.on_test, table);
  return 0;
}

void print_classes(const std::vector<ClassFigures>& classes, std::ostream& out) {
  out << "    AP  held out  learned from  class\n";
  for (const ClassFigures& figures : classes) {
    const auto& precision = figures.average_precision;
    out << std::setw(6) << (precision ? percent(*precision) : "-") << std::setw(10)
        << figures.held_out << std::setw(14) << figures.training << "  " << printable(figures.label)
        << "\n";
  }
}

int train_from_videos(const po::variables_map& args, Io& io) {
  TrainOnVideosJob job;
  job.settings = parse_settings(args);
  expect_no_test_videos_needed(job.settings);
  const VideoOptions video = parse_video_options(args);
  job.each = video.each;
  job.stats = video.stats;
  job.extractor = load_bundle(required(args, "extractor", "I3D to make features with"),
                              {kI3dRgbFile, kI3dFlowFile});
  job.extraction = parse_extraction(args, parse_recipe(args, job.extractor.recipe), video.threads);
  job.settings.device = job.extraction.device;
  if (args["checkpoint"].defaulted()) {
    job.extraction.checkpoint_s = ExtractionSettings{}.checkpoint_s;
  }
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  job.cache = cache.get();
  warn_of_unknown_code(job.extractor, job.cache);
  job.folder = required(args, "videos", "videos");
  job.labels = {.labels = required(args, "labels", "labels of the videos"),
                .trust_suggestions = args["trust-suggestions"].as<bool>(),
                .subset = optional_value<std::string>(args, "train-subset")};
  job.changes = given_changes(args);
  if (!args["held-out"].defaulted()) job.held_out_share = args["held-out"].as<double>();
  job.name = parse_bundle_name(args).value_or("own-actions");
  Progress progress(io.err, parse_progress(args, io));
  const TrainedOnVideos trained = train_on_videos(job, progress.observer());
  tell_failures(progress, io);

  if (trained.held_out > 0) {
    print_held_out(trained.training, trained.held_out, io.out);
    print_classes(trained.classes, io.out);
  }
  return trained.failed > 0 ? 1 : 0;
}

int run_train(const po::variables_map& args, Io& io) {
  if (args.count("videos") > 0) {
    expect_none_of_form(features_form(), args, "videos");
    return train_from_videos(args, io);
  }
  if (args.count("features") == 0) {
    throw Error(ErrorKind::kUsage,
                "nothing to learn from: give --features and --annotations, or --videos, --labels "
                "and --extractor");
  }
  expect_none_of_form(videos_form(), args, "features");
  return train_from_features(args, io);
}

}  // namespace

const Command kTrainCommand = {"train", add_train_options, run_train};

}  // namespace co2net
