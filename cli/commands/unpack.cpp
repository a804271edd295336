#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/pack.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_unpack_options(po::options_description& options) {
  add_directory_option(options);
  add_order_option(options);
  add_recipe_options(options, true);
  add_progress_option(options);
}

// How the features were made, if the user knows it: the packed file does not say.
std::optional<Recipe> parse_known_recipe(const po::variables_map& args) {
  if (args.count("recipe") > 0) {
    const Recipe recipe = parse_recipe(args, {});
    if (recipe.fps != "source") return recipe;
    throw Error(ErrorKind::kUsage,
                "--recipe: " + recipe.name +
                    " keeps each video's own rate, which a packed file does not say; leave out "
                    "--recipe, or name the rate with --recipe-set fps=N");
  }
  if (args.count("recipe-set") > 0) {
    throw Error(ErrorKind::kUsage, "--recipe-set changes a recipe: name it with --recipe");
  }
  spdlog::warn(
      "nothing says by which recipe the features were made; where you know it, name it with "
      "--recipe, so that it is kept beside them");
  return std::nullopt;
}

int run_unpack(const po::variables_map& args, Io& io) {
  const UnpackJob job = {parse_argument(args, "FILE.npy"), parse_order(args), parse_directory(args),
                         parse_known_recipe(args)};
  Progress progress(io.err, parse_progress(args, io));
  const PackedFeatures unpacked = unpack_features(job, progress.observer());
  spdlog::info("{}, {}", counted(unpacked.videos, "videos"), counted(unpacked.columns, "columns"));
  return 0;
}

}  // namespace

const Command kUnpackCommand = {"unpack", add_unpack_options, run_unpack};

}  // namespace co2net
