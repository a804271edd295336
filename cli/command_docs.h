#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"

namespace co2net {

// What is told about an option.
struct OptionDoc {
  std::string name;    // without dashes
  std::string letter;  // of its short form; empty: it has none
  std::string value;   // "DIR", "WHERE (=auto)"; empty: it takes none
  std::string text;
};

struct CommandDoc {
  CommandHelp help;
  std::vector<OptionDoc> options;
};

// In the order of the help.
std::vector<CommandDoc> command_docs(const Program& program);

// What shells complete commands and options by; words that are neither are names of files.
std::string bash_completion(const std::vector<CommandDoc>& commands);
std::string zsh_completion(const std::vector<CommandDoc>& commands);
std::string fish_completion(const std::vector<CommandDoc>& commands);

// Pages of the manual, section 1, in the man macros of roff: of the program, which lists its
// commands and has the topics of its help, and of one command.
std::string manual_page(const std::vector<CommandDoc>& commands, std::string_view version);
std::string manual_page(const CommandDoc& command, std::string_view version);
// What the page of a command is called: "co2net-run".
std::string manual_page_name(std::string_view command);

}  // namespace co2net
