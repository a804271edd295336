#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/command_docs.h"
#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/version.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_no_options(po::options_description&) {}

const std::map<std::string, std::string (*)(const std::vector<CommandDoc>&)> kCompletions = {
    {"bash", bash_completion}, {"fish", fish_completion}, {"zsh", zsh_completion}};

int run_completion(const po::variables_map& args, Io& io) {
  const std::string shell = parse_argument(args, "bash, fish or zsh");
  const auto completion = kCompletions.find(shell);
  if (completion == kCompletions.end()) {
    throw Error(ErrorKind::kUsage, "completion: " + not_one_of(shell, {"bash", "fish", "zsh"}));
  }
  io.out << completion->second(command_docs(full_program()));
  return 0;
}

void add_manual_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("DIR"),
                        "write all pages into this folder, co2net.1 and co2net-COMMAND.1");
}

void write_pages(const std::vector<CommandDoc>& commands, const fs::path& folder) {
  write_file(folder / "co2net.1", manual_page(commands, version()));
  for (const CommandDoc& command : commands) {
    write_file(folder / (manual_page_name(command.help.name) + ".1"),
               manual_page(command, version()));
  }
}

const CommandDoc& doc_of(const std::string& name, const std::vector<CommandDoc>& commands) {
  std::vector<std::string> names;
  for (const CommandDoc& command : commands) {
    if (command.help.name == name) return command;
    names.emplace_back(command.help.name);
  }
  throw Error(ErrorKind::kUsage, "manual: " + not_one_of(name, names));
}

int run_manual(const po::variables_map& args, Io& io) {
  const std::vector<CommandDoc> commands = command_docs(full_program());
  if (args.count("output") > 0) {
    if (args.count("input") > 0) {
      throw Error(ErrorKind::kUsage, "manual: -o DIR gets all pages; leave out the command");
    }
    write_pages(commands, parse_directory(args));
  } else if (args.count("input") > 0) {
    io.out << manual_page(doc_of(parse_argument(args, "COMMAND"), commands), version());
  } else {
    io.out << manual_page(commands, version());
  }
  return 0;
}

}  // namespace

const Command kCompletionCommand = {"completion", add_no_options, run_completion};
const Command kManualCommand = {"manual", add_manual_options, run_manual};

}  // namespace co2net
