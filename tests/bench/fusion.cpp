// Compares ways of fusing the modalities on planted actions (tests/planted.h): trains each with
// several seeds, of the data and the network alike, and prints the mAP of segments on the test
// videos, averaged over the thresholds 0.1:0.1:0.7, with its standard deviation over the seeds.
//   co2net_bench_fusion [SEEDS [SETTING=VALUE...]]

#include <cstdio>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/base/statistics.h"
#include "tests/planted.h"

namespace {

// In percent.
double figure(co2net::Fusion fusion, std::uint64_t seed, const std::vector<std::string>& settings) {
  const co2net::TempDir dir;
  const co2net::test::PlantedActions planted =
      co2net::test::plant_actions(dir.path() / "planted.npy", seed);
  co2net::TrainingOptions options = co2net::test::planted_options();
  options.seed = seed;
  options.ablation.fusion = fusion;
  for (const std::string& setting : settings) options = co2net::with_setting(options, setting);
  const co2net::Co2Net model = co2net::test::train_on(planted, options, dir.path() / "training", 2);
  return 100 * co2net::evaluate_on_test(model, planted.dataset, planted.split, options.compat,
                                        co2net::selection_tiou(co2net::Variant::kThumos14))
                   .average;
}

}  // namespace

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::stoi(argv[1]) : 5;
  const std::vector<std::string> settings(argv + std::min(argc, 2), argv + argc);
  for (const co2net::Fusion fusion : {co2net::Fusion::kCcm, co2net::Fusion::kConcat}) {
    const std::string name = name_of(fusion);
    std::vector<double> figures;
    for (int seed = 1; seed <= seeds; ++seed) {
      figures.push_back(figure(fusion, static_cast<std::uint64_t>(seed), settings));
      std::printf("%s, seed %d: mAP %.1f\n", name.c_str(), seed, figures.back());
      std::fflush(stdout);
    }
    std::printf("%s: mean %.1f, deviation %.1f\n", name.c_str(), co2net::mean(figures),
                co2net::deviation(figures).value_or(0));
  }
}
