#include "cli/workflows/propose.h"

#include "cli/commands/segments_of_files.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

int run_propose(const po::variables_map& args, Io& io) {
  FileInputs inputs;
  inputs.options = parse_video_options(args);
  inputs.taken = parse_inputs(args, "SCORES", {".npz"}, inputs.options, io.in);
  return write_segments_of_files(args, io, inputs, propose_segments);
}

}  // namespace

const Command kProposeCommand = {"propose", add_segments_of_files_options, run_propose};

}  // namespace co2net
