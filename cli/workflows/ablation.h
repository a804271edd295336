#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/ablation_tables.h"
#include "cli/workflows/observer.h"
#include "cli/workflows/train_on_features.h"

namespace co2net {

struct AblationJob {
  DatasetFiles data;
  std::vector<AblationTable> tables;
  TrainingSettings base;  // what the rows change; its directory holds a folder a training
  int seeds = 1;          // base.options.seed and the following
};

// mAP on the test videos, as fractions.
struct AblationFigures {
  std::vector<double> mAP;  // at each of AblationResult::tiou
  double average = 0;       // over AblationResult::range
};

struct AblationSeed {
  std::uint64_t seed = 0;
  std::filesystem::path directory;
  AblationFigures figures;
};

struct AblationRowResult {
  std::string name;
  std::vector<std::string> settings;  // those that change something
  std::vector<AblationSeed> seeds;
  AblationFigures mean;
  std::optional<double> deviation;  // of the average; none for one seed
  std::optional<double> paper;      // the average that the paper gives, if these are its data
};

struct AblationTableResult {
  std::string name, title;
  std::vector<AblationRowResult> rows;
};

struct AblationResult {
  std::string test_subset;
  std::size_t videos = 0;    // of it
  std::vector<double> tiou;  // thresholds of the columns
  std::string range;         // of thresholds whose average is compared, "0.1:0.7"
  std::vector<AblationTableResult> tables;
};

// Trains every row of the tables, each training once and in a folder named after what it changes,
// and evaluates it on the test videos. What an earlier call there has done is not done again; a
// finished training's state is deleted.
// Errors: as train_on_features(); Error(kInput) without test videos; Error(kUsage) for no
// seeds, and for other settings in a folder that holds a training.
AblationResult ablate(const AblationJob& job, const Observer& observer);

}  // namespace co2net
