#include "cli/options.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/algorithm/string/trim.hpp>
#include <boost/program_options.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <regex>
#include <sstream>

#include "pipeline/base/allowance.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"
#include "postprocess/exporters/formats.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

bool is_set(const po::variables_map& args, const std::string& name) {
  return optional_value<bool>(args, name).value_or(false);
}

Strings fields_of(const std::string& text, char separator) {
  Strings fields;
  std::istringstream rest(text);
  for (std::string field; std::getline(rest, field, separator);) fields.push_back(field);
  return fields;
}

// What a command reads beside its inputs.
std::vector<Input> other_files_read(const po::variables_map& args) {
  std::vector<Input> files;
  for (const char* option :
       {"config", "annotations", "ground-truth", "ambiguous", "labels", "results"}) {
    if (const auto file = optional_value<std::string>(args, option)) files.push_back({*file, ""});
  }
  for (const char* option : {"model", "extractor"}) {
    const auto bundle = optional_value<std::string>(args, option);
    if (!bundle) continue;
    for (const char* file :
         {"model.json", kI3dRgbFile, kI3dFlowFile, kCo2NetFile, kWtalcFile, kI3dLogitsFile}) {
      files.push_back({fs::path(*bundle) / file, ""});
    }
  }
  for (const std::string& input : optional_value<Strings>(args, "input").value_or(Strings())) {
    if (input.starts_with('@')) files.push_back({input.substr(1), ""});
  }
  return files;
}

// An option's whole number from 1 to `most`, or `by_default`.
std::int64_t count_or(const po::variables_map& args, const std::string& name,
                      std::int64_t by_default, std::int64_t most) {
  const auto count = optional_value<std::int64_t>(args, name);
  if (count && (*count < 1 || *count > most)) {
    throw Error(ErrorKind::kUsage,
                "--" + name + " must be at least 1 and at most " + std::to_string(most));
  }
  return count.value_or(by_default);
}

std::int64_t size_or(const po::variables_map& args, const std::string& name,
                     std::int64_t by_default) {
  const std::int64_t size = parse_size(args, name).value_or(by_default);
  if (size < 1) throw Error(ErrorKind::kUsage, "--" + name + " must be at least 1");
  return size;
}

// All of the text.
std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

VideoLimits parse_limits(const po::variables_map& args) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();  // that libav counts to
  constexpr std::int64_t kMostFrames = std::numeric_limits<std::int64_t>::max();
  VideoLimits limits;
  limits.frames = count_or(args, "max-frames", limits.frames, kMostFrames);
  limits.pixels = count_or(args, "max-pixels", limits.pixels, kMost);
  limits.scaled_pixels = count_or(args, "max-scaled-pixels", limits.scaled_pixels, kMost);
  limits.streams = static_cast<int>(count_or(args, "max-streams", limits.streams, kMost - 1));
  limits.allocation = size_or(args, "max-alloc", limits.allocation);
  return limits;
}

// The cache's, where the command has one that is in use.
fs::path spool_folder(const po::variables_map& args) {
  if (args.count("no-cache") > 0 && !is_set(args, "no-cache")) return parse_cache_directory(args);
  const char* temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

Spool parse_spool(const po::variables_map& args) {
  Spool spool;
  spool.folder = spool_folder(args);
  spool.max_bytes = size_or(args, "max-spool", spool.max_bytes);
  return spool;
}

}  // namespace

std::optional<std::int64_t> parse_size(const po::variables_map& args, const std::string& name) {
  const auto text = optional_value<std::string>(args, name);
  if (!text) return std::nullopt;
  static const std::regex kSize("([0-9]+(?:\\.[0-9]+)?)([KMGT]?)(?:i?B)?", std::regex::icase);
  std::smatch match;
  if (!std::regex_match(*text, match, kSize)) {
    throw Error(ErrorKind::kUsage, "--" + name + ": '" + *text + "' is not a size such as 50G");
  }
  const int power = match[2].length() == 0
                        ? 0
                        : 1 + static_cast<int>(std::string("KMGT").find(
                                  static_cast<char>(std::toupper(match.str(2).front()))));
  const double bytes = std::strtod(match.str(1).c_str(), nullptr) * std::pow(1024.0, power);
  constexpr double kMost = 0x1p62;
  return static_cast<std::int64_t>(std::min(bytes, kMost));
}

po::typed_value<double>* number_option(double by_default) {
  char text[32];
  char* const end = std::to_chars(std::begin(text), std::end(text), by_default).ptr;
  return po::value<double>()->default_value(by_default, std::string(std::begin(text), end));
}

std::string one_of(const po::variables_map& args, const std::string& name, const Strings& allowed) {
  auto value = args[name].as<std::string>();
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  throw Error(ErrorKind::kUsage, "--" + name + ": " + not_one_of(value, allowed));
}

spdlog::level::level_enum parse_log_level(const std::string& name) {
  const spdlog::level::level_enum level = spdlog::level::from_str(name);
  if (level == spdlog::level::off && name != "off") {
    throw Error(ErrorKind::kUsage,
                "--log-level: " + not_one_of(name, {"error", "warning", "info", "debug", "off"}));
  }
  return level;
}

std::string required(const po::variables_map& args, const std::string& name,
                     const std::string& what, const std::string& how) {
  if (args.count(name) > 0) return args[name].as<std::string>();
  throw Error(ErrorKind::kUsage, "no " + what + ": give " + (how.empty() ? "--" + name : how));
}

void expect_none_of(const po::variables_map& args, const Strings& names, const std::string& why) {
  for (const std::string& name : names) {
    if (args.count(name) == 0 || args[name].defaulted()) continue;
    throw Error(ErrorKind::kUsage, "--" + name + " " + why);
  }
}

void add_model_option(po::options_description& options) {
  options.add_options()("model,m", po::value<std::string>()->value_name("DIR"),
                        "model bundle: a folder with model.json and the weights");
}

fs::path parse_model(const po::variables_map& args) {
  return required(args, "model", "model", "a bundle's folder with --model DIR");
}

void add_only_option(po::options_description& options) {
  options.add_options()(
      "only", po::value<Strings>()->composing()->value_name("CLASS,..."),
      "of a model with the classes of its I3D: tell of these alone; repeatable, as a class whose "
      "name has a comma must be given by itself");
}

Bundle with_only(const po::variables_map& args, Bundle bundle) {
  Strings labels;
  for (const std::string& value : optional_value<Strings>(args, "only").value_or(Strings())) {
    const bool is_class = std::ranges::find(bundle.classes, value) != bundle.classes.end();
    Strings given = is_class ? Strings{value} : fields_of(value, ',');
    for (std::string& label : given) boost::trim(label);
    labels.insert(labels.end(), given.begin(), given.end());
  }
  if (args.count("only") > 0) report_only(bundle, labels);
  return bundle;
}

std::optional<std::string> parse_bundle_name(const po::variables_map& args) {
  auto name = optional_value<std::string>(args, "name");
  if (name && !is_utf8(*name)) throw Error(ErrorKind::kUsage, "--name is not UTF-8");
  return name;
}

void add_recipe_options(po::options_description& options, bool with_preset) {
  if (with_preset) {
    options.add_options()(
        "recipe", po::value<std::string>()->value_name("NAME"),
        ("how to make features, instead of the model's recipe: " + joined(recipe_preset_names()))
            .c_str());
  }
  options.add_options()(
      "recipe-set", po::value<Strings>()->composing()->value_name("KEY=VALUE"),
      "change one key of the recipe, such as fps=10 or flow.bound=15; repeatable");
}

Recipe parse_recipe(const po::variables_map& args, const Recipe& given) {
  const auto preset = optional_value<std::string>(args, "recipe");
  const Recipe recipe = preset ? recipe_preset(*preset) : given;
  return with_settings(recipe, optional_value<Strings>(args, "recipe-set").value_or(Strings()));
}

void add_cache_options(po::options_description& options) {
  options.add_options()("cache", po::value<std::string>()->value_name("DIR"),
                        "where results of stages are kept (default: $XDG_CACHE_HOME/co2net)")  //
      ("no-cache", po::bool_switch(), "keep and reuse nothing");
}

fs::path parse_cache_directory(const po::variables_map& args) {
  const auto directory = optional_value<std::string>(args, "cache");
  if (directory) expect_no_video_name(*directory, "--cache");
  return directory ? fs::path(*directory) : default_cache_directory();
}

std::unique_ptr<DiskCache> parse_cache(const po::variables_map& args) {
  if (args["no-cache"].as<bool>()) return nullptr;
  return std::make_unique<DiskCache>(parse_cache_directory(args));
}

void add_input_options(po::options_description& options) {
  options.add_options()(
      "shard", po::value<std::string>()->value_name("I/N"),
      "work on one of N shares of the inputs, 0 <= I < N; env/N: which one, the cluster's job "
      "array "
      "says, env/N@1 if its ids start at 1; env: N as well, where it tells that")         //
      ("null,0", po::bool_switch(), "paths in lists end with NUL, not with a line feed")  //
      ("fail-fast", po::bool_switch(), "stop at the first input that fails");
}

void add_share_option(po::options_description& options) {
  options.add_options()(
      "share", po::bool_switch(),
      "divide the inputs with all processes that were started alike with the same cache: each "
      "takes "
      "what no other works on, finds the rest there, and ends with the result of all");
}

void add_stream_option(po::options_description& options) {
  options.add_options()(
      "stream", po::value<int>()->value_name("N"),
      "index of the video stream in its container (default: the one that ffmpeg chooses)");
}

void add_opening_limit_options(po::options_description& options) {
  options.add_options()("max-pixels", po::value<std::int64_t>()->value_name("N"),
                        "a video of larger frames is an error (default: 67108864, 8192 x 8192)")  //
      ("max-streams", po::value<std::int64_t>()->value_name("N"),
       "a video of more streams, sound and subtitles included, is an error (default: 256)")  //
      ("max-alloc", po::value<std::string>()->value_name("SIZE"),
       "a video whose decoding takes more memory than this at once is an error (default: 1G)");
}

void add_limit_options(po::options_description& options) {
  options.add_options()(
      "max-frames", po::value<std::int64_t>()->value_name("N"),
      "a video of more frames, at the recipe's rate, is an error (default: those of a day)")  //
      ("max-scaled-pixels", po::value<std::int64_t>()->value_name("N"),
       "a video whose frames are larger after resizing is an error (default: 16777216, 4096 x "
       "4096)");
  add_opening_limit_options(options);
}

void add_spool_option(po::options_description& options) {
  options.add_options()(
      "max-spool", po::value<std::string>()->value_name("SIZE"),
      "a pipe's content is copied to the cache's folder, or to $TMPDIR without a cache, to be read "
      "from there; more than this is an error (default: 16G)");
}

void add_threads_option(po::options_description& options) {
  options.add_options()("threads,j", po::value<int>()->value_name("N"),
                        "threads to compute with (default: one a CPU that this process may use, by "
                        "affinity and control "
                        "group); results do not depend on it");
}

void add_outcome_options(po::options_description& options) {
  options.add_options()("strict", po::bool_switch(),
                        "a video that decodes only in part is an error")  //
      ("stats", po::value<std::string>()->value_name("FILE"),
       "write seconds and rates of every stage as JSON");
}

void add_timeout_option(po::options_description& options) {
  options.add_options()("timeout", po::value<double>()->value_name("SECONDS"),
                        "give up on a video after so long");
}

void add_progress_option(po::options_description& options) {
  options.add_options()("progress",
                        po::value<std::string>()->value_name("HOW")->default_value("auto"),
                        "auto (bars on a terminal), plain (a line now and then), off");
}

void add_video_options(po::options_description& options) {
  add_input_options(options);
  add_stream_option(options);
  add_limit_options(options);
  add_spool_option(options);
  add_threads_option(options);
  add_outcome_options(options);
  add_timeout_option(options);
  add_progress_option(options);
}

void expect_no_video_name(const fs::path& output, const std::string& option) {
  if (!is_video_name(output)) return;
  throw Error(
      ErrorKind::kUsage,
      option + ": " + output.string() +
          " has a video's suffix and would not be read but written; a video whose name "
          "begins with a dash goes after -- or as ./NAME, and an output needs another name");
}

int default_threads() { return threads_in(allowance()); }

VideoOptions parse_video_options(const po::variables_map& args) {
  VideoOptions options;
  options.threads = optional_value<int>(args, "threads").value_or(default_threads());
  if (options.threads < 1) throw Error(ErrorKind::kUsage, "--threads must be at least 1");
  options.each.stream = optional_value<int>(args, "stream").value_or(-1);
  if (args.count("stream") > 0 && options.each.stream < 0) {
    throw Error(ErrorKind::kUsage, "--stream must be at least 0");
  }
  options.each.limits = parse_limits(args);
  options.each.spool = parse_spool(args);
  options.each.timeout_s = optional_value<double>(args, "timeout");
  if (options.each.timeout_s && !(*options.each.timeout_s > 0)) {
    throw Error(ErrorKind::kUsage, "--timeout must be more than 0 seconds");
  }
  options.each.strict = is_set(args, "strict");
  options.fail_fast = is_set(args, "fail-fast");
  if (args.count("progress") > 0) {
    options.progress = one_of(args, "progress", kProgressWays);
  }
  if (const auto shard = optional_value<std::string>(args, "shard")) {
    options.shard = parse_shard(*shard);
  }
  options.share = is_set(args, "share");
  if (options.share && is_set(args, "no-cache")) {
    throw Error(ErrorKind::kUsage,
                "--share: processes divide the inputs by the cache; leave out --no-cache");
  }
  options.nul_separated = is_set(args, "null");
  options.stats = optional_value<std::string>(args, "stats").value_or("");
  if (!options.stats.empty()) {
    expect_no_video_name(options.stats, "--stats");
    expect_no_input_at(options.stats, other_files_read(args), "--stats");
    expect_writable(options.stats);
  }
  return options;
}

void add_output_option(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                        "where results go (default, and '-': standard output)");
}

fs::path parse_output(const po::variables_map& args) {
  const std::string output = optional_value<std::string>(args, "output").value_or("");
  if (output == "-") return {};
  expect_no_video_name(output, "-o");
  std::error_code unreachable;  // which is told when it is written
  if (fs::is_directory(output, unreachable)) {
    throw Error(ErrorKind::kUsage, "-o: " + output + " is a folder; name a file");
  }
  expect_no_input_at(output, other_files_read(args));
  return output;
}

void add_filter_options(po::options_description& options) {
  options.add_options()("min-score", po::value<double>()->value_name("S"),
                        "leave out segments that score less")  //
      ("top-k", po::value<int>()->value_name("K"), "only the best K segments of a video");
}

SegmentFilter parse_filter(const po::variables_map& args) {
  SegmentFilter filter;
  filter.min_score = optional_value<double>(args, "min-score");
  filter.top_k = optional_value<int>(args, "top-k");
  if (filter.top_k && *filter.top_k < 1) {
    throw Error(ErrorKind::kUsage, "--top-k must be at least 1");
  }
  return filter;
}

void add_result_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE|DIR"),
                        "where results go (default, and '-': standard output); vtt and srt go into "
                        "a folder")  //
      ("format", po::value<std::string>()->value_name("NAME")->default_value("activitynet"),
       "activitynet (one JSON document), jsonl (a line a video, as each finishes), csv; vtt and "
       "srt (subtitles of the final segments, a file a video)")  //
      ("final", po::bool_switch(),
       "instead of every candidate, segments of which those of a class never overlap, and none "
       "where nothing seems to happen; JSON has them anyway, as \"final\"");
  add_filter_options(options);
}

bool is_file_a_video(ResultFormat format) {
  return export_row(name_of(format)).place == ExportPlace::kFileAVideo;
}

ResultOptions parse_result_options(const po::variables_map& args) {
  ResultOptions options;
  options.format = one_of<ResultFormat>(args, "format");
  options.output = is_file_a_video(options.format) ? parse_directory(args) : parse_output(args);
  options.only_final = args["final"].as<bool>();
  options.filter = parse_filter(args);
  return options;
}

Json changes_to_results(const po::variables_map& args, const Bundle& bundle) {
  Json changes = Json::object();
  if (args["final"].as<bool>()) changes["final"] = true;
  if (const auto least = optional_value<double>(args, "min-score")) changes["min-score"] = *least;
  if (const auto most = optional_value<int>(args, "top-k")) changes["top-k"] = *most;
  if (const auto classes = optional_value<Strings>(args, "only")) changes["only"] = *classes;
  if (const auto point = optional_value<std::string>(args, "operating-point")) {
    changes["operating-point"] = *point;
  }
  const Compat compat = parse_compat(args).value_or(bundle.compat);
  if (compat != bundle.compat) changes["compat"] = name_of(compat);
  return changes;
}

void expect_made_by(const Bundle& bundle, const ResultOptions& options) {
  if (has_final_segments(bundle)) return;
  if (!options.only_final && !is_file_a_video(options.format)) return;
  throw Error(ErrorKind::kUsage,
              (options.only_final ? "--final" : "--format " + name_of(options.format)) +
                  ": model " + bundle.name +
                  " is a W-TALC, which has no operating point and makes no final segments; take "
                  "its candidates, as JSON or CSV without --final");
}

fs::path errors_in(const ResultOptions& options) {
  const bool has_errors =
      options.format == ResultFormat::kActivityNet || options.format == ResultFormat::kJsonLines;
  return has_errors ? options.output : fs::path();
}

void add_compat_option(po::options_description& options) {
  options.add_options()("compat", po::value<std::string>()->value_name("WHOSE"),
                        "authors (with the quirks of the published code) or clean (without); by "
                        "default as the model was trained");
}

std::optional<Compat> parse_compat(const po::variables_map& args) {
  if (args.count("compat") == 0) return std::nullopt;
  return one_of<Compat>(args, "compat");
}

void add_operating_point_option(po::options_description& options) {
  options.add_options()(
      "operating-point", po::value<std::string>()->value_name("HOW"),
      "from which video score on a class has final segments: f1 (the best on the held-out videos "
      "that the model keeps the scores of), false-alarms=R (at most R an hour on those of "
      "background) or a score; by default as the model was trained");
}

std::optional<OperatingChoice> parse_operating_point(const po::variables_map& args) {
  const auto text = optional_value<std::string>(args, "operating-point");
  if (!text) return std::nullopt;
  if (*text == "f1") return OperatingChoice{};
  constexpr std::string_view kFalseAlarms = "false-alarms=";
  const bool is_rate = text->starts_with(kFalseAlarms);
  const auto number = number_in(std::string_view(*text).substr(is_rate ? kFalseAlarms.size() : 0));
  if (is_rate && number && *number > 0 && *number <= 1e6) {
    return OperatingChoice{.false_alarms = number};
  }
  if (!is_rate && number && *number >= 0 && *number <= 1) {
    return OperatingChoice{.threshold = number};
  }
  throw Error(ErrorKind::kUsage, "--operating-point: '" + *text +
                                     "' is none of f1, false-alarms=R with R above 0, and a score "
                                     "from 0 to 1");
}

std::vector<fs::path> parse_paths(const po::variables_map& args, const std::string& name) {
  const Strings paths = optional_value<Strings>(args, name).value_or(Strings());
  return {paths.begin(), paths.end()};
}

void add_directory_option(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("DIR"),
                        "folder to write into");
}

fs::path parse_directory(const po::variables_map& args) {
  fs::path directory = required(args, "output", "output", "a folder with -o DIR");
  expect_no_video_name(directory, "-o");
  if (directory == "-") {
    throw Error(ErrorKind::kUsage,
                "-o: standard output takes one file, and here there are several; name a folder");
  }
  return directory;
}

void add_order_option(po::options_description& options) {
  options.add_options()("annotations", po::value<std::string>()->value_name("FILE|DIR"),
                        "annotations of the videos, which say their order");
}

fs::path parse_order(const po::variables_map& args) {
  return required(args, "annotations", "videos", "their annotations with --annotations FILE|DIR");
}

Strings parse_arguments(const po::variables_map& args, const std::string& what) {
  if (args.count("input") == 0) {
    throw Error(ErrorKind::kUsage, what + " is missing: give at least one");
  }
  return args["input"].as<Strings>();
}

std::string parse_argument(const po::variables_map& args, const std::string& what) {
  const Strings arguments = parse_arguments(args, what);
  if (arguments.size() > 1) throw Error(ErrorKind::kUsage, "give one " + what + " only");
  return arguments.front();
}

void tell_shard(const Shard& shard, std::size_t videos, std::size_t of) {
  spdlog::info("shard {}: {} of {} videos", to_string(shard), videos, of);
}

ShardedInputs shared_out(std::vector<Input> inputs, const VideoOptions& options) {
  if (!options.shard) return {std::move(inputs)};
  const Shard& shard = *options.shard;
  const std::size_t all = inputs.size();
  std::erase_if(inputs, [&](const Input& input) { return !shard.has(input.id); });
  tell_shard(shard, inputs.size(), all);
  const Json note = {
      {"index", shard.index}, {"count", shard.count}, {"videos", inputs.size()}, {"of", all}};
  return {std::move(inputs), note};
}

ShardedInputs parse_inputs(const po::variables_map& args, const std::string& what,
                           const Strings& suffixes, const VideoOptions& options,
                           std::istream& standard_input) {
  std::vector<Input> inputs = with_ids(
      expand_inputs(parse_arguments(args, what), suffixes, standard_input, options.nul_separated));
  if (inputs.empty()) {
    throw Error(ErrorKind::kUsage, "no input found: the given folders and lists name no files");
  }
  expect_no_input_at(options.stats, inputs, "--stats");
  return shared_out(std::move(inputs), options);
}

}  // namespace co2net
