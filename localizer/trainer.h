#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "localizer/co2net.h"
#include "localizer/learner.h"
#include "localizer/training_options.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/dataset.h"
#include "pipeline/devices/device.h"

namespace co2net {

// How good a model is.
struct Judgement {
  double score = 0;               // larger is better
  Json details = Json::object();  // for the metrics log
};

struct TrainingJob {
  TrainingOptions options;
  const Dataset* dataset = nullptr;
  std::vector<std::size_t> videos;  // of the data set, to learn from: those of rows 6-9 of a batch
  std::vector<std::size_t> paired;  // of the data set: those of rows 0-5
  // Of the data set, to learn from: those of options.background_rows rows in the place of videos.
  std::vector<std::size_t> background;
  Json data;  // names what is learned from: a training only goes on with the same
  int threads = 1;
  Device device = {};  // where to compute; a training goes on only where it began

  // For settings.json, state.pt, metrics.jsonl and timing.jsonl.
  std::filesystem::path directory;
  std::filesystem::path model_file;  // where the best model goes, as soon as it is found
  double checkpoint_s = 600;         // the state is also saved so often, in seconds

  // Judges a model; null to take the last one.
  std::function<Judgement(const Co2Net&)> judge;
  bool later_wins_ties = false;  // a later model is better already if its score is as large
  // Hears every line of metrics.jsonl, those of an earlier call first.
  std::function<void(const Json& line)> on_logged = [](const Json&) {};
  std::function<void(std::int64_t iteration, const LossValues&)> on_update =
      [](std::int64_t, const LossValues&) {};
  std::function<void(std::int64_t iteration, const LossValues& mean, const Judgement&, bool best)>
      on_judged = [](std::int64_t, const LossValues&, const Judgement&, bool) {};
};

struct TrainingResult {
  std::int64_t iterations = 0;  // done in all
  std::int64_t best_iteration = 0;
  Judgement best;
};

// Trains until options.iterations updates are done or options.patience is spent, and leaves the
// best model in job.model_file. Models are judged as the authors do, after evaluate_every + 1
// updates, 2 * evaluate_every + 1, ... The last one is judged under Compat::kClean, and where no
// other was; without a judge it is the one that is kept.
//
// An interrupted training goes on from its last state when called again with the same options and
// data, and ends with the same bytes; a finished one returns its result at once. metrics.jsonl has
// a line an update, {"iteration", "losses", "attention"}, without attention of a W-TALC, and a line
// a judgement, {"iteration", "score", "best", ...details}; nothing in it depends on the clock or
// the number of threads. timing.jsonl is apart from it for that: a line each hundred updates,
// {"iteration", "seconds_a_step", on a GPU "peak_gpu_bytes"}.
// Errors: Error(kUsage) if the directory holds another training, naming the differences, or one of
// another version; Error(kInput) if no class has two videos; Error(kModel) for a damaged state;
// Error(kIo); Error(kInterrupted), with the state saved.
TrainingResult train(const TrainingJob& job);

// Errors: Error(kUsage) if the job's directory holds another training, naming the differences, or
// one of a version that drew or judged otherwise.
void expect_same_training(const TrainingJob& job);

Json to_json(const LossValues& losses);

}  // namespace co2net
