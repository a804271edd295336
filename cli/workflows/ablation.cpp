#include "cli/workflows/ablation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "cli/workflows/bundle_training.h"
#include "cli/workflows/judging.h"
#include "cli/workflows/training_forecast.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/file_lock.h"
#include "pipeline/base/files.h"
#include "pipeline/base/statistics.h"
#include "pipeline/devices/threads.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/published.h"
#include "postprocess/text_table.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;
using Results = std::map<fs::path, AblationFigures>;  // by the training's folder

// What tables show of a preset's thresholds, and the range whose average they compare.
struct Columns {
  std::vector<double> tiou;
  std::string range;
};

Columns columns_of(Variant preset) {
  if (preset == Variant::kActivityNet) return {{0.5, 0.75, 0.95}, "0.5:0.95"};
  return {parse_tiou("0.1:0.1:0.7"), "0.1:0.7"};
}

// Those of a row's settings that change something.
Strings changes(const TrainingOptions& base, const AblationRow& row) {
  Strings changing = row.settings;
  std::erase_if(changing, [&](const std::string& setting) {
    return to_json(with_setting(base, setting)) == to_json(base);
  });
  return changing;
}

// The nth training of a row. Its folder is named after what it changes, so that tables share it.
TrainingSettings training_of(const AblationRow& row, const TrainingSettings& base, int nth) {
  TrainingSettings settings = base;
  std::string name;
  const Strings changed = changes(base.options, row);
  settings.options = with_settings(base.options, changed);
  for (const std::string& setting : changed) name += (name.empty() ? "" : ",") + setting;
  settings.options.seed += static_cast<std::uint64_t>(nth);
  settings.directory /= name.empty() ? name_of(base.options.kind) : name;
  settings.directory /= "seed-" + std::to_string(settings.options.seed);
  return settings;
}

// All that the tables need, each once.
std::vector<TrainingSettings> trainings_of(const AblationJob& job) {
  std::vector<TrainingSettings> trainings;
  for (const AblationTable& table : job.tables) {
    for (const AblationRow& row : table.rows) {
      for (int nth = 0; nth < job.seeds; ++nth) {
        TrainingSettings training = training_of(row, job.base, nth);
        const bool is_new = std::ranges::none_of(trainings, [&](const TrainingSettings& other) {
          return other.directory == training.directory;
        });
        if (is_new) trainings.push_back(std::move(training));
      }
    }
  }
  return trainings;
}

void expect_test_videos(const Dataset& dataset, const Split& split, Variant preset) {
  evaluate(
      {}, dataset.annotations(),
      {.protocol = Protocol::kCo2Net, .subset = split.test_subset, .tiou = reported_tiou(preset)});
  if (!split.test.empty()) return;
  throw Error(ErrorKind::kInput, "no video of the subset '" + split.test_subset +
                                     "' has features that can be used, so that nothing could be "
                                     "compared (choose another with --test-subset)");
}

// What a training's figures depend on beside the training.
Json judged_by(const Dataset& dataset, Variant preset) {
  return {{"schema", "co2net.ablation-result/2"},
          {"protocol", "co2net"},
          {"tiou", reported_tiou(preset)},
          {"annotations", sha256(format_activitynet(dataset.annotations()))}};
}

// Waits for a process that trains in the folder already.
FileLock lock_of(const fs::path& directory) { return FileLock(directory.string() + ".lock"); }

// Trains on the same videos with one setting after the other.
class RowTrainer {
 public:
  RowTrainer(const Dataset& dataset, const Split& split, std::string name, const Observer& observer)
      : dataset_(dataset), split_(split), name_(std::move(name)), observer_(observer) {}

  // Errors: Error(kUsage) if one's folder holds another training.
  void expect_same(const std::vector<TrainingSettings>& trainings) const {
    for (const TrainingSettings& settings : trainings) {
      if (!fs::exists(settings.directory)) continue;
      expect_same_training(dataset_, with_held_out(split_, dataset_, settings), settings);
    }
  }

  // The evaluation that the training's folder keeps; trains and evaluates unless it is there.
  Json result(const TrainingSettings& settings) const {
    const FileLock lock = lock_of(settings.directory);
    const Split split = with_held_out(split_, dataset_, settings);
    expect_same_training(dataset_, split, settings);
    const fs::path file = settings.directory / "result.json";
    const fs::path training = settings.directory / "training";
    const Json by = judged_by(dataset_, settings.preset);
    Json result = Json::object();
    if (fs::exists(file) && fs::exists(training / "settings.json")) {
      observer_.on_start("trained");
      observer_.on_reuse();
      result = parse_json(read_file(file), file.string(), ErrorKind::kModel);
      observer_.on_end();
    } else {
      train_bundle(dataset_, split, settings, name_, std::nullopt, observer_);
    }
    if (result.value("judged_by", Json()) != by) {
      const Evaluation evaluation =
          evaluate_on_test(load_trained(dataset_, settings), dataset_, split,
                           settings.options.compat, reported_tiou(settings.preset));
      result = {{"judged_by", by}, {"evaluation", to_json(evaluation)}};
      write_file(file, result.dump(2) + "\n");
    }
    fs::remove(training / "state.pt");
    return result.at("evaluation");
  }

 private:
  const Dataset& dataset_;
  const Split& split_;  // none held out
  std::string name_;    // of the bundles
  const Observer& observer_;
};

AblationFigures figures_of(const Json& evaluation, const Columns& columns) {
  const std::vector<double> tiou = evaluation.at("tiou"), mAP = evaluation.at("mAP");
  AblationFigures figures;
  for (const double threshold : columns.tiou) {
    const auto at = std::ranges::find(tiou, threshold) - tiou.begin();
    figures.mAP.push_back(mAP.at(static_cast<std::size_t>(at)));
  }
  figures.average = evaluation.at("averages").at(columns.range);
  return figures;
}

Results run_trainings(const AblationJob& job, const RowTrainer& trainer, const Observer& observer) {
  const std::vector<TrainingSettings> trainings = trainings_of(job);
  observer.on_series("trainings", trainings.size());
  trainer.expect_same(trainings);
  Results results;
  for (const TrainingSettings& settings : trainings) {
    const std::string name = fs::relative(settings.directory, job.base.directory).generic_string();
    spdlog::info("training {} of {}: {}", results.size() + 1, trainings.size(), name);
    const AblationFigures figures = within(
        name, [&] { return figures_of(trainer.result(settings), columns_of(settings.preset)); });
    spdlog::info("{}: mAP {} on the test videos", name, percent(figures.average));
    results[settings.directory] = figures;
  }
  return results;
}

// The paper varies its own network and losses only, on THUMOS14.
std::optional<double> paper_average(const AblationRow& row, const TrainingSettings& base) {
  const TrainingOptions published = training_preset(base.preset);
  const Json ours = to_json(base.options), theirs = to_json(published);
  if (ours.at("network") != theirs.at("network") || ours.at("loss") != theirs.at("loss")) {
    return std::nullopt;
  }
  if (changes(published, row).empty()) {
    return published_figures(base.preset).averages.at(columns_of(base.preset).range);
  }
  return base.preset == Variant::kThumos14 ? row.paper : std::nullopt;
}

AblationFigures mean_of(const std::vector<AblationSeed>& seeds) {
  AblationFigures figures;
  std::vector<double> averages;
  for (const AblationSeed& one : seeds) averages.push_back(one.figures.average);
  figures.average = mean(averages);
  for (std::size_t column = 0; column < seeds.front().figures.mAP.size(); ++column) {
    std::vector<double> values;
    for (const AblationSeed& one : seeds) values.push_back(one.figures.mAP[column]);
    figures.mAP.push_back(mean(values));
  }
  return figures;
}

AblationRowResult row_result(const AblationRow& row, const AblationJob& job, const Results& results,
                             bool is_papers_data) {
  AblationRowResult result;
  result.name = row.name;
  result.settings = changes(job.base.options, row);
  std::vector<double> averages;
  for (int nth = 0; nth < job.seeds; ++nth) {
    const TrainingSettings training = training_of(row, job.base, nth);
    const AblationFigures& figures = results.at(training.directory);
    result.seeds.push_back({training.options.seed, training.directory, figures});
    averages.push_back(figures.average);
  }
  result.mean = mean_of(result.seeds);
  result.deviation = deviation(averages);
  if (is_papers_data) result.paper = paper_average(row, job.base);
  return result;
}

}  // namespace

AblationResult ablate(const AblationJob& job, const Observer& observer) {
  if (job.seeds < 1) throw Error(ErrorKind::kUsage, "--seeds must be at least 1");
  expect_valid(job.base);
  use_threads(job.base.threads);
  const Dataset dataset = read_dataset(job.data);
  const Split split = split_of(dataset, job.data.subsets, job.base);
  expect_test_videos(dataset, split, job.base.preset);
  TrainingForecast forecast(observer);
  const Observer heard = forecast.observer();
  const RowTrainer trainer(dataset, split,
                           name_of(job.base.options.kind) + "-" + name_of(job.base.preset), heard);
  const Results results = run_trainings(job, trainer, heard);

  const bool is_papers_data = published_dataset(dataset.classes()) == job.base.preset &&
                              split.test_subset == published_subsets(job.base.preset).test;
  const Columns columns = columns_of(job.base.preset);
  AblationResult result{split.test_subset, split.test.size(), columns.tiou, columns.range, {}};
  for (const AblationTable& table : job.tables) {
    AblationTableResult& of_table = result.tables.emplace_back();
    of_table.name = table.name;
    of_table.title = table.title;
    for (const AblationRow& row : table.rows) {
      of_table.rows.push_back(row_result(row, job, results, is_papers_data));
    }
  }
  return result;
}

}  // namespace co2net
