#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "cli/commands/benchmark.h"
#include "cli/options.h"
#include "cli/workflows/ablation_tables.h"
#include "cli/workflows/training.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/devices/threads.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

struct AblateOptions {
  std::vector<AblationTable> tables;
  TrainingSettings base;  // what the rows change; its directory holds a folder a training
  int seeds = 1;
  bool as_json = false;
};

// What tables show of a preset's thresholds, and the range whose average they compare.
struct Columns {
  std::vector<double> tiou;
  std::string range;
};

// Of one training; fractions.
struct Figures {
  std::vector<double> mAP;  // a column each
  double average = 0;
};
using Results = std::map<fs::path, Figures>;  // by the training's folder

// Over the seeds.
struct RowFigures {
  Figures mean;
  std::optional<double> deviation;  // of the average; none for one seed
  std::optional<double> paper;      // average
};

Strings table_names() {
  Strings names;
  for (const AblationTable& table : ablation_tables()) names.push_back(table.name);
  return names;
}

void add_ablate_options(po::options_description& options) {
  add_benchmark_options(options);
  options.add_options()("recipe", po::value<std::string>()->value_name("NAME"),
                        "how the features were made, where no sidecar says it");
  options.add_options()(
      "table", po::value<Strings>()->composing()->value_name("NAME"),
      ("a comparison to make: " + joined(table_names()) + ", or all (the default); repeatable")
          .c_str())  //
      ("seeds", po::value<int>()->value_name("N")->default_value(1),
       "train each row with N seeds, --seed and the following, each with its own held-out share; "
       "figures are means, the deviation is that of a sample");
  add_training_options(options);
  options.add_options()("output,o", po::value<std::string>()->value_name("DIR"),
                        "folder for a bundle and its result.json a training, to go on from after "
                        "an interruption; a finished training's state, which is several times as "
                        "large as its model, is deleted")  //
      ("json", po::bool_switch(), "JSON with fractions instead of tables with percent");
}

std::vector<AblationTable> parse_tables(const po::variables_map& args) {
  const Strings wanted = args.count("table") > 0 ? args["table"].as<Strings>() : Strings{"all"};
  const Strings known = table_names();
  for (const std::string& name : wanted) {
    if (name == "all" || std::ranges::find(known, name) != known.end()) continue;
    throw Error(ErrorKind::kUsage,
                "--table: '" + name + "' is not one of " + joined(known) + ", all");
  }
  std::vector<AblationTable> tables;
  for (const AblationTable& table : ablation_tables()) {
    const bool is_wanted = std::ranges::any_of(
        wanted, [&](const std::string& name) { return name == "all" || name == table.name; });
    if (is_wanted) tables.push_back(table);
  }
  return tables;
}

AblateOptions parse_ablate_options(const po::variables_map& args) {
  AblateOptions options;
  options.tables = parse_tables(args);
  options.base = parse_training(args);
  options.base.directory = parse_directory(args);
  options.seeds = args["seeds"].as<int>();
  if (options.seeds < 1) throw Error(ErrorKind::kUsage, "--seeds must be at least 1");
  options.as_json = args["json"].as<bool>();
  return options;
}

Columns columns_of(const std::string& preset) {
  if (preset == "activitynet1.2") return {{0.5, 0.75, 0.95}, "0.5:0.95"};
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
  const Strings changed = changes(base.options, row);
  TrainingSettings settings = base;
  std::string name;
  for (const std::string& setting : changed) {
    settings.options = with_setting(settings.options, setting);
    name += (name.empty() ? "" : ",") + setting;
  }
  settings.options.seed += static_cast<std::uint64_t>(nth);
  settings.directory /= name.empty() ? "co2net" : name;
  settings.directory /= "seed-" + std::to_string(settings.options.seed);
  return settings;
}

// All that the tables need, each once.
std::vector<TrainingSettings> trainings_of(const AblateOptions& options) {
  std::vector<TrainingSettings> trainings;
  for (const AblationTable& table : options.tables) {
    for (const AblationRow& row : table.rows) {
      for (int nth = 0; nth < options.seeds; ++nth) {
        TrainingSettings training = training_of(row, options.base, nth);
        const bool is_new = std::ranges::none_of(trainings, [&](const TrainingSettings& other) {
          return other.directory == training.directory;
        });
        if (is_new) trainings.push_back(std::move(training));
      }
    }
  }
  return trainings;
}

void expect_test_videos(const TrainingData& data, const std::string& preset) {
  evaluate(
      {}, data.annotations,
      {.protocol = Protocol::kCo2Net, .subset = data.test_subset, .tiou = reported_tiou(preset)});
  if (!data.test.empty()) return;
  throw Error(ErrorKind::kInput, "no video of the subset '" + data.test_subset +
                                     "' has features that can be used, so that nothing could be "
                                     "compared (choose another with --test-subset)");
}

// What a training's figures depend on beside the training.
Json judged_by(const TrainingData& data, const std::string& preset) {
  return {{"schema", "co2net.ablation-result/1"},
          {"protocol", "co2net"},
          {"tiou", reported_tiou(preset)},
          {"annotations", sha256(format_activitynet(data.annotations))}};
}

// Waits for a process that trains in the folder already.
FileLock lock_of(const fs::path& directory) {
  const EndOnSignal waiting;
  return FileLock(directory.string() + ".lock");
}

// Trains on the same videos with one setting after the other.
class Trainer {
 public:
  Trainer(TrainingData& data, Bundle bundle, Progress& progress)
      : data_(data), all_(data.training), bundle_(std::move(bundle)), progress_(progress) {}

  // Errors: Error(kUsage) if one's folder holds another training.
  void expect_same(const std::vector<TrainingSettings>& trainings) {
    for (const TrainingSettings& settings : trainings) {
      if (!fs::exists(settings.directory)) continue;
      split(settings);
      expect_same_training(data_, settings);
    }
  }

  // The evaluation that the training's folder keeps; trains and evaluates unless it is there.
  Json result(const TrainingSettings& settings) {
    const FileLock lock = lock_of(settings.directory);
    split(settings);
    expect_same_training(data_, settings);
    const fs::path file = settings.directory / "result.json";
    const fs::path training = settings.directory / "training";
    const Json by = judged_by(data_, settings.preset);
    Json result = Json::object();
    if (fs::exists(file) && fs::exists(training / "settings.json")) {
      progress_.start_video("trained");
      result = parse_json(read_file(file), file.string(), ErrorKind::kModel);
    } else {
      train_bundle(data_, settings, bundle_, std::nullopt, progress_);
    }
    if (result.value("judged_by", Json()) != by) {
      result = {{"judged_by", by}, {"evaluation", to_json(evaluate_trained(data_, settings))}};
      write_file(file, result.dump(2) + "\n");
    }
    fs::remove(training / "state.pt");
    return result.at("evaluation");
  }

 private:
  void split(const TrainingSettings& settings) {
    data_.training = all_;
    data_.held_out.clear();
    hold_out(data_, settings);
  }

  TrainingData& data_;
  std::vector<Example> all_;  // to learn from, before some are held out
  Bundle bundle_;
  Progress& progress_;
};

Figures figures_of(const Json& evaluation, const Columns& columns) {
  const std::vector<double> tiou = evaluation.at("tiou"), mAP = evaluation.at("mAP");
  Figures figures;
  for (const double threshold : columns.tiou) {
    const auto at = std::ranges::find(tiou, threshold) - tiou.begin();
    figures.mAP.push_back(mAP.at(static_cast<std::size_t>(at)));
  }
  figures.average = evaluation.at("averages").at(columns.range);
  return figures;
}

Results run_trainings(const AblateOptions& options, TrainingData& data, const Bundle& bundle,
                      Progress::Mode mode, Io& io) {
  const std::vector<TrainingSettings> trainings = trainings_of(options);
  Progress progress(io.err, mode, trainings.size());
  Trainer trainer(data, bundle, progress);
  trainer.expect_same(trainings);
  Results results;
  for (const TrainingSettings& settings : trainings) {
    const std::string name =
        fs::relative(settings.directory, options.base.directory).generic_string();
    spdlog::info("training {} of {}: {}", results.size() + 1, trainings.size(), name);
    const Figures figures = within(
        name, [&] { return figures_of(trainer.result(settings), columns_of(settings.preset)); });
    spdlog::info("{}: mAP {} on the test videos", name, percent(figures.average));
    results[settings.directory] = figures;
  }
  return results;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
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
  return base.preset == "thumos14" ? row.paper : std::nullopt;
}

RowFigures row_figures(const AblationRow& row, const AblateOptions& options,
                       const Results& results) {
  std::vector<Figures> of_seeds;
  std::vector<double> averages;
  for (int nth = 0; nth < options.seeds; ++nth) {
    of_seeds.push_back(results.at(training_of(row, options.base, nth).directory));
    averages.push_back(of_seeds.back().average);
  }
  RowFigures figures;
  for (std::size_t column = 0; column < of_seeds.front().mAP.size(); ++column) {
    std::vector<double> of_column;
    for (const Figures& one : of_seeds) of_column.push_back(one.mAP[column]);
    figures.mean.mAP.push_back(mean(of_column));
  }
  figures.mean.average = mean(averages);
  figures.deviation = deviation(averages);
  figures.paper = paper_average(row, options.base);
  return figures;
}

std::string as_table(const AblationTable& ablation, const AblateOptions& options,
                     const Results& results) {
  const Columns columns = columns_of(options.base.preset);
  Strings names;
  for (const AblationRow& row : ablation.rows) names.push_back(row.name);
  TextTable table(ablation.title, names);
  for (const double threshold : columns.tiou) table.add(Json(threshold).dump());
  table.add(columns.range);
  if (options.seeds > 1) table.add("deviation");
  table.add("paper");
  for (const AblationRow& row : ablation.rows) {
    const RowFigures figures = row_figures(row, options, results);
    table.start_row(row.name);
    for (const double value : figures.mean.mAP) table.add(value);
    table.add(figures.mean.average);
    if (options.seeds > 1) table.add(figures.deviation);
    table.add(figures.paper ? percent(*figures.paper) : "");
  }
  return table.text();
}

Json as_json(const AblationTable& ablation, const AblateOptions& options, const Results& results) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  Json rows = Json::array();
  for (const AblationRow& row : ablation.rows) {
    const RowFigures figures = row_figures(row, options, results);
    Json seeds = Json::array();
    for (int nth = 0; nth < options.seeds; ++nth) {
      const TrainingSettings training = training_of(row, options.base, nth);
      const Figures& of_seed = results.at(training.directory);
      seeds.push_back({{"seed", training.options.seed},
                       {"directory", training.directory.string()},
                       {"mAP", of_seed.mAP},
                       {"average", of_seed.average}});
    }
    rows.push_back({{"name", row.name},
                    {"settings", changes(options.base.options, row)},
                    {"mAP", figures.mean.mAP},
                    {"average", figures.mean.average},
                    {"deviation", or_null(figures.deviation)},
                    {"paper", or_null(figures.paper)},
                    {"seeds", seeds}});
  }
  return {{"name", ablation.name}, {"title", ablation.title}, {"rows", rows}};
}

void print_json(const AblateOptions& options, const TrainingData& data, const Results& results,
                std::ostream& out) {
  const Columns columns = columns_of(options.base.preset);
  Json tables = Json::array();
  for (const AblationTable& table : options.tables) {
    tables.push_back(as_json(table, options, results));
  }
  out << to_text({{"schema", "co2net.ablation/1"},
                  {"options", to_json(options.base.options)},
                  {"select", options.base.select},
                  {"protocol", "co2net"},
                  {"subset", data.test_subset},
                  {"videos", data.test.size()},
                  {"tiou", columns.tiou},
                  {"average_over", columns.range},
                  {"tables", tables}})
      << "\n";
}

void print_tables(const AblateOptions& options, const TrainingData& data, const Results& results,
                  std::ostream& out) {
  out << "mAP of segments on " << data.test.size() << " videos of the subset " << data.test_subset
      << ", protocol co2net";
  if (options.seeds > 1) out << ", mean of " << options.seeds << " seeds";
  out << "\n";
  for (const AblationTable& table : options.tables) {
    out << "\n" << as_table(table, options, results);
  }
}

int run_ablate(const po::variables_map& args, Io& io) {
  const AblateOptions options = parse_ablate_options(args);
  use_threads(options.base.threads);
  TrainingData data = read_benchmark(args, options.base);
  expect_test_videos(data, options.base.preset);
  Bundle bundle;
  bundle.name = "co2net-" + options.base.preset;
  bundle.recipe = features_recipe(args, data, std::nullopt);
  const auto mode = progress_mode(args["progress"].as<std::string>(), io.err_is_terminal);
  const Results results = run_trainings(options, data, bundle, mode, io);
  (options.as_json ? print_json : print_tables)(options, data, results, io.out);
  return 0;
}

}  // namespace

const Command kAblateCommand = {"ablate", add_ablate_options, run_ablate};

}  // namespace co2net
