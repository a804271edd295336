#include "cli/cli.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/any.hpp>
#include <boost/program_options.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>

#include "cli/halves.h"
#include "cli/help_topics.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"
#include "pipeline/base/version.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void print_usage(std::ostream& out) {
  out << "co2net " << version() << ": " << kSummary
      << "\n\n"
         "Usage: co2net COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands:\n";
  for (const CommandHelp& command : kCommandHelp) {
    out << "  " << command.name << std::string(12 - command.name.size(), ' ') << command.summary
        << "\n";
  }
  out << "\n'co2net COMMAND --help' tells more. 'co2net help TOPIC', of:\n";
  for (const HelpTopic& topic : help_topics()) {
    out << "  " << topic.name << std::string(12 - topic.name.size(), ' ') << topic.summary << "\n";
  }
  out << "\n'co2net doctor' says what this machine has: paste it into a bug report.\n";
}

void print_help(const CommandHelp& command, const po::options_description& options,
                std::ostream& out) {
  out << "Usage: co2net " << command.name << " " << command.arguments << " [OPTIONS]\n\n"
      << command.summary << "\n\n"
      << options;
  if (const HelpTopic* topic = help_topic(command.name)) out << "\n" << topic->text();
}

const CommandHelp& help_of(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandHelp& command : kCommandHelp) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  for (const char* other : {"help", "--help", "--version"}) names.emplace_back(other);
  throw Error(ErrorKind::kUsage, "unknown command '" + name + "'" + suggestion(name, names) +
                                     " ('co2net --help' lists the commands)");
}

[[noreturn]] void refuse_topic(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandHelp& command : kCommandHelp) names.emplace_back(command.name);
  for (const HelpTopic& topic : help_topics()) names.emplace_back(topic.name);
  throw Error(ErrorKind::kUsage, "help: '" + name + "' is neither a command nor a topic" +
                                     suggestion(name, names) + " ('co2net help' lists both)");
}

bool is_command(std::string_view name) {
  return std::ranges::find(kCommandHelp, name, &CommandHelp::name) != kCommandHelp.end();
}

// Whether an argument is the name of an option alone, without a value written on to it.
bool is_option(const std::string& argument, const po::options_description& known) {
  const bool is_long = argument.starts_with("--");
  return known.find_nothrow(is_long ? argument.substr(2) : argument, false) != nullptr;
}

// An argument that begins with a dash is read as an option, and what follows a short one as its
// value, even where it is a file's name.
void expect_no_file_name(const std::vector<std::string>& arguments,
                         const po::options_description& known) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return;
    if (argument.size() < 2 || argument[0] != '-' || is_option(argument, known)) continue;
    std::error_code unreachable;
    const bool has_value = argument.find('=') != std::string::npos;
    if (std::filesystem::exists(argument, unreachable) || (is_video_name(argument) && !has_value)) {
      throw Error(ErrorKind::kUsage, "'" + argument +
                                         "' is a file's name, but is read as an option; names that "
                                         "begin with a dash go after -- or as ./" +
                                         argument);
    }
  }
}

std::vector<std::string> option_names(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return names;
}

std::string read_config(const std::string& path) {
  try {
    return read_text(path, ErrorKind::kUsage);
  } catch (const Error& e) {
    throw Error(ErrorKind::kUsage, std::string("--config: ") + e.what());
  }
}

std::vector<po::option> parse_config(std::istream& file, const std::string& path,
                                     const po::options_description& known) {
  const std::string place = "--config: " + path + ": ";
  try {
    return po::parse_config_file(file, known).options;
  } catch (const po::unknown_option& e) {
    std::vector<std::string> names;
    for (const auto& option : known.options()) names.push_back(option->long_name());
    throw Error(ErrorKind::kUsage, place + "no option '" + e.get_option_name() + "'" +
                                       suggestion(e.get_option_name(), names));
  } catch (const po::error& e) {
    throw Error(ErrorKind::kUsage, place + e.what());
  }
}

// The command line wins over the file; an option that can be repeated is added to the file's.
po::parsed_options with_config_file(const po::parsed_options& line, const std::string& path,
                                    const po::options_description& known) {
  std::istringstream file(read_config(path));
  std::vector<po::option> options = parse_config(file, path, known);
  std::erase_if(options, [&](const po::option& option) {
    const auto is_same = [&](const po::option& given) {
      return given.string_key == option.string_key;
    };
    return !known.find(option.string_key, false).semantic()->is_composing() &&
           std::any_of(line.options.begin(), line.options.end(), is_same);
  });
  po::parsed_options merged = line;
  merged.options.insert(merged.options.begin(), options.begin(), options.end());
  return merged;
}

// "nan" and "inf" are numbers to the parser, but none that an option has a meaning for.
void expect_finite(const po::variables_map& args) {
  for (const auto& [name, given] : args) {
    const auto* number = boost::any_cast<double>(&given.value());
    if (number == nullptr || std::isfinite(*number)) continue;
    throw Error(ErrorKind::kUsage, "--" + name + " must be a finite number");
  }
}

po::variables_map parse(const std::vector<std::string>& arguments,
                        const po::options_description& visible) {
  expect_no_file_name(arguments, visible);
  po::options_description all = visible;
  all.add_options()("input", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("input", -1);
  po::variables_map args;
  try {
    namespace style = po::command_line_style;
    const po::parsed_options line = po::command_line_parser(arguments)
                                        .options(all)
                                        .positional(positional)
                                        .style(style::unix_style & ~style::allow_guessing)
                                        .run();
    po::store(line, args);
    if (args.count("config") > 0) {
      const auto path = args["config"].as<std::string>();
      args.clear();
      po::store(with_config_file(line, path, visible), args);
    }
    po::notify(args);
    expect_finite(args);
  } catch (const po::unknown_option& e) {
    throw Error(ErrorKind::kUsage,
                std::string(e.what()) + suggestion(e.get_option_name(), option_names(visible)));
  } catch (const po::error& e) {
    throw Error(ErrorKind::kUsage, e.what());
  }
  return args;
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInput:
      return 1;
    case ErrorKind::kInterrupted:
      return 130;
    case ErrorKind::kModel:
    case ErrorKind::kIo:
    case ErrorKind::kInternal:
    case ErrorKind::kRetry:
      return 3;
  }
  return 3;
}

// Lines to a stream that may be a terminal. They quote files and arguments, so this is where what
// would act on a terminal is escaped.
class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TerminalSink(std::ostream& out, bool has_colour) : out_(out), has_colour_(has_colour) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text =
        printable(std::string_view(message.payload.data(), message.payload.size()));
    spdlog::details::log_msg shown = message;
    shown.payload = text;
    spdlog::memory_buf_t line;
    formatter_->format(shown, line);
    write_at_once(out_, coloured({line.data(), line.size()}, shown));
  }
  void flush_() override { out_.flush(); }

 private:
  // The word for the level, where that asks for attention.
  std::string coloured(std::string_view line, const spdlog::details::log_msg& message) const {
    const std::size_t begin = message.color_range_start, end = message.color_range_end;
    if (!has_colour_ || message.level < spdlog::level::warn || end <= begin) {
      return std::string(line);
    }
    const Colour colour = message.level == spdlog::level::warn ? Colour::kYellow : Colour::kRed;
    return std::string(line.substr(0, begin)) +
           painted(line.substr(begin, end - begin), colour, true) + std::string(line.substr(end));
  }

  std::ostream& out_;
  const bool has_colour_;
};

// spdlog keeps one logger for the program; a test's must not outlive its streams.
class LogTo {
 public:
  explicit LogTo(const Io& io) : before_(spdlog::default_logger()) {
    const auto logger = std::make_shared<spdlog::logger>(
        "co2net", std::make_shared<TerminalSink>(io.err, may_be_coloured(io.err_is_terminal)));
    logger->set_pattern(kLogPattern);
    spdlog::set_default_logger(logger);
  }
  ~LogTo() { spdlog::set_default_logger(before_); }
  LogTo(const LogTo&) = delete;
  LogTo& operator=(const LogTo&) = delete;

 private:
  std::shared_ptr<spdlog::logger> before_;
};

// The light program can still say what it is where the full one is missing.
void print_version(const Program& program, std::ostream& out) {
  std::string libraries;
  if (program.libraries != nullptr) {
    libraries = program.libraries();
  } else {
    try {
      become_full_program({"--version"});
    } catch (const Error& e) {
      libraries = "libraries: not known, since " + std::string(e.what()) + "\n";
    }
  }
  out << "co2net " << build_name() << "\n" << libraries;
}

int dispatch(const Program& program, const std::vector<std::string>& arguments, Io& io) {
  if (arguments.empty()) {
    print_usage(io.err);
    return 2;
  }
  std::string name = arguments.front();
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (name == "help" && !rest.empty()) {
    name = rest.front();
    rest = {"--help"};
    if (!is_command(name) && !name.starts_with('-')) {
      const HelpTopic* topic = help_topic(name);
      if (topic == nullptr) refuse_topic(name);
      io.out << topic->text();
      return 0;
    }
  }
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(io.out);
    return 0;
  }
  if (name == "--version") {
    print_version(program, io.out);
    return 0;
  }
  const CommandHelp& help = help_of(name);
  const auto found = std::ranges::find(program.commands, help.name, &Command::name);
  if (found == program.commands.end()) become_full_program(arguments);
  const Command& command = **found;
  const po::options_description options = options_of(command);
  const po::variables_map args = parse(rest, options);
  if (args.count("help") > 0) {
    print_help(help, options, io.out);
    return 0;
  }
  spdlog::set_level(parse_log_level(args["log-level"].as<std::string>()));
  const int code = command.run(args, io);
  if (!io.out.flush()) throw Error(ErrorKind::kIo, "cannot write to standard output");
  return code;
}

}  // namespace

po::options_description options_of(const Command& command) {
  po::options_description options("Options", 100, 50);
  options.add_options()("help,h", "print this help")  //
      ("config", po::value<std::string>()->value_name("FILE"),
       "read options from a file of 'name = value' lines; the command line wins")  //
      ("log-level", po::value<std::string>()->value_name("LEVEL")->default_value("info"),
       "error, warning, info, debug or off");
  command.add_options(options);
  return options;
}

int run_cli(const Program& program, const std::vector<std::string>& arguments, Io io) {
  const LogTo log(io);
  try {
    return dispatch(program, program.libraries == nullptr ? arguments : taken_over(arguments), io);
  } catch (...) {
    const Error error = current_error();
    spdlog::critical("{}", error.what());
    return exit_code(error.kind());
  }
}

}  // namespace co2net
