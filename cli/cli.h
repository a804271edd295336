#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// Where a command reads and writes; tests pass string streams.
struct Io {
  std::istream& in;
  std::ostream& out;  // results only
  std::ostream& err;  // log and progress
  bool err_is_terminal = false;
};

// A row of the program's table. `run` returns the exit code: 0, or 1 if some inputs failed; other
// failures are exceptions, which run_cli turns into codes.
struct Command {
  std::string_view name;
  std::string_view arguments;  // as the help shows them
  std::string_view summary;
  void (*add_options)(boost::program_options::options_description& options);
  int (*run)(const boost::program_options::variables_map& args, Io& io);
};

// Exit codes: 0 all done; 1 some or all inputs failed; 2 usage, or no input found; 3 nothing could
// be done; 130 interrupted.
int run_cli(const std::vector<std::string>& arguments, Io io);

extern const Command kRunCommand, kExtractCommand, kFlowCommand, kLocalizeCommand, kProposeCommand,
    kTrainCommand, kAblateCommand, kImportCommand, kEvalCommand, kConvertCommand, kPackCommand,
    kUnpackCommand, kInspectCommand, kExplainCommand, kCacheCommand, kProbeCommand;

}  // namespace co2net
