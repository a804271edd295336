#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <iomanip>

#include "cli/halves.h"
#include "cli/library_versions.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/workflows/diagnosis.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void add_doctor_options(po::options_description& options) {
  options.add_options()("cache", po::value<std::string>()->value_name("DIR"),
                        "the cache to look at (default: $XDG_CACHE_HOME/co2net)")  //
      ("json", po::bool_switch(), "JSON instead of text");
}

FactGroup program_facts() {
  return {"program", {{"co2net", build_name()}, {"libraries", lines_of(library_versions())}}};
}

FactGroup codec_facts(std::vector<Problem>& problems) {
  const Codecs codecs = ffmpeg_codecs();
  if (codecs.decoders.empty()) {
    problems.push_back({"FFmpeg decodes none of the usual codecs",
                        "install the distribution's libavcodec in full", true});
  } else if (!codecs.missing_decoders.empty()) {
    problems.push_back({"FFmpeg does not decode " + joined(codecs.missing_decoders),
                        "install a libavcodec that does, where you have such videos"});
  }
  return {"ffmpeg",
          {{"decoders", codecs.decoders},
           {"missing_decoders", codecs.missing_decoders},
           {"encoders", codecs.encoders},
           {"missing_encoders", codecs.missing_encoders}}};
}

Json variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? Json() : Json(printable(value));
}

FactGroup terminal_facts(const Io& io) {
  return {"terminal",
          {{"LANG", variable("LANG")},
           {"LC_ALL", variable("LC_ALL")},
           {"TERM", variable("TERM")},
           {"NO_COLOR", variable("NO_COLOR")},
           {"is_terminal", io.err_is_terminal},
           {"columns", io.err_is_terminal ? Json(terminal_columns()) : Json()}}};
}

Json to_json(const Diagnosis& diagnosis) {
  Json json = {{"schema", "co2net.doctor/1"}, {"problems", Json::array()}};
  for (const FactGroup& group : diagnosis.groups) {
    for (const Fact& fact : group.facts) json[group.name][fact.name] = fact.value;
  }
  for (const Problem& problem : diagnosis.problems) {
    json["problems"].push_back({{"what", problem.what}, {"remedy", problem.remedy}});
  }
  return json;
}

std::string bytes_text(double bytes) {
  const bool is_large = bytes >= 0x1p30;
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << bytes / (is_large ? 0x1p30 : 0x1p20)
       << (is_large ? " GiB" : " MiB");
  return text.str();
}

std::string value_text(const Fact& fact) {
  const Json& value = fact.value;
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number() && fact.name.ends_with("bytes")) return bytes_text(value.get<double>());
  if (!value.is_array()) return value.is_string() ? value.get<std::string>() : value.dump();
  return value.empty() ? "none" : joined(value.get<std::vector<std::string>>());
}

// A line each of a list whose items are long.
bool is_a_list_of_lines(const Fact& fact) {
  constexpr std::string_view kOfLongItems[] = {"libraries", "missing_for_cuda_flow",
                                               "opencl_devices"};
  return !fact.value.empty() && std::ranges::count(kOfLongItems, fact.name) > 0;
}

void print_fact(const Fact& fact, std::ostream& out) {
  constexpr int kNameColumns = 22;
  std::string name = fact.name;
  const bool is_a_variable = name == "LC_ALL" || name == "NO_COLOR";
  if (!is_a_variable) std::ranges::replace(name, '_', ' ');
  if (!is_a_list_of_lines(fact)) {
    out << "  " << std::left << std::setw(kNameColumns) << name << printable(value_text(fact))
        << "\n";
    return;
  }
  for (const Json& line : fact.value) {
    out << "  " << std::left << std::setw(kNameColumns) << name
        << printable(line.get<std::string>()) << "\n";
    name.clear();
  }
}

void print(const Diagnosis& diagnosis, bool has_colour, std::ostream& out) {
  for (const FactGroup& group : diagnosis.groups) {
    out << painted(group.name, Colour::kBold, has_colour) << "\n";
    for (const Fact& fact : group.facts) print_fact(fact, out);
  }
  out << painted("problems", Colour::kBold, has_colour) << "\n";
  if (diagnosis.problems.empty()) out << "  none\n";
  for (const Problem& problem : diagnosis.problems) {
    out << "  " << printable(problem.what + "; " + problem.remedy) << "\n";
  }
}

int run_doctor(const po::variables_map& args, Io& io) {
  if (args.count("input") > 0) throw Error(ErrorKind::kUsage, "doctor: takes no arguments");
  Diagnosis diagnosis = diagnose(parse_cache_directory(args), default_threads());
  diagnosis.groups.insert(diagnosis.groups.begin(), program_facts());
  diagnosis.groups.push_back(codec_facts(diagnosis.problems));
  diagnosis.groups.push_back(terminal_facts(io));
  if (args["json"].as<bool>()) {
    io.out << to_text(to_json(diagnosis)) << "\n";
  } else {
    print(diagnosis, may_be_coloured(io.out_is_terminal), io.out);
  }
  constexpr int kNothingCanBeDone = 3;
  return std::ranges::any_of(diagnosis.problems, &Problem::is_fatal) ? kNothingCanBeDone : 0;
}

}  // namespace

const Command kDoctorCommand = {"doctor", add_doctor_options, run_doctor};

}  // namespace co2net
