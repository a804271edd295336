// Makes a model bundle of random weights, for the demo and for tests of the pipeline: the networks
// have their real structure, but their labels and scores mean nothing.

#include <boost/program_options.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "extractors/i3d/i3d_network.h"
#include "localizer/co2net.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/stages/recipe.h"
#include "samples/drawing/motions.h"
#include "samples/program.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

struct BundleOptions {
  fs::path directory;
  double width = 1;
  std::uint64_t seed = 1;
  Variant variant = Variant::kThumos14;
};

void make_bundle(const BundleOptions& options) {
  Bundle bundle;
  bundle.directory = options.directory;
  bundle.name = "untrained-" + std::to_string(options.seed);
  bundle.status = BundleStatus::kUntrained;
  for (const Motion& motion : benchmark_motions()) bundle.classes.push_back(motion.label);
  bundle.feature_size = 2 * i3d_feature_size({.channels = 3, .width = options.width});
  bundle.network.variant = options.variant;
  bundle.provenance = {{"made_by", "co2net_make_bundle"},
                       {"weights", "random, untrained"},
                       {"seed", options.seed},
                       {"i3d_width", options.width}};

  fs::create_directories(options.directory);
  save_i3d(bundle.file(kI3dRgbFile), {.channels = 3, .width = options.width},
           he_uniform(options.seed));
  save_i3d(bundle.file(kI3dFlowFile), {.channels = 2, .width = options.width},
           he_uniform(options.seed + 1));
  Co2NetConfig config;
  config.network = bundle.network;
  config.classes = static_cast<int>(bundle.classes.size());
  config.feature_size = bundle.feature_size;
  Co2Net::seeded(config, options.seed).save(bundle.file(kCo2NetFile));
  save_bundle(bundle);
}

void run(const po::variables_map& args) {
  BundleOptions options;
  options.directory = args["output"].as<std::string>();
  options.width = args["width"].as<double>();
  options.seed = parse_seed(args);
  const auto preset = args["preset"].as<std::string>();
  const std::optional<Variant> variant = named<Variant>(preset);
  if (!variant) throw po::error("--preset must be " + wanted_instead_of<Variant>(preset));
  options.variant = *variant;
  make_bundle(options);
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("output,o", po::value<std::string>()->value_name("DIR")->required(),
       "the bundle's folder")  //
      ("width", po::value<double>()->value_name("W")->default_value(1),
       "of I3D: 1 is the published network, 0.25 has a quarter of its channels")  //
      ("preset", po::value<std::string>()->value_name("NAME")->default_value("thumos14"),
       "of the CO2-Net: thumos14 or activitynet1.2");
  add_seed_option(options, "of the weights");
  return {"co2net_make_bundle", "-o DIR", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
