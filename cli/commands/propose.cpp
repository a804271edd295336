#include "cli/workflows/propose.h"

#include <algorithm>
#include <boost/program_options.hpp>

#include "cli/commands/segments_of_files.h"
#include "cli/workflows/merged_folders.h"
#include "pipeline/base/error.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

// Of several folders, each is a part of what one process would have saved.
ShardedInputs parse_scores(const po::variables_map& args, const VideoOptions& options, Io& io) {
  const std::vector<std::string> arguments = parse_arguments(args, "SCORES");
  const auto is_folder = [](const std::string& argument) { return fs::is_directory(argument); };
  if (arguments.size() < 2 || !std::ranges::all_of(arguments, is_folder)) {
    return parse_inputs(args, "SCORES", {".npz"}, options, io.in);
  }
  std::vector<Input> inputs = merged_scores({arguments.begin(), arguments.end()});
  if (inputs.empty()) throw Error(ErrorKind::kUsage, "no input found: the folders have no scores");
  expect_no_input_at(options.stats, inputs, "--stats");
  return shared_out(std::move(inputs), options);
}

int run_propose(const po::variables_map& args, Io& io) {
  FileInputs inputs;
  inputs.options = parse_video_options(args);
  inputs.taken = parse_scores(args, inputs.options, io);
  return write_segments_of_files(args, io, inputs, propose_segments);
}

}  // namespace

const Command kProposeCommand = {"propose", add_segments_of_files_options, run_propose};

}  // namespace co2net
