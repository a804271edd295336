// co2net_claims: by how much one row of trainings is better than another, with intervals from draws
// of seeds and videos together that are widened for the number of claims.

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "samples/benchmark/paired_bootstrap.h"
#include "samples/benchmark/ranking_file.h"
#include "samples/highlights/highlights.h"
#include "samples/program.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

// One training's, of samples/highlights.sh.
Precisions read_precisions(const fs::path& path) {
  const Json result = parse_json(read_file(path), path.string(), ErrorKind::kInput);
  return within(path.string(),
                [&] { return json_at<Precisions>(result, "videos", ErrorKind::kInput); });
}

// What `read` has of a row's file of each seed.
template <class Read>
auto read_row(int seeds, const Read& read) {
  std::vector<decltype(read(1))> row;
  for (int seed = 1; seed <= seeds; ++seed) row.push_back(read(seed));
  return row;
}

Row read_rankings(const fs::path& folder, const std::string& protocol, int seeds) {
  return read_row(seeds, [&](int seed) {
    return read_ranking(folder / ("seed-" + std::to_string(seed) + "." + protocol + ".ranking"))
        .ranking;
  });
}

std::vector<Precisions> read_highlights(const fs::path& results, const std::string& row,
                                        int seeds) {
  return read_row(seeds, [&](int seed) {
    return read_precisions(results / (row + "-" + std::to_string(seed) + ".json"));
  });
}

Difference difference_of(const std::string& row, const std::string& other,
                         const po::variables_map& args, const BootstrapOptions& options) {
  const fs::path results = args["results"].as<std::string>();
  const int seeds = args["seeds"].as<int>();
  const auto of = args["of"].as<std::string>();
  if (of == "highlights") {
    return difference(read_highlights(results, row, seeds), read_highlights(results, other, seeds),
                      options);
  }
  return difference(read_rankings(results / row, of, seeds),
                    read_rankings(results / other, of, seeds), options);
}

void run(const po::variables_map& args) {
  const auto claims = args["claim"].as<std::vector<std::string>>();
  const auto of = args["of"].as<std::string>();
  BootstrapOptions options;
  options.claims = static_cast<int>(claims.size());
  options.resamples = args["resamples"].as<int>();
  options.seed = parse_seed(args);
  if (args["seeds"].as<int>() < 1 || options.resamples < 1) {
    throw po::error("--seeds and --resamples must be at least 1");
  }
  if (of != "activitynet" && of != "thumos" && of != "highlights") {
    throw po::error("--of must be activitynet, thumos or highlights");
  }
  Json found = Json::array();
  for (const std::string& claim : claims) {
    const std::size_t over = claim.find('>');
    if (over == std::string::npos) throw po::error("--claim must be ROW>OTHER");
    const std::string row = claim.substr(0, over), other = claim.substr(over + 1);
    const Difference by = difference_of(row, other, args, options);
    found.push_back({{"row", row},
                     {"other", other},
                     {"difference", by.value},
                     {"interval", {by.low, by.high}},
                     {"excludes_zero", by.excludes_zero()}});
  }
  std::cout << Json({{"schema", "co2net.claims/1"},
                     {"of", of},
                     {"seeds", args["seeds"].as<int>()},
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
       "what the trainings left")  //
      ("of", po::value<std::string>()->value_name("WHAT")->default_value("activitynet"),
       "activitynet, thumos: mAP of ROW/seed-1.activitynet.ranking and so on, as co2net_rank "
       "writes "
       "them; highlights: the mean over domains of ROW-1.json and so on, as samples/highlights.sh "
       "leaves them")  //
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
