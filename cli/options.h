#pragma once

#include <spdlog/common.h>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/video_settings.h"
#include "pipeline/base/choice.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"
#include "pipeline/base/shard.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/compat.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/recipe.h"
#include "postprocess/exporters.h"
#include "postprocess/thresholds.h"

namespace co2net {

// Groups of options that commands share: each `add_*` describes them, each `parse_*` makes the
// plain data that the rest of the program works with. All throw Error(kUsage).

// An option's number with a default, which the help shows as it is written: 0.1.
boost::program_options::typed_value<double>* number_option(double by_default);

// The value of a text option, which must be one of `allowed`.
std::string one_of(const boost::program_options::variables_map& args, const std::string& name,
                   const std::vector<std::string>& allowed);
// The same of an enum's names, as the enum.
template <NamedChoice T>
T one_of(const boost::program_options::variables_map& args, const std::string& name) {
  return *named<T>(one_of(args, name, names_of<T>()));
}

// Bytes: "50G" and the like, a number and K, M, G or T for powers of 1024, with or without "B" or
// "iB"; nothing where the option was not given.
std::optional<std::int64_t> parse_size(const boost::program_options::variables_map& args,
                                       const std::string& name);

// The value of an option; nothing where it was not given.
template <class T>
std::optional<T> optional_value(const boost::program_options::variables_map& args,
                                const std::string& name) {
  if (args.count(name) == 0) return std::nullopt;
  return args[name].as<T>();
}

// The value of a text option that must be given. `what` says what is missing, `how` how to give it
// where "--name" does not say enough.
std::string required(const boost::program_options::variables_map& args, const std::string& name,
                     const std::string& what, const std::string& how = "");

// An option that means nothing here is not passed over in silence: throws "--name <why>" if one of
// them was given.
void expect_none_of(const boost::program_options::variables_map& args,
                    const std::vector<std::string>& names, const std::string& why);

spdlog::level::level_enum parse_log_level(const std::string& name);

// --model
void add_model_option(boost::program_options::options_description& options);
std::filesystem::path parse_model(const boost::program_options::variables_map& args);

// --only of commands that localize with a bundle
void add_only_option(boost::program_options::options_description& options);
// The bundle as --only says. Errors: as report_only().
Bundle with_only(const boost::program_options::variables_map& args, Bundle bundle);

// --name of a bundle, which is kept as JSON.
std::optional<std::string> parse_bundle_name(const boost::program_options::variables_map& args);

// --recipe-set, and --recipe where `with_preset`
void add_recipe_options(boost::program_options::options_description& options, bool with_preset);
// `given` is the recipe that the options start from; --recipe replaces it.
Recipe parse_recipe(const boost::program_options::variables_map& args, const Recipe& given);

// --cache, --no-cache
void add_cache_options(boost::program_options::options_description& options);
std::filesystem::path parse_cache_directory(const boost::program_options::variables_map& args);
std::unique_ptr<DiskCache> parse_cache(const boost::program_options::variables_map& args);

// What commands that go through inputs have in common, each as far as it has a meaning there.
struct VideoOptions {
  VideoSettings each;
  int threads = 1;
  bool fail_fast = false;
  std::string progress = "off";
  std::optional<Shard> shard;
  bool share = false;
  bool nul_separated = false;
  std::filesystem::path stats;  // empty for none
};
// --shard, --null, --fail-fast
void add_input_options(boost::program_options::options_description& options);
// --share, of commands that keep what they make in the cache
void add_share_option(boost::program_options::options_description& options);
// --stream
void add_stream_option(boost::program_options::options_description& options);
// --max-pixels, --max-streams, --max-alloc: what opening a video may take
void add_opening_limit_options(boost::program_options::options_description& options);
// These, --max-frames, --max-scaled-pixels: what decoding may take
void add_limit_options(boost::program_options::options_description& options);
// --max-spool
void add_spool_option(boost::program_options::options_description& options);
// --threads
void add_threads_option(boost::program_options::options_description& options);
int default_threads();  // as many as this process may use
// --strict, --stats
void add_outcome_options(boost::program_options::options_description& options);
// --timeout
void add_timeout_option(boost::program_options::options_description& options);
// --progress
inline const std::vector<std::string> kProgressWays = {"auto", "plain", "off"};
void add_progress_option(boost::program_options::options_description& options);
// All of these
void add_video_options(boost::program_options::options_description& options);
// Takes the ones that the command has.
VideoOptions parse_video_options(const boost::program_options::variables_map& args);

// A short option takes what is written on to it, so that "-oNAME.mp4" names an output and not the
// video: throws if an output of that option has a video's suffix.
void expect_no_video_name(const std::filesystem::path& output, const std::string& option);

// -o FILE of commands that write one result
void add_output_option(boost::program_options::options_description& options);
// Empty: standard output
std::filesystem::path parse_output(const boost::program_options::variables_map& args);

enum class ResultFormat { kActivityNet, kJsonLines, kCsv, kWebVtt, kSrt };
template <>
inline constexpr Choice<ResultFormat> kChoices<ResultFormat>[] = {
    {ResultFormat::kActivityNet, "activitynet"},
    {ResultFormat::kJsonLines, "jsonl"},
    {ResultFormat::kCsv, "csv"},
    {ResultFormat::kWebVtt, "vtt"},
    {ResultFormat::kSrt, "srt"}};

bool is_file_a_video(ResultFormat format);

// --min-score, --top-k
void add_filter_options(boost::program_options::options_description& options);
SegmentFilter parse_filter(const boost::program_options::variables_map& args);

// -o, --format, --final, and those
struct ResultOptions {
  std::filesystem::path output;  // empty: standard output; a folder where each video has a file
  ResultFormat format = ResultFormat::kActivityNet;
  bool only_final = false;  // final segments in the place of the candidates
  SegmentFilter filter;
};
void add_result_options(boost::program_options::options_description& options);
ResultOptions parse_result_options(const boost::program_options::variables_map& args);
// What was given that changes the results of that model, by the option's name: {"top-k": 5}.
Json changes_to_results(const boost::program_options::variables_map& args, const Bundle& bundle);
// Throws Error(kUsage) where these are of final segments, which the model does not make.
void expect_made_by(const Bundle& bundle, const ResultOptions& options);
// The file that tells what failed, too; empty where none does.
std::filesystem::path errors_in(const ResultOptions& options);

// --compat, of commands that make segments; none unless it is given
void add_compat_option(boost::program_options::options_description& options);
std::optional<Compat> parse_compat(const boost::program_options::variables_map& args);

// --operating-point, of commands that make segments; none unless it is given
void add_operating_point_option(boost::program_options::options_description& options);
std::optional<OperatingChoice> parse_operating_point(
    const boost::program_options::variables_map& args);

// The values of an option that may be repeated, as paths.
std::vector<std::filesystem::path> parse_paths(const boost::program_options::variables_map& args,
                                               const std::string& name);

// -o DIR of commands that write files
void add_directory_option(boost::program_options::options_description& options);
std::filesystem::path parse_directory(const boost::program_options::variables_map& args);

// --annotations of commands that take the videos' order from them
void add_order_option(boost::program_options::options_description& options);
std::filesystem::path parse_order(const boost::program_options::variables_map& args);

// The positional arguments, or the only one; throws naming `what` they are if there are none.
std::vector<std::string> parse_arguments(const boost::program_options::variables_map& args,
                                         const std::string& what);
std::string parse_argument(const boost::program_options::variables_map& args,
                           const std::string& what);

// What a command works on.
struct ShardedInputs {
  std::vector<Input> files;
  Json shard = nullptr;  // {"index", "count", "videos", "of"}, as results tell it; null without one
};
// Those of this shard; the log says how many of how many they are.
ShardedInputs shared_out(std::vector<Input> inputs, const VideoOptions& options);
void tell_shard(const Shard& shard, std::size_t videos, std::size_t of);

// The inputs with ids, of this shard. Throws Error(kUsage) if nothing at all was found.
ShardedInputs parse_inputs(const boost::program_options::variables_map& args,
                           const std::string& what, const std::vector<std::string>& suffixes,
                           const VideoOptions& options, std::istream& standard_input);

}  // namespace co2net
