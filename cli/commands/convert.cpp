#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/result_sink.h"
#include "cli/workflows/convert.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_convert_options(po::options_description& options) {
  options.add_options()(
      "output,o", po::value<std::string>()->value_name("FILE|DIR"),
      "where to write (default, and '-': standard output); several videos in a format that holds "
      "one go into a folder, a file each")  //
      ("format", po::value<std::string>()->value_name("NAME"),
       "activitynet, jsonl (of results), csv; wtalc (a folder of .npy files), thumos (a folder of "
       "text files); vtt, srt (subtitles), chapters (FFmpeg's metadata), elan, labelstudio (a "
       "folder of tasks and their labelling interface), otio; default: activitynet for FILE.json, "
       "else wtalc")  //
      ("final", po::bool_switch(),
       "of results, only what a person can act on: segments of which those of a class never "
       "overlap; the default but for activitynet, jsonl and csv")  //
      ("all", po::bool_switch(),
       "of results, every candidate; the default of activitynet, jsonl and csv")  //
      ("fps", po::value<double>()->value_name("RATE"),
       "frame rate of videos whose own is not known, for labelstudio, which counts frames, and "
       "otio")  //
      ("ambiguous", po::value<std::string>()->value_name("FILE"),
       "also take in a list of ambiguous intervals, as THUMOS14's Ambiguous_test.txt");
  add_progress_option(options);
}

ExportFormat parse_format(const po::variables_map& args, const fs::path& output) {
  if (args.count("format") > 0) return export_row(args["format"].as<std::string>()).format;
  if (output.empty() || output.extension() == ".json") return ExportFormat::kActivityNet;
  if (!output.has_extension()) return ExportFormat::kWtalc;
  throw Error(ErrorKind::kUsage, "-o: " + output.string() +
                                     " does not tell the format: it is neither FILE.json nor a "
                                     "folder's name without a dot; choose one with --format");
}

ExportTarget parse_target(const po::variables_map& args) {
  const std::string output = optional_value<std::string>(args, "output").value_or("-");
  expect_no_video_name(output, "-o");
  if (output == "-") return {};
  std::error_code unreachable;  // which is told when it is written
  return {output, output.ends_with('/') || fs::is_directory(output, unreachable)};
}

std::optional<bool> parse_only_final(const po::variables_map& args) {
  const bool only_final = args["final"].as<bool>(), all = args["all"].as<bool>();
  if (only_final && all) throw Error(ErrorKind::kUsage, "--final and --all exclude each other");
  return only_final || all ? std::optional(only_final) : std::nullopt;
}

std::optional<double> parse_frame_rate(const po::variables_map& args, ExportFormat format) {
  const auto rate = optional_value<double>(args, "fps");
  if (rate && !(*rate > 0 && *rate <= 1000)) {
    throw Error(ErrorKind::kUsage, "--fps must be more than 0 and at most 1000");
  }
  if (rate && format != ExportFormat::kLabelStudio && format != ExportFormat::kOtio) {
    throw Error(ErrorKind::kUsage, "--fps has no meaning but for labelstudio and otio");
  }
  return rate;
}

void expect_fitting(const ExportTarget& target, ExportPlace place) {
  if (target.path.empty() && place == ExportPlace::kFolder) {
    throw Error(ErrorKind::kUsage, "that format is a folder: name one with -o DIR");
  }
  if (target.is_folder && place == ExportPlace::kFile) {
    throw Error(ErrorKind::kUsage, "-o: " + target.path.string() + " is a folder; name a file");
  }
}

int run_convert(const po::variables_map& args, Io& io) {
  ConvertJob job;
  for (const std::string& input : parse_arguments(args, "FILE")) job.inputs.emplace_back(input);
  job.ambiguous = optional_value<std::string>(args, "ambiguous").value_or("");
  job.target = parse_target(args);
  job.format = parse_format(args, job.target.path);
  job.only_final = parse_only_final(args);
  job.frame_rate = parse_frame_rate(args, job.format);
  expect_fitting(job.target, export_row(job.format).place);
  Progress progress(io.err, parse_progress(args, io));
  const Converted converted = convert_files(job, progress.observer());
  io.out << (io.out_is_terminal ? printable_lines(converted.text) : converted.text);
  spdlog::info("{}, {}", counted(converted.videos, "videos"),
               counted(converted.classes, "classes"));
  return 0;
}

}  // namespace

const Command kConvertCommand = {"convert", add_convert_options, run_convert};

}  // namespace co2net
