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

// A page of the manual, section 1, in the man macros of roff.
std::string manual_page(const std::vector<CommandDoc>& commands, std::string_view version);

}  // namespace co2net
