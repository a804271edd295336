#include "cli/workflows/suggest.h"

#include <boost/program_options.hpp>
#include <map>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "cli/result_sink.h"
#include "cli/through_inputs.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_suggest_options(po::options_description& options) {
  add_model_option(options);
  add_only_option(options);
  add_output_option(options);
  add_recipe_options(options, false);
  add_extraction_options(options);
  add_checkpoint_option(options);
  add_cache_options(options);
  add_video_options(options);
  add_share_option(options);
}

// The folder that the files of rows are below; empty where not just one was given.
fs::path only_folder(const std::vector<std::string>& arguments) {
  std::error_code unreachable;
  const bool is_one = arguments.size() == 1 && fs::is_directory(arguments.front(), unreachable);
  return is_one ? fs::absolute(arguments.front()).lexically_normal() : fs::path();
}

// As 'train --videos FOLDER' finds it.
std::string file_below(const fs::path& folder, const fs::path& video) {
  const fs::path path = fs::absolute(video).lexically_normal();
  return folder.empty() ? path : path.lexically_relative(folder);
}

// A list without the column suggested_by is somebody's work.
void expect_no_corrections(const fs::path& output) {
  if (!fs::is_regular_file(output)) return;
  if (read_file(output).starts_with(kSuggestionsHeader)) return;
  throw Error(ErrorKind::kUsage, "--output: " + output.string() +
                                     " exists, and is no list of suggestions; it may be one that "
                                     "somebody has corrected: delete it, or name another");
}

int run_suggest(const po::variables_map& args, Io& io) {
  const fs::path folder = only_folder(parse_arguments(args, "INPUT"));
  const fs::path output = parse_output(args);
  const VideoOptions video = parse_video_options(args);
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  expect_classes_of_i3d(load_bundle(parse_model(args), {}));
  const LocalizeVideosJob job = parse_localize_videos(args, video, cache.get());
  const std::vector<Input> inputs = parse_inputs(args, "INPUT", kVideoSuffixes, video, io.in).files;
  expect_no_input_at(output, inputs);
  if (!output.empty()) {
    expect_no_corrections(output);
    expect_writable(output);
  }

  std::map<std::string, std::string> row_of;  // by id
  const auto add_row = [&](const Suggestion& suggestion) {
    row_of[suggestion.input.id] =
        suggestion_row(suggestion, file_below(folder, suggestion.input.path), job.bundle.name);
  };
  return through_inputs(video, io, [&](Stats& stats, const Observer& observer) {
    const int failed = suggest_labels(job, source_of(inputs), stats, add_row, observer);
    std::string rows(kSuggestionsHeader);
    for (const Input& input : inputs) rows += row_of[input.id];
    if (output.empty()) {
      io.out << (io.out_is_terminal ? printable_lines(rows) : rows);
    } else {
      write_file(output, rows);
    }
    return failed;
  });
}

}  // namespace

const Command kSuggestCommand = {"suggest", add_suggest_options, run_suggest};

}  // namespace co2net
