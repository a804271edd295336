// co2net_claims: by how much one row of trainings is better than another, with intervals from draws
// of seeds and videos together that are widened for the number of claims.

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "samples/benchmark/paired_bootstrap.h"
#include "samples/benchmark/ranking_file.h"
#include "samples/program.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

Row read_row(const fs::path& folder, int seeds) {
  Row row;
  for (int seed = 1; seed <= seeds; ++seed) {
    row.push_back(read_ranking(folder / ("seed-" + std::to_string(seed) + ".ranking")).ranking);
  }
  return row;
}

void run(const po::variables_map& args) {
  const fs::path results = args["results"].as<std::string>();
  const auto claims = args["claim"].as<std::vector<std::string>>();
  const int seeds = args["seeds"].as<int>();
  BootstrapOptions options;
  options.claims = static_cast<int>(claims.size());
  options.resamples = args["resamples"].as<int>();
  options.seed = parse_seed(args);
  if (seeds < 1 || options.resamples < 1) {
    throw po::error("--seeds and --resamples must be at least 1");
  }
  Json found = Json::array();
  for (const std::string& claim : claims) {
    const std::size_t over = claim.find('>');
    if (over == std::string::npos) throw po::error("--claim must be ROW>OTHER");
    const std::string row = claim.substr(0, over), other = claim.substr(over + 1);
    const Difference by =
        difference(read_row(results / row, seeds), read_row(results / other, seeds), options);
    found.push_back({{"row", row},
                     {"other", other},
                     {"difference", by.value},
                     {"interval", {by.low, by.high}},
                     {"excludes_zero", by.excludes_zero()}});
  }
  std::cout << Json({{"schema", "co2net.claims/1"},
                     {"seeds", seeds},
                     {"resamples", options.resamples},
                     {"confidence", options.confidence},
                     {"claims", found}})
                   .dump(1)
            << '\n';
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("results", po::value<std::string>()->value_name("DIR")->required(),
       "a folder a row, with seed-1.ranking and so on, as co2net_rank writes them")  //
      ("claim",
       po::value<std::vector<std::string>>()->composing()->required()->value_name("ROW>OTHER"),
       "that the one row is better than the other; repeatable, all that are made together")      //
      ("seeds", po::value<int>()->value_name("N")->default_value(10), "of each row, from 1 on")  //
      ("resamples", po::value<int>()->value_name("N")->default_value(10'000),
       "draws of seeds and videos");
  add_seed_option(options, "of the draws");
  return {"co2net_claims", "--results DIR --claim ROW>OTHER", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
