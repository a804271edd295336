#include "cli/workflows/merge.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/result_sink.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

void add_merge_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE|DIR"),
                        "where to write: of files a file (default, and '-': standard output), of "
                        "folders a folder")  //
      ("inputs", po::value<Strings>()->composing()->value_name("INPUT"),
       "what all parts together are of, a folder or @list or file as 'run' took it: what has no "
       "result is told, and lines and rows are in its order; repeatable")  //
      ("missing", po::value<std::string>()->value_name("FILE"),
       "write the paths of --inputs that failed or are missing, as a list for 'run @FILE'")  //
      ("null,0", po::bool_switch(), "paths in lists end with NUL, not with a line feed");
  add_progress_option(options);
}

// What 'run' and 'extract' took, or else what 'localize' or 'propose' did.
std::vector<Input> parse_all_inputs(const po::variables_map& args, Io& io) {
  const auto arguments = optional_value<Strings>(args, "inputs");
  if (!arguments) return {};
  for (const Strings& suffixes : {kVideoSuffixes, Strings{".npy"}, Strings{".npz"}}) {
    std::vector<Input> inputs =
        with_ids(expand_inputs(*arguments, suffixes, io.in, args["null"].as<bool>()));
    if (!inputs.empty()) return inputs;
  }
  throw Error(ErrorKind::kUsage, "no input found: the folders and lists of --inputs name no files");
}

fs::path parse_place(const po::variables_map& args, const std::vector<fs::path>& parts) {
  const auto is_folder = [](const fs::path& part) { return fs::is_directory(part); };
  return std::ranges::any_of(parts, is_folder) ? parse_directory(args) : parse_output(args);
}

// Where the list of what is missing goes; empty: nowhere.
fs::path parse_list(const po::variables_map& args, const MergeJob& job) {
  const auto list = optional_value<std::string>(args, "missing");
  if (!list) return {};
  if (job.inputs.empty()) {
    throw Error(ErrorKind::kUsage, "--missing lists paths of the inputs: name these with --inputs");
  }
  expect_no_video_name(*list, "--missing");
  std::vector<Input> read = job.inputs;
  for (const fs::path& part : job.parts) read.push_back({part, ""});
  expect_no_input_at(*list, read, "--missing");
  if (!job.output.empty() && lies_in(*list, job.output)) {
    throw Error(ErrorKind::kUsage,
                "--missing " + *list + " lies where -o goes; choose another place");
  }
  expect_writable(*list);
  return *list;
}

int run_merge(const po::variables_map& args, Io& io) {
  MergeJob job;
  for (const std::string& part : parse_arguments(args, "PART")) job.parts.emplace_back(part);
  job.inputs = parse_all_inputs(args, io);
  job.output = parse_place(args, job.parts);
  const fs::path list = parse_list(args, job);
  Merged merged;
  {
    Progress progress(io.err, parse_progress(args, io));
    merged = merge_parts(job, progress.observer());
  }
  if (!list.empty()) write_file(list, list_of(merged.missing, args["null"].as<bool>()));
  io.out << (io.out_is_terminal ? printable_lines(merged.text) : merged.text);
  spdlog::info("{} of {}", counted(merged.videos, "videos"), counted(job.parts.size(), "parts"));
  return merged.is_complete() ? 0 : 1;
}

}  // namespace

const Command kMergeCommand = {"merge", add_merge_options, run_merge};

}  // namespace co2net
