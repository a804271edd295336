#include <boost/program_options.hpp>

#include "cli/commands/extraction_options.h"
#include "cli/commands/segments_of_files.h"
#include "cli/options.h"
#include "cli/workflows/localize_features.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_localize_options(po::options_description& options) {
  add_segments_of_files_options(options);
  add_threads_option(options);
  add_device_option(options, "where CO2-Net runs: auto, cpu, cuda or cuda:N");
  options.add_options()("annotations", po::value<std::string>()->value_name("FILE|DIR"),
                        "annotations of the videos of packed files of features, which are in "
                        "their order, or of those of folders that are wanted");
  add_save_scores_option(options);
}

int run_localize(const po::variables_map& args, Io& io) {
  FileInputs inputs;
  inputs.options = parse_video_options(args);
  inputs.localizes = true;
  LocalizeFeaturesJob job;
  job.threads = inputs.options.threads;
  job.device = parse_device(args);
  job.scores = parse_save_scores(args);
  std::optional<FeatureSet> annotated;
  if (const auto annotations = optional_value<std::string>(args, "annotations")) {
    parse_arguments(args, "FEATURES");
    const std::vector<fs::path> features = parse_paths(args, "input");
    for (const fs::path& path : features) {
      expect_no_input_at(inputs.options.stats, {{path, ""}}, "--stats");
    }
    job.packed = &annotated.emplace(annotated_features(features, *annotations));
    inputs.taken = shared_out(annotated_inputs(*annotated), inputs.options);
  } else {
    inputs.taken = parse_inputs(args, "FEATURES", {".npy"}, inputs.options, io.in);
  }
  return write_segments_of_files(args, io, inputs,
                                 [&](const FilesJob& files, const InputSource& source, Stats& stats,
                                     const ResultReceiver& receiver, const Observer& observer) {
                                   job.files = files;
                                   return localize_features(job, source, stats, receiver, observer);
                                 });
}

}  // namespace

const Command kLocalizeCommand = {"localize", add_localize_options, run_localize};

}  // namespace co2net
