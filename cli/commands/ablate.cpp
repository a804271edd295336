#include <algorithm>
#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/commands/training_options.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/ablation.h"
#include "pipeline/base/error.h"
#include "pipeline/base/json.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

Strings names_of_tables(const std::vector<AblationTable>& tables) {
  Strings names;
  for (const AblationTable& table : tables) names.push_back(table.name);
  return names;
}

void add_ablate_options(po::options_description& options) {
  add_dataset_options(options);
  add_train_subset_option(options);
  options.add_options()("recipe", po::value<std::string>()->value_name("NAME"),
                        "how the features were made, where no sidecar says it (an error if one "
                        "says otherwise)");
  options.add_options()("table", po::value<Strings>()->composing()->value_name("NAME"),
                        ("a comparison to make: " + joined(names_of_tables(ablation_tables())) +
                         ", or all (the default); of a W-TALC losses alone; repeatable")
                            .c_str())  //
      ("seeds", po::value<int>()->value_name("N")->default_value(1),
       "train each row with N seeds, --seed and the following, each with its own held-out share; "
       "figures are means, the deviation is that of a sample");
  add_training_options(options, "where to learn: auto, cpu, cuda or cuda:N");
  options.add_options()("output,o", po::value<std::string>()->value_name("DIR"),
                        "folder for a bundle and its result.json a training, to go on from after "
                        "an interruption; a finished training's state, which is several times as "
                        "large as its model, is deleted")  //
      ("json", po::bool_switch(), "JSON with fractions instead of tables with percent");
}

std::vector<AblationTable> parse_tables(const po::variables_map& args, NetworkKind kind) {
  const bool is_wtalc = kind == NetworkKind::kWtalc;
  const auto& all_tables = is_wtalc ? wtalc_ablation_tables() : ablation_tables();
  const Strings wanted = args.count("table") > 0 ? args["table"].as<Strings>() : Strings{"all"};
  const Strings known = names_of_tables(all_tables);
  for (const std::string& name : wanted) {
    if (name == "all" || std::ranges::find(known, name) != known.end()) continue;
    Strings allowed = known;
    allowed.emplace_back("all");
    throw Error(ErrorKind::kUsage,
                (is_wtalc ? "--table of a W-TALC: " : "--table: ") + not_one_of(name, allowed));
  }
  std::vector<AblationTable> tables;
  for (const AblationTable& table : all_tables) {
    const bool is_wanted = std::ranges::any_of(
        wanted, [&](const std::string& name) { return name == "all" || name == table.name; });
    if (is_wanted) tables.push_back(table);
  }
  return tables;
}

AblationJob parse_job(const po::variables_map& args) {
  AblationJob job;
  job.base = parse_training(args);
  job.tables = parse_tables(args, job.base.options.kind);
  job.base.device = parse_device(args);
  job.seeds = args["seeds"].as<int>();
  job.data = parse_dataset(args);
  return job;
}

std::string as_table(const AblationTableResult& result, const AblationJob& job,
                     const AblationResult& all) {
  Strings names;
  for (const AblationRowResult& row : result.rows) names.push_back(row.name);
  TextTable table(result.title, names);
  for (const double threshold : all.tiou) table.add(Json(threshold).dump());
  table.add(all.range);
  if (job.seeds > 1) table.add("deviation");
  table.add("paper");
  for (const AblationRowResult& row : result.rows) {
    table.start_row(row.name);
    for (const double value : row.mean.mAP) table.add(value);
    table.add(row.mean.average);
    if (job.seeds > 1) table.add(row.deviation);
    table.add(row.paper ? percent(*row.paper) : "");
  }
  return table.text();
}

void print_tables(const AblationResult& result, const AblationJob& job, std::ostream& out) {
  out << "mAP of segments on " << result.videos << " videos of the subset "
      << printable(result.test_subset) << ", protocol co2net";
  if (job.seeds > 1) out << ", mean of " << job.seeds << " seeds";
  out << "\n";
  for (const AblationTableResult& table : result.tables) {
    out << "\n" << as_table(table, job, result);
  }
}

Json as_json(const AblationRowResult& row) {
  const auto or_null = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json();
  };
  Json seeds = Json::array();
  for (const AblationSeed& seed : row.seeds) {
    seeds.push_back({{"seed", seed.seed},
                     {"directory", seed.directory.string()},
                     {"mAP", seed.figures.mAP},
                     {"average", seed.figures.average}});
  }
  return {{"name", row.name},
          {"settings", row.settings},
          {"mAP", row.mean.mAP},
          {"average", row.mean.average},
          {"deviation", or_null(row.deviation)},
          {"paper", or_null(row.paper)},
          {"seeds", seeds}};
}

void print_json(const AblationResult& result, const AblationJob& job, std::ostream& out) {
  Json tables = Json::array();
  for (const AblationTableResult& table : result.tables) {
    Json rows = Json::array();
    for (const AblationRowResult& row : table.rows) rows.push_back(as_json(row));
    tables.push_back({{"name", table.name}, {"title", table.title}, {"rows", rows}});
  }
  out << to_text({{"schema", "co2net.ablation/1"},
                  {"options", to_json(job.base.options, /*has_background=*/true)},
                  {"select", job.base.select},
                  {"protocol", "co2net"},
                  {"subset", result.test_subset},
                  {"videos", result.videos},
                  {"tiou", result.tiou},
                  {"average_over", result.range},
                  {"tables", tables}})
      << "\n";
}

int run_ablate(const po::variables_map& args, Io& io) {
  const AblationJob job = parse_job(args);
  Progress progress(io.err, parse_progress(args, io));
  const AblationResult result = ablate(job, progress.observer());
  if (args["json"].as<bool>()) {
    print_json(result, job, io.out);
  } else {
    print_tables(result, job, io.out);
  }
  return 0;
}

}  // namespace

const Command kAblateCommand = {"ablate", add_ablate_options, run_ablate};

}  // namespace co2net
