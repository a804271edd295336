#include "tests/planted.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "pipeline/formats/npy_objects.h"
#include "postprocess/proposals.h"

namespace fs = std::filesystem;

namespace co2net::test {
namespace {

constexpr int kClasses = 4, kTrainingVideos = 80, kTestVideos = 60, kCameraMotions = 3;
constexpr int kHalf = kPlantedFeatureSize / 2;  // columns of a modality
constexpr std::int64_t kLeastSnippets = 80;
constexpr float kSceneGain = 2, kActionGain = 1.5, kCameraGain = 2, kNoise = 0.25;
constexpr double kOwnScene = 0.8;  // share of the videos with their class's scene

using Random = std::mt19937_64;
using Pattern = std::vector<float>;  // of kHalf columns

int draw_in(int first, int last, Random& random) {
  return std::uniform_int_distribution<int>(first, last)(random);
}

bool happens(double probability, Random& random) {
  return std::bernoulli_distribution(probability)(random);
}

// A quarter of the columns is active; its length is 1.
Pattern draw_pattern(Random& random) {
  Pattern pattern(kHalf);
  for (int active = 0; active < kHalf / 4; ++active) {
    pattern[static_cast<std::size_t>(draw_in(0, kHalf - 1, random))] =
        std::uniform_real_distribution<float>(0.5f, 1)(random);
  }
  float squares = 0;
  for (const float value : pattern) squares += value * value;
  for (float& value : pattern) value /= std::sqrt(squares);
  return pattern;
}

struct World {
  explicit World(Random& random) {
    const auto draw = [&](std::vector<Pattern>& patterns, int count) {
      for (int i = 0; i < count; ++i) patterns.push_back(draw_pattern(random));
    };
    draw(scenes, kClasses);
    draw(appearances, kClasses);
    draw(motions, kClasses);
    draw(camera_motions, kCameraMotions);
  }

  std::vector<Pattern> scenes, appearances;      // in RGB, by class
  std::vector<Pattern> motions, camera_motions;  // in flow
};

class Video {
 public:
  Video(const World& world, std::size_t label, Random& random)
      : world_(world), label_(label), random_(random) {
    scene_ = happens(kOwnScene, random) ? label : any_of(world.scenes.size());
    while (snippets_ < kLeastSnippets) {
      add_nothing();
      if (segments.empty() || happens(0.4, random)) {
        add_action();
      } else {
        (this->*std::vector{&Video::add_pose, &Video::add_motion, &Video::add_camera}[any_of(3)])();
      }
    }
    add_nothing();
  }

  Array features() const { return {{snippets_, kPlantedFeatureSize}, values_}; }
  std::vector<AnnotatedSegment> segments;

 private:
  std::size_t any_of(std::size_t count) {
    return static_cast<std::size_t>(draw_in(0, static_cast<int>(count) - 1, random_));
  }

  void add_nothing() { add(draw_in(4, 9, random_), nullptr, nullptr, 0); }
  void add_pose() { add(length(), &world_.appearances[label_], nullptr, 0); }
  void add_motion() { add(length(), nullptr, &world_.motions[label_], kActionGain); }
  void add_camera() {
    add(length(), nullptr, &world_.camera_motions[any_of(kCameraMotions)], kCameraGain);
  }
  void add_action() {
    const auto start = static_cast<double>(snippets_);
    add(length(), &world_.appearances[label_], &world_.motions[label_], kActionGain);
    const auto end = static_cast<double>(snippets_);
    segments.push_back({{}, start / kSnippetsPerSecond, end / kSnippetsPerSecond});
  }

  int length() { return draw_in(5, 11, random_); }

  void add(int snippets, const Pattern* appearance, const Pattern* motion, float motion_gain) {
    for (int i = 0; i < snippets; ++i) {
      add_half({{&world_.scenes[scene_], kSceneGain}, {appearance, kActionGain}});
      add_half({{motion, motion_gain}});
    }
    snippets_ += snippets;
  }

  void add_half(const std::vector<std::pair<const Pattern*, float>>& parts) {
    std::normal_distribution<float> noise(0, kNoise);
    for (std::size_t column = 0; column < kHalf; ++column) {
      float value = noise(random_);
      for (const auto& [pattern, gain] : parts) {
        if (pattern != nullptr) value += gain * (*pattern)[column];
      }
      values_.push_back(std::max(0.f, value));
    }
  }

  const World& world_;
  std::size_t label_;
  Random& random_;
  std::size_t scene_ = 0;
  std::int64_t snippets_ = 0;
  std::vector<float> values_;
};

}  // namespace

PlantedActions plant_actions(const fs::path& file, std::uint64_t seed) {
  Random random(seed);
  const World world(random);
  Annotations annotations;
  for (int i = 0; i < kClasses; ++i) annotations.classes.push_back("class" + std::to_string(i));
  ObjectNpyWriter writer(file, kTrainingVideos + kTestVideos);
  Split split;
  split.test_subset = "test";
  for (std::size_t i = 0; i < kTrainingVideos + kTestVideos; ++i) {
    const std::size_t label = i % kClasses;
    const bool is_training = i < kTrainingVideos;
    Video video(world, label, random);
    writer.add(video.features());
    for (AnnotatedSegment& segment : video.segments) segment.label = annotations.classes[label];
    annotations.videos.push_back({"video" + std::to_string(i),
                                  is_training ? "training" : "test",
                                  0,
                                  {annotations.classes[label]},
                                  video.segments});
    (is_training ? split.training : split.test).push_back(i);
  }
  writer.finish();
  return {Dataset(file, std::move(annotations), {.recipe = Recipe()}), std::move(split)};
}

TrainingOptions planted_options() {
  TrainingOptions options;
  options.length = 64;
  options.learning_rate = 1e-3;
  options.dropout = 0.5;
  options.iterations = 500;
  options.evaluate_every = options.iterations;
  return options;
}

Co2Net train_on(const PlantedActions& planted, const TrainingOptions& options,
                const fs::path& directory, int threads) {
  TrainingJob job;
  job.options = options;
  job.dataset = &planted.dataset;
  job.videos = job.paired = planted.split.training;
  job.threads = threads;
  job.directory = directory;
  job.model_file = directory / "last.pt";
  train(job);
  return Co2Net::load(job.model_file, network_config(options, kClasses, kPlantedFeatureSize));
}

}  // namespace co2net::test
