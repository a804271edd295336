#include <map>
#include <string>
#include <vector>

#include "cli/command_docs.h"
#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/version.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_no_options(po::options_description&) {}

const std::map<std::string, std::string (*)(const std::vector<CommandDoc>&)> kCompletions = {
    {"bash", bash_completion}, {"fish", fish_completion}, {"zsh", zsh_completion}};

int run_completion(const po::variables_map& args, Io& io) {
  const std::string shell = parse_argument(args, "bash, fish or zsh");
  const auto completion = kCompletions.find(shell);
  if (completion == kCompletions.end()) {
    throw Error(ErrorKind::kUsage, "completion: '" + shell + "' is not one of bash, fish, zsh");
  }
  io.out << completion->second(command_docs(full_program()));
  return 0;
}

int run_manual(const po::variables_map& args, Io& io) {
  if (args.count("input") > 0) throw Error(ErrorKind::kUsage, "manual: takes no arguments");
  io.out << manual_page(command_docs(full_program()), version());
  return 0;
}

}  // namespace

const Command kCompletionCommand = {"completion", add_no_options, run_completion};
const Command kManualCommand = {"manual", add_no_options, run_manual};

}  // namespace co2net
