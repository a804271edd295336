#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/workflows/convert.h"
#include "pipeline/base/error.h"

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
  const std::string output = optional_value<std::string>(args, "output").value_or("-");
  expect_no_video_name(output, "-o");
  return output == "-" ? "" : output;
}

int run_convert(const po::variables_map& args, Io& io) {
  ConvertJob job;
  for (const std::string& input : parse_arguments(args, "ANNOTATIONS")) {
    job.inputs.emplace_back(input);
  }
  job.ambiguous = optional_value<std::string>(args, "ambiguous").value_or("");
  job.output = parse_target(args);
  job.format = parse_format(args, job.output);
  if (job.output.empty() && job.format != AnnotationFormat::kActivityNet) {
    throw Error(ErrorKind::kUsage, "that format is a folder: name one with -o DIR");
  }
  const Annotations annotations = convert_annotations(job);
  if (job.output.empty()) io.out << format_activitynet(annotations);
  spdlog::info("{} videos, {} classes", annotations.videos.size(), annotations.classes.size());
  return 0;
}

}  // namespace

const Command kConvertCommand = {"convert", add_convert_options, run_convert};

}  // namespace co2net
