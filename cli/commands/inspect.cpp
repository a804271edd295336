#include <spdlog/spdlog.h>

#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/formats/listing.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

int run_inspect(const po::variables_map& args, Io& io) {
  const VideoOptions options = parse_video_options(args);
  const ShardedInputs inputs = parse_inputs(
      args, "FILE", {".pt", ".pth", ".pkl", ".npy", ".npz", ".safetensors"}, options, io.in);
  int code = 0;
  for (const Input& input : inputs.files) {
    throw_if_interrupted();
    try {
      io.out << listing(input.path);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::kInterrupted) throw;
      spdlog::error("{}", e.what());  // which names the file
      code = 1;
      if (options.fail_fast) break;
    }
  }
  return code;
}

}  // namespace

const Command kInspectCommand = {"inspect", add_input_options, run_inspect};

}  // namespace co2net
