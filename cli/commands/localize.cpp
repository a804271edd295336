#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/commands/segments_of_files.h"
#include "cli/options.h"
#include "cli/workflows/localize_features.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_localize_options(po::options_description& options) {
  add_segments_of_files_options(options);
  add_threads_option(options);
  add_device_option(options);
  options.add_options()(
      "save-scores", po::value<std::string>()->value_name("DIR"),
      "also write each video's cas and attention (.npz, with a .npz.json beside it)");
}

int run_localize(const po::variables_map& args, Io& io) {
  const auto localize = [&](const FilesJob& files, const InputSource& inputs,
                            const ResultReceiver& receiver) {
    LocalizeFeaturesJob job;
    job.files = files;
    job.threads = parse_video_options(args).threads;
    job.device = parse_device(args);
    job.scores = optional_value<std::string>(args, "save-scores").value_or("");
    return localize_features(job, inputs, receiver);
  };
  return write_segments_of_files(args, io, {"FEATURES", ".npy", {kCo2NetFile}}, localize);
}

}  // namespace

const Command kLocalizeCommand = {"localize", add_localize_options, run_localize};

}  // namespace co2net
