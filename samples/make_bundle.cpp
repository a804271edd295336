// Makes a model bundle of random weights, for the demo and for tests of the pipeline: the networks
// have their real structure, but their labels and scores mean nothing.

#include <boost/program_options.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/bundle.h"
#include "extractors/i3d_network.h"
#include "localizer/co2net.h"
#include "pipeline/error.h"
#include "pipeline/recipe.h"
#include "samples/actions.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

struct BundleOptions {
  fs::path directory;
  double width = 1;
  std::uint64_t seed = 1;
  std::string preset = "thumos14";
};

void make_bundle(const BundleOptions& options) {
  Bundle bundle;
  bundle.directory = options.directory;
  bundle.name = "untrained-" + std::to_string(options.seed);
  bundle.status = "untrained";
  for (const Action& action : all_actions()) bundle.classes.push_back(action.label);
  bundle.feature_size = 2 * i3d_feature_size({.channels = 3, .width = options.width});
  bundle.preset = options.preset;
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
  config.variant = variant_named(options.preset).value();
  config.classes = static_cast<int>(bundle.classes.size());
  config.feature_size = bundle.feature_size;
  Co2Net::seeded(config, options.seed).save(bundle.file(kCo2NetFile));
  save_bundle(bundle);
}

int run(int argc, char** argv) {
  BundleOptions options;
  std::string directory;
  po::options_description description("Usage: co2net_make_bundle -o DIR [OPTIONS]\n\nOptions");
  description.add_options()("help,h", "print this help")                                         //
      ("output,o", po::value(&directory)->value_name("DIR")->required(), "the bundle's folder")  //
      ("width", po::value(&options.width)->value_name("W")->default_value(1),
       "of I3D: 1 is the published network, 0.25 has a quarter of its channels")               //
      ("seed", po::value(&options.seed)->value_name("N")->default_value(1), "of the weights")  //
      ("preset", po::value(&options.preset)->value_name("NAME")->default_value("thumos14"),
       "of the CO2-Net: thumos14 or activitynet1.2");
  try {
    po::variables_map args;
    po::store(po::parse_command_line(argc, argv, description), args);
    if (args.count("help") > 0) {
      std::cout << description;
      return 0;
    }
    po::notify(args);
    if (!variant_named(options.preset)) {
      throw po::error("--preset: '" + options.preset + "' is not one of thumos14, activitynet1.2");
    }
  } catch (const po::error& e) {
    std::cerr << "co2net_make_bundle: " << e.what() << "\n";
    return 2;
  }
  options.directory = directory;
  make_bundle(options);
  return 0;
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) {
  try {
    return co2net::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "co2net_make_bundle: " << e.what() << "\n";
    return 3;
  }
}
