#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/progress.h"
#include "localizer/trainer.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/feature_set.h"
#include "postprocess/evaluation.h"

namespace co2net {

// What a CO2-Net learns from and is judged on. Examples name places in `features`.
struct TrainingData {
  FeatureSet features;
  std::vector<std::string> classes;
  std::vector<Example> training;
  std::vector<Example> held_out;  // of the training videos; judged by classification
  std::vector<Example> test;      // judged by localization; may be empty
  Annotations annotations;        // with the test videos' segments
  std::string test_subset;
  // What made the features, of what, or what they contain; a training goes on with no others.
  Json origin = nullptr;
};

// Which model of a training is kept: "heldout" (the best classification mAP on held-out videos, of
// equal ones the last), "test" (the best mAP of segments on the test videos, as the authors
// select), or "last".
struct TrainingSettings {
  TrainingOptions options;
  std::string preset = "thumos14";  // where the options come from, and whose figures to show
  std::string select = "heldout";
  double held_out_share = 0.1;
  std::filesystem::path directory;  // becomes the bundle
  double checkpoint_s = 600;
  int threads = 1;
};

// --preset, --set, --iterations, --seed, --select, --held-out, --threads, --checkpoint, --progress.
// Errors: Error(kUsage).
void add_training_options(boost::program_options::options_description& options);
TrainingSettings parse_training(const boost::program_options::variables_map& args);

// Options with those that the command line gives by --set, --iterations and --seed.
TrainingOptions with_given_options(const boost::program_options::variables_map& args,
                                   TrainingOptions options);

// Throws Error(kUsage) if the folder holds something else than a training or features for one.
void expect_place_for_training(const std::filesystem::path& directory);

// The place of each label, all of which are there, among the classes.
std::vector<int> class_indices(const std::vector<std::string>& labels,
                               const std::vector<std::string>& classes);

// Moves a share of the training videos to data.held_out, where models are judged on these.
void hold_out(TrainingData& data, const TrainingSettings& settings);

// Trains in settings.directory/training and makes the folder a bundle: `bundle` with its classes,
// network and provenance filled in, and the I3D that `extractor` has. Says how it goes in the log.
// Errors: as train(); Error(kUsage) for a folder that holds something else.
TrainingResult train_bundle(const TrainingData& data, const TrainingSettings& settings,
                            Bundle bundle, const std::optional<Bundle>& extractor,
                            Progress& progress);

// Errors: Error(kUsage) if settings.directory holds another training, naming the differences.
void expect_same_training(const TrainingData& data, const TrainingSettings& settings);

// The model that a training kept.
Co2Net load_trained(const TrainingData& data, const TrainingSettings& settings);
// "classification mAP 87.5 on 4 held-out videos, iteration 401", with its line feed.
std::string held_out_figure(const TrainingData& data, const TrainingResult& result);

// The same figures as evaluate_on_test() of the model that a training kept, at the preset's
// thresholds.
Evaluation evaluate_trained(const TrainingData& data, const TrainingSettings& settings);

// How likely each class is in each held-out video, and whether the video has it: [videos][C].
struct Classification {
  std::vector<std::vector<double>> scores;
  std::vector<std::vector<bool>> labels;
};
Classification classify_held_out(const Co2Net& model, const TrainingData& data);

// Mean average precision of a model's segments on the test videos, in the authors' protocol.
Evaluation evaluate_on_test(const Co2Net& model, const TrainingData& data,
                            const std::vector<double>& tiou);

// Thresholds at which a preset's dataset is reported, and those that the authors select a model by.
std::vector<double> reported_tiou(const std::string& preset);
std::vector<double> selection_tiou(const std::string& preset);

}  // namespace co2net
