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
  bool out_is_terminal = false;
};

// A row of the help. It has every command; which ones a program can do itself is another matter.
struct CommandHelp {
  std::string_view name;
  std::string_view arguments;
  std::string_view summary;
};
extern const std::vector<CommandHelp> kCommandHelp;
// What is said of the whole.
inline constexpr const char* kSummary = "which actions happen in a video, from when to when";
struct ExitCode {
  int number;
  std::string_view meaning;
};
inline constexpr ExitCode kExitCodes[] = {{0, "all done"},
                                          {1, "some or all inputs failed"},
                                          {2, "usage, or no input found"},
                                          {3, "nothing could be done: model missing, disk full"},
                                          {130, "interrupted"}};

// What a command does. `run` returns the exit code: 0, or 1 if some inputs failed; other failures
// are exceptions, which run_cli turns into codes.
struct Command {
  std::string_view name;
  void (*add_options)(boost::program_options::options_description& options);
  int (*run)(const boost::program_options::variables_map& args, Io& io);
};

// Those of a command, after those that every command takes.
boost::program_options::options_description options_of(const Command& command);

extern const Command kRunCommand, kExtractCommand, kFlowCommand, kLocalizeCommand, kProposeCommand,
    kTrainCommand, kAblateCommand, kImportCommand, kEvalCommand, kConvertCommand, kMergeCommand,
    kPackCommand, kUnpackCommand, kInspectCommand, kExplainCommand, kSuggestCommand, kCacheCommand,
    kProbeCommand, kReportCommand, kRenderCommand, kCompletionCommand, kManualCommand,
    kDoctorCommand;

// One of the program's two halves (cli/halves.h).
struct Program {
  std::vector<const Command*> commands;
  // What it computes with, a line a library; null in the half that has none of them.
  std::string (*libraries)() = nullptr;
};

// The commands that need neither networks nor videos, hence none of the large libraries, and all.
const Program& light_program();
const Program& full_program();

// Does what the arguments say. A command that the light program does not have is left to the full
// one, which replaces this process. Exit codes: 0 all done; 1 some or all inputs failed; 2 usage,
// or no input found; 3 nothing could be done; 130 interrupted.
int run_cli(const Program& program, const std::vector<std::string>& arguments, Io io);

}  // namespace co2net
