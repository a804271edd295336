#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "cli/workflows/ablation_tables.h"
#include "localizer/training_options.h"
#include "pipeline/base/files.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

struct Row {
  std::string name;
  int seeds = 0;
  Strings settings;
};

std::vector<Row> read_rows() {
  std::istringstream file(read_file(CO2NET_BENCHMARK_ROWS));
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    Row row;
    words >> row.name >> row.seeds;
    for (std::string setting; words >> setting;) row.settings.push_back(setting);
    rows.push_back(row);
  }
  return rows;
}

std::string outcome(const Strings& settings) {
  return to_json(with_settings(training_preset(Variant::kThumos14), settings)).dump();
}

// All but main/main of the context, which is rgb/rgb + flow/flow of the modality by another name.
TEST(BenchmarkRows, AreAllOfThePapersComparisons) {
  std::set<std::string> want, found;
  for (const AblationTable& table : ablation_tables()) {
    for (const AblationRow& row : table.rows) {
      if (row.name != "main/main") want.insert(outcome(row.settings));
    }
  }
  for (const Row& row : read_rows()) {
    if (row.name != "wtalc") found.insert(outcome(row.settings));
  }
  EXPECT_EQ(found, want);
}

TEST(BenchmarkRows, HaveNamesOfTheirOwnAndSeeds) {
  std::set<std::string> names;
  for (const Row& row : read_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.seeds == 5 || row.seeds == 10) << row.name;
  }
  EXPECT_TRUE(names.contains("full"));
  EXPECT_TRUE(names.contains("wtalc"));
}

}  // namespace
}  // namespace co2net
