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

void add_pack_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE.npy"),
                        "file to write");
  add_order_option(options);
  options.add_options()("allow-missing", po::bool_switch(),
                        "let videos without features be arrays [0, 2D] instead of an error");
  add_progress_option(options);
}

int run_pack(const po::variables_map& args, Io& io) {
  PackJob job;
  job.folder = parse_argument(args, "FEATURES_DIR");
  job.packed = parse_output(args);
  if (job.packed.empty()) {
    throw Error(ErrorKind::kUsage,
                "no output: give a file with -o FILE.npy; packed features do not go to standard "
                "output");
  }
  job.annotations = parse_order(args);
  job.allow_missing = args["allow-missing"].as<bool>();
  Progress progress(io.err, parse_progress(args, io));
  const PackedFeatures packed = pack_features(job, progress.observer());
  spdlog::info("{}, {}", counted(packed.videos, "videos"), counted(packed.columns, "columns"));
  return 0;
}

}  // namespace

const Command kPackCommand = {"pack", add_pack_options, run_pack};

}  // namespace co2net
