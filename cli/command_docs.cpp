#include "cli/command_docs.h"

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <boost/program_options.hpp>

#include "cli/help_topics.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

OptionDoc doc_of(const po::option_description& option) {
  OptionDoc doc{option.long_name(), "", "", option.description()};
  const std::string letter =
      option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  if (letter.size() == 2 && letter[0] == '-') doc.letter = letter.substr(1);
  if (option.semantic()->max_tokens() > 0) doc.value = option.semantic()->name();
  return doc;
}

// "--model -m"
std::string spellings(const OptionDoc& option) {
  return "--" + option.name + (option.letter.empty() ? "" : " -" + option.letter);
}

std::string names_of(const std::vector<CommandDoc>& commands) {
  std::vector<std::string> names;
  for (const CommandDoc& command : commands) names.emplace_back(command.help.name);
  return boost::join(names, " ");
}

// For a word in single quotes of bash, zsh and fish.
std::string shell_quoted(const std::string& text) {
  return "'" + boost::replace_all_copy(text, "'", R"('\'')") + "'";
}

// What _arguments would read as its own is escaped.
std::string zsh_text(std::string text) {
  for (const char* sign : {"\\", "[", "]", ":"}) {
    boost::replace_all(text, sign, std::string("\\") + sign);
  }
  return text;
}

// '*'{-m,--model}'[text]:DIR:_files'
std::string zsh_option(const OptionDoc& option) {
  const std::string value = option.value.empty() ? "" : ":" + zsh_text(option.value) + ":_files";
  const std::string rest = shell_quoted("[" + zsh_text(option.text) + "]" + value);
  const std::string name = "--" + option.name;
  if (option.letter.empty()) return "'*'" + name + rest;
  return "'*'{-" + option.letter + "," + name + "}" + rest;
}

struct Variable {
  std::string_view name, meaning;
};
constexpr Variable kEnvironment[] = {
    {"XDG_CACHE_HOME", "where the cache lies, in co2net; else in .cache of HOME"},
    {"TMPDIR", "where pipes are copied to where nothing is cached; else /tmp"},
    {"NO_COLOR", "set to anything that is not empty: nothing is coloured"},
    {"TERM", "dumb: no bars, no colours"}};

// What bash, zsh and fish offer behind 'help', and what behind 'manual'.
std::string help_words(const std::vector<CommandDoc>& commands) {
  std::string words = names_of(commands);
  for (const HelpTopic& topic : help_topics()) {
    const auto is_one = [&](const CommandDoc& command) { return command.help.name == topic.name; };
    if (std::ranges::none_of(commands, is_one)) words += " " + std::string(topic.name);
  }
  return words;
}

// Text, not requests, to roff.
std::string roff(std::string text) {
  boost::replace_all(text, "\\", "\\e");
  boost::replace_all(text, "-", "\\-");
  boost::replace_all(text, "'", "\\(aq");
  return text.starts_with(".") ? "\\&" + text : text;
}

std::string roff_title(const std::string& name, std::string_view summary,
                       std::string_view version) {
  return ".TH " + roff(boost::to_upper_copy(name)) + " 1 \"\" \"co2net " +
         roff(std::string(version)) + "\"\n.SH NAME\n" + roff(name) + " \\- " +
         roff(std::string(summary)) + "\n";
}

// As it stands, in the lines that it has.
std::string roff_lines(const std::string& text) {
  std::string lines = ".PP\n.nf\n";
  for (const std::string& line : lines_of(text)) lines += roff(line) + "\n";
  return lines + ".fi\n";
}

std::string roff_option(const OptionDoc& option) {
  std::string name = "\\fB" + roff("--" + option.name) + "\\fR";
  if (!option.letter.empty()) name = "\\fB" + roff("-" + option.letter) + "\\fR, " + name;
  if (!option.value.empty()) name += " \\fI" + roff(option.value) + "\\fR";
  return ".TP\n" + name + "\n" + roff(option.text) + "\n";
}

}  // namespace

std::vector<CommandDoc> command_docs(const Program& program) {
  std::vector<CommandDoc> docs;
  for (const CommandHelp& help : kCommandHelp) {
    const auto command = std::ranges::find(program.commands, help.name, &Command::name);
    if (command == program.commands.end()) continue;
    CommandDoc& doc = docs.emplace_back(CommandDoc{help, {}});
    const po::options_description options = options_of(**command);
    for (const auto& option : options.options()) doc.options.push_back(doc_of(*option));
  }
  return docs;
}

std::string bash_completion(const std::vector<CommandDoc>& commands) {
  std::string script =
      "_co2net() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} words=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    words=" +
      shell_quoted(names_of(commands) + " help --help --version") +
      "\n"
      "  elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == help ]]; then\n"
      "    words=" +
      shell_quoted(help_words(commands)) +
      "\n"
      "  elif ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == manual && $word != -* ]]; then\n"
      "    words=" +
      shell_quoted(names_of(commands)) +
      "\n"
      "  elif [[ $word == -* ]]; then\n"
      "    case ${COMP_WORDS[1]} in\n";
  for (const CommandDoc& command : commands) {
    std::vector<std::string> options;
    for (const OptionDoc& option : command.options) options.push_back(spellings(option));
    script += "      " + std::string(command.help.name) +
              ") words=" + shell_quoted(boost::join(options, " ")) + " ;;\n";
  }
  script +=
      "    esac\n"
      "  fi\n"
      "  [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "}\n"
      "complete -o default -F _co2net co2net\n";
  return script;
}

std::string zsh_completion(const std::vector<CommandDoc>& commands) {
  std::string script =
      "#compdef co2net\n"
      "_co2net() {\n"
      "  if ((CURRENT == 2)); then\n"
      "    local -a commands=(\n";
  for (const auto& [help, options] : commands) {
    const std::string row = std::string(help.name) + ":" + std::string(help.summary);
    script += "      " + shell_quoted(row) + "\n";
  }
  script +=
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=${words[2]}\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n";
  for (const auto& [help, options] : commands) {
    script += "    " + std::string(help.name) + ")\n      _arguments";
    for (const OptionDoc& option : options) script += " \\\n        " + zsh_option(option);
    const std::string rest =
        help.name == "manual" ? "*:command:(" + names_of(commands) + ")" : "*:file:_files";
    script += " \\\n        " + shell_quoted(rest) + " ;;\n";
  }
  script += "    help)\n      _arguments " +
            shell_quoted("*:topic:(" + help_words(commands) + ")") + " ;;\n";
  script +=
      "  esac\n"
      "}\n"
      "if [[ ${funcstack[1]} == _co2net ]]; then _co2net \"$@\"; else compdef _co2net co2net; fi\n";
  return script;
}

std::string fish_completion(const std::vector<CommandDoc>& commands) {
  std::string script;
  for (const auto& [help, options] : commands) {
    const std::string name(help.name);
    script += "complete -c co2net -n __fish_use_subcommand -f -a " + name + " -d " +
              shell_quoted(std::string(help.summary)) + "\n";
    for (const OptionDoc& option : options) {
      script += "complete -c co2net -n '__fish_seen_subcommand_from " + name + "' -l " +
                option.name + (option.letter.empty() ? "" : " -s " + option.letter) +
                (option.value.empty() ? "" : " -r") + " -d " + shell_quoted(option.text) + "\n";
    }
  }
  const auto add_words = [&](const std::string& command, const std::string& words) {
    script += "complete -c co2net -n '__fish_seen_subcommand_from " + command + "' -f -a " +
              shell_quoted(words) + "\n";
  };
  add_words("help", help_words(commands));
  add_words("manual", names_of(commands));
  script += "complete -c co2net -n __fish_use_subcommand -f -a help -d " +
            shell_quoted("what commands do, and topics") + "\n";
  return script;
}

std::string manual_page_name(std::string_view command) { return "co2net-" + std::string(command); }

std::string manual_page(const std::vector<CommandDoc>& commands, std::string_view version) {
  std::string page = roff_title("co2net", kSummary, version) +
                     ".SH SYNOPSIS\n"
                     ".B co2net\n"
                     ".I COMMAND\n"
                     "[ARGUMENTS] [OPTIONS]\n"
                     ".SH COMMANDS\n";
  for (const auto& [help, options] : commands) {
    page += ".TP\n\\fB" + roff(manual_page_name(help.name)) + "\\fR(1)\n" +
            roff(std::string(help.summary)) + "\n";
  }
  for (const HelpTopic& topic : help_topics()) {
    page += ".SH " + roff(boost::to_upper_copy(std::string(topic.name))) + "\n" +
            roff(std::string(topic.summary)) + ".\n" + roff_lines(topic.text());
  }
  page += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : kEnvironment) {
    page += ".TP\n.B " + roff(std::string(name)) + "\n" + roff(std::string(meaning)) + "\n";
  }
  return page;
}

std::string manual_page(const CommandDoc& command, std::string_view version) {
  const CommandHelp& help = command.help;
  std::string page = roff_title(manual_page_name(help.name), help.summary, version) +
                     ".SH SYNOPSIS\n.B co2net " + roff(std::string(help.name)) + "\n" +
                     roff(std::string(help.arguments)) + (help.arguments.empty() ? "" : " ") +
                     "[OPTIONS]\n.SH OPTIONS\n";
  for (const OptionDoc& option : command.options) page += roff_option(option);
  page += ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes) {
    page +=
        ".TP\n.B " + std::to_string(code.number) + "\n" + roff(std::string(code.meaning)) + "\n";
  }
  return page + ".SH SEE ALSO\n\\fBco2net\\fR(1)\n";
}

}  // namespace co2net
