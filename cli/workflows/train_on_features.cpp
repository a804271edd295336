#include "cli/workflows/train_on_features.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "cli/workflows/bundle_training.h"
#include "cli/workflows/judging.h"
#include "cli/workflows/training_forecast.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/text.h"
#include "pipeline/devices/threads.h"
#include "postprocess/published.h"

namespace fs = std::filesystem;

namespace co2net {

Dataset read_dataset(const DatasetFiles& files) {
  Annotations annotations = read_input(read_annotations, files.annotations);
  return read_input(
      [&](const fs::path&) {
        return Dataset(files.features, std::move(annotations), files.origin);
      },
      files.features.front());
}

TrainedOnFeatures train_on_features(const TrainOnFeaturesJob& job, const Observer& observer) {
  expect_valid(job.settings);
  use_threads(job.settings.threads);
  const Dataset dataset = read_dataset(job.data);
  TrainedOnFeatures trained;
  trained.split =
      with_held_out(split_of(dataset, job.data.subsets, job.settings), dataset, job.settings);
  const Split& split = trained.split;
  spdlog::info("{}, {} held out, {}, {}", counted(split.training.size(), "training videos"),
               split.held_out.size(), counted(split.test.size(), "test videos"),
               counted(dataset.classes().size(), "classes"));
  TrainingForecast forecast(observer);
  const Observer heard = forecast.observer();
  heard.on_series("trainings", 1);
  trained.training =
      train_bundle(dataset, split, job.settings, job.name, job.data.origin.extractor, heard);
  if (!split.test.empty()) {
    trained.on_test =
        evaluate_on_test(load_trained(dataset, job.settings), dataset, split,
                         job.settings.options.compat, reported_tiou(job.settings.preset));
  }
  const bool is_co2net = job.settings.options.kind == NetworkKind::kCo2Net;
  if (is_co2net && split.test_subset == published_subsets(job.settings.preset).test) {
    trained.published = published_dataset(dataset.classes());
  }
  return trained;
}

}  // namespace co2net
