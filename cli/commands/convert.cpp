#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_convert_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE.json|DIR"),
                        "where to write (default, and '-': JSON on standard output)")  //
      ("format", po::value<std::string>()->value_name("NAME"),
       "activitynet (a JSON file), wtalc (a folder of .npy files), thumos (a folder of text "
       "files); default: activitynet for FILE.json, else wtalc")  //
      ("ambiguous", po::value<std::string>()->value_name("FILE"),
       "also take in a list of ambiguous intervals, as THUMOS14's Ambiguous_test.txt");
}

AnnotationFormat parse_format(const po::variables_map& args, const fs::path& output) {
  if (args.count("format") == 0) {
    if (output.empty() || output.extension() == ".json") return AnnotationFormat::kActivityNet;
    if (!output.has_extension()) return AnnotationFormat::kWtalc;
    throw Error(ErrorKind::kUsage, "-o: " + output.string() +
                                       " does not tell the format: it is neither FILE.json nor a "
                                       "folder's name without a dot; choose one with --format");
  }
  const std::string name = one_of(args, "format", {"activitynet", "wtalc", "thumos"});
  if (name == "activitynet") return AnnotationFormat::kActivityNet;
  return name == "wtalc" ? AnnotationFormat::kWtalc : AnnotationFormat::kThumos;
}

// A file or a folder; empty: standard output.
fs::path parse_target(const po::variables_map& args) {
  const std::string output = args.count("output") > 0 ? args["output"].as<std::string>() : "-";
  return output == "-" ? "" : output;
}

Annotations read_all(const std::vector<std::string>& paths) {
  Annotations all = read_input(read_annotations, paths.front());
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const Annotations more = read_input(read_annotations, paths[i]);
    within(paths[i], [&] { merge(all, more); });
  }
  return all;
}

void warn_of_losses(const Annotations& annotations, AnnotationFormat format) {
  if (!annotations.not_kept.empty()) {
    spdlog::warn("not carried over: {}",
                 joined({annotations.not_kept.begin(), annotations.not_kept.end()}));
  }
  for (const std::string& lost : lost_in(format, annotations)) {
    spdlog::warn("the format cannot hold {}", lost);
  }
}

int run_convert(const po::variables_map& args, Io& io) {
  const std::vector<std::string> inputs = parse_arguments(args, "ANNOTATIONS");
  const fs::path output = parse_target(args);
  const AnnotationFormat format = parse_format(args, output);
  if (output.empty() && format != AnnotationFormat::kActivityNet) {
    throw Error(ErrorKind::kUsage, "that format is a folder: name one with -o DIR");
  }
  for (const std::string& input : inputs) expect_no_input_at(output, {{input, input}});
  Annotations annotations = read_all(inputs);
  if (args.count("ambiguous") > 0) {
    const auto ambiguous = args["ambiguous"].as<std::string>();
    expect_no_input_at(output, {{ambiguous, ""}});
    Annotations list;
    list.ambiguous = read_input(read_ambiguous, ambiguous);
    merge(annotations, list);
  }
  warn_of_losses(annotations, format);
  if (output.empty()) {
    io.out << format_activitynet(annotations);
  } else {
    write_annotations(annotations, output, format);
  }
  spdlog::info("{} videos, {} classes", annotations.videos.size(), annotations.classes.size());
  return 0;
}

}  // namespace

const Command kConvertCommand = {"convert", add_convert_options, run_convert};

}  // namespace co2net
