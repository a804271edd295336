#include "cli/commands/benchmark.h"

#include <oneapi/tbb/parallel_for.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <map>

#include "cli/options.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/feature_files.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

struct Subsets {
  std::string training;
  std::string test;
};

Subsets parse_subsets(const po::variables_map& args, const std::string& preset) {
  Subsets subsets = preset == "activitynet1.2" ? Subsets{"training", "validation"}
                                               : Subsets{"validation", "test"};
  if (args.count("train-subset") > 0) subsets.training = args["train-subset"].as<std::string>();
  if (args.count("test-subset") > 0) subsets.test = args["test-subset"].as<std::string>();
  return subsets;
}

// The videos of a subset that can be used; the log says how many others there are, and why.
std::vector<Example> examples_of(const std::string& subset, const Annotations& annotations,
                                 const FeatureSet& features, int min_snippets, bool need_labels) {
  std::vector<Example> examples;
  Strings missing, short_ones, unlabelled;
  for (std::size_t i = 0; i < annotations.videos.size(); ++i) {
    const AnnotatedVideo& video = annotations.videos[i];
    if (video.subset != subset) continue;
    if (features.snippets(i) == 0) {
      missing.push_back(video.id);
    } else if (features.snippets(i) < min_snippets) {
      short_ones.push_back(video.id);
    } else if (need_labels && video.labels.empty()) {
      unlabelled.push_back(video.id);
    } else {
      examples.push_back({i, class_indices(video.labels, annotations.classes)});
    }
  }
  const auto warn = [&](const Strings& ids, const std::string& which) {
    if (!ids.empty()) spdlog::warn("subset {}: left out {}", subset, counted(which, ids));
  };
  warn(missing, "videos without features");
  warn(short_ones, "videos shorter than " + std::to_string(min_snippets) + " snippets");
  warn(unlabelled, "videos without labels");
  return examples;
}

// The SHA-256 of all features, by their values, however they are stored.
std::string content_hash(const FeatureSet& features, const std::vector<Example>& examples) {
  Strings hashes(examples.size());
  oneapi::tbb::parallel_for(std::size_t{0}, examples.size(), [&](std::size_t i) {
    throw_if_interrupted();
    const Array rows = features.rows(examples[i].video);
    hashes[i] = sha256(
        {reinterpret_cast<const char*>(rows.values.data()), rows.values.size() * sizeof(float)});
  });
  return sha256(joined(hashes));
}

void expect_subset(const Annotations& annotations, const std::string& subset,
                   const std::string& option) {
  std::map<std::string, int> videos;
  for (const AnnotatedVideo& video : annotations.videos) ++videos[video.subset];
  if (videos.count(subset) > 0) return;
  Strings known;
  for (const auto& [name, count] : videos) known.push_back(name);
  throw Error(ErrorKind::kUsage, "no video is in the subset '" + subset + "'; there are " +
                                     joined(known) + " (choose with " + option + ")");
}

}  // namespace

void add_benchmark_options(po::options_description& options) {
  options.add_options()("features", po::value<std::string>()->value_name("DIR|FILE.npy"),
                        "features to learn from: a folder of <id>.npy, or a packed file in the "
                        "annotations' order")  //
      ("annotations", po::value<std::string>()->value_name("FILE|DIR"),
       "labels of the videos: ActivityNet's JSON, a folder of W-TALC .npy files, or a folder of "
       "THUMOS14's text files")  //
      ("train-subset", po::value<std::string>()->value_name("NAME"),
       "subset to learn from (default: the preset's)")  //
      ("test-subset", po::value<std::string>()->value_name("NAME"),
       "subset to evaluate on (default: the preset's)");
}

TrainingData read_benchmark(const po::variables_map& args, const TrainingSettings& settings) {
  const Subsets subsets = parse_subsets(args, settings.preset);
  const std::string path = required(args, "features", "features");
  Annotations annotations =
      read_input(read_annotations, required(args, "annotations", "annotations of the videos"));
  expect_subset(annotations, subsets.training, "--train-subset");
  if (args.count("test-subset") > 0 || settings.select == "test") {
    expect_subset(annotations, subsets.test, "--test-subset");
  }
  Strings ids;
  for (const AnnotatedVideo& video : annotations.videos) ids.push_back(video.id);
  FeatureSet features =
      read_input([&](const fs::path& given) { return FeatureSet(given, ids); }, path);

  const int min_snippets = settings.options.min_snippets;
  std::vector<Example> training =
      examples_of(subsets.training, annotations, features, min_snippets, true);
  std::vector<Example> test = examples_of(subsets.test, annotations, features, min_snippets, false);
  const Strings classes = annotations.classes;
  const Json contents = {{"training", content_hash(features, training)},
                         {"test", content_hash(features, test)}};
  return {std::move(features),    classes,      std::move(training),     {}, std::move(test),
          std::move(annotations), subsets.test, {{"features", contents}}};
}

Recipe features_recipe(const po::variables_map& args, const TrainingData& data,
                       const std::optional<Bundle>& extractor) {
  const fs::path path = args["features"].as<std::string>();
  Json origin;
  if (fs::is_directory(path)) {
    for (const Example& example : data.training) {
      const std::string& id = data.features.ids()[example.video];
      const Json of_video = features_origin(path / (id + ".npy"));
      const bool is_first = &example == &data.training.front();
      if (!is_first && of_video != origin) {
        throw Error(ErrorKind::kInput, path.string() + ": " + id +
                                           " was made by another recipe or I3D than the videos "
                                           "before it; extract them alike");
      }
      origin = of_video;
    }
  }
  if (!origin.is_null()) {
    const Recipe recipe = recipe_from_json(origin.at("recipe"));
    if (extractor && !same_features(recipe, extractor->recipe)) {
      throw Error(ErrorKind::kInput, path.string() + ": made by the recipe " + recipe.name +
                                         ", not by the extractor's, " + extractor->recipe.name);
    }
    return recipe;
  }
  if (args.count("recipe") > 0) return recipe_preset(args["recipe"].as<std::string>());
  if (extractor) return extractor->recipe;
  const Recipe recipe;
  spdlog::warn(
      "the features do not say by which recipe they were made; taken to be {} (choose "
      "with --recipe)",
      recipe.name);
  return recipe;
}

}  // namespace co2net
