#include <gtest/gtest.h>

#include <algorithm>
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

// Both sides of each claim of settings.sh, which has them as "ROW>OTHER" in one line.
std::set<std::string> claimed_rows() {
  std::istringstream file(read_file(CO2NET_BENCHMARK_SETTINGS));
  std::set<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("claims=(")) continue;
    std::ranges::replace_if(
        line, [](char c) { return c == '"' || c == '>' || c == ')'; }, ' ');
    std::istringstream words(line.substr(line.find('(') + 1));
    for (std::string row; words >> row;) rows.insert(row);
  }
  return rows;
}

TEST(BenchmarkRows, HaveTenSeedsWhereAClaimRestsOnThem) {
  std::set<std::string> want = claimed_rows(), found;
  EXPECT_EQ(want.size(), 7u);
  for (const Row& row : read_rows()) {
    if (row.seeds == 10) found.insert(row.name);
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
