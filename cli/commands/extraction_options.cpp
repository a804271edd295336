#include "cli/commands/extraction_options.h"

#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

void parse_keep(const po::variables_map& args, ExtractionSettings& settings) {
  if (args.count("keep") == 0) return;
  for (const std::string& stage : args["keep"].as<Strings>()) {
    if (stage != "frames" && stage != "flow") {
      throw Error(ErrorKind::kUsage, "--keep: " + not_one_of(stage, {"frames", "flow"}));
    }
    (stage == "frames" ? settings.keep_frames : settings.keep_flow) = true;
  }
  if (args["no-cache"].as<bool>()) throw Error(ErrorKind::kUsage, "--keep needs a cache");
}

constexpr int kMostClipsAtOnce = 1024;

void expect_gpu(const Device& device, const std::string& option) {
  if (device.is_gpu()) return;
  throw Error(ErrorKind::kUsage, option + " needs a CUDA device, and the networks run on the CPU");
}

bool is_for_flow_alone(const std::string& device) { return device.starts_with("opencl"); }

}  // namespace

void add_device_option(po::options_description& options, const char* help) {
  options.add_options()("device",
                        po::value<std::string>()->value_name("WHERE")->default_value("auto"), help)(
      "tf32", po::bool_switch(),
      "on a CUDA device, round what networks multiply to TensorFloat-32, which is faster");
}

Device parse_device(const po::variables_map& args) {
  const auto text = args["device"].as<std::string>();
  return within("--device", [&] {
    Device device = text == "auto" ? best_device() : parse_device(text);
    if (text == "auto" && device.is_gpu()) {
      spdlog::info("the networks run on {} ({})", to_string(device), device_description(device));
    } else if (text == "auto") {
      spdlog::info("no CUDA device: the networks run on the CPU");
    }
    device.tf32 = args["tf32"].as<bool>();
    use_device(device);
    if (device.tf32) expect_gpu(device, "--tf32");
    return device;
  });
}

void add_extraction_options(po::options_description& options) {
  add_device_option(options,
                    "where networks and flow run: auto, cpu, cuda or cuda:N; with opencl or "
                    "opencl:N flow runs there and the networks on the CPU");
  add_i3d_options(options);
}

void add_i3d_options(po::options_description& options) {
  options.add_options()("i3d-precision",
                        po::value<std::string>()->value_name("NAME")->default_value("fp32"),
                        "of I3D: fp32, or on a CUDA device fp16 or bf16, whose features are "
                        "coarser; the log says how much")  //
      ("clips-at-once", po::value<int>()->value_name("N"),
       "on a CUDA device, how many clips go through I3D together (default: 16; half as many where "
       "its memory is short); features are cached apart")  //
      ("keep", po::value<Strings>()->composing()->value_name("STAGE"),
       "also keep 'frames' or 'flow' in the cache, as playable videos; repeatable");
}

void add_save_scores_option(po::options_description& options) {
  options.add_options()(
      "save-scores", po::value<std::string>()->value_name("DIR"),
      "also write each video's cas and attention (.npz, with a .npz.json beside it)");
}

fs::path parse_save_scores(const po::variables_map& args) {
  fs::path folder = optional_value<std::string>(args, "save-scores").value_or("");
  expect_no_video_name(folder, "--save-scores");
  return folder;
}

void add_checkpoint_option(po::options_description& options) {
  options.add_options()(
      "checkpoint", number_option(30)->value_name("SECONDS"),
      "how often a long video's features are saved, to go on from after an interruption");
}

ExtractionSettings parse_extraction(const po::variables_map& args, const Recipe& recipe,
                                    int threads) {
  ExtractionSettings settings;
  settings.recipe = recipe;
  const auto device = args["device"].as<std::string>();
  if (device == "cpu" || is_for_flow_alone(device)) settings.flow_backend = device;
  if (is_for_flow_alone(device)) {
    if (args["tf32"].as<bool>()) expect_gpu(settings.device, "--tf32");
  } else {
    settings.device = parse_device(args);
  }
  const bool is_portable = recipe.flow.variant == FlowVariant::kPortable;
  if (device != "auto" && settings.device.is_gpu() && is_portable) {
    settings.flow_backend = to_string(settings.device);
  }
  settings.i3d_precision = one_of<I3dPrecision>(args, "i3d-precision");
  if (settings.i3d_precision != I3dPrecision::kFp32) {
    expect_gpu(settings.device, "--i3d-precision " + name_of(settings.i3d_precision));
  }
  if (settings.device.is_gpu()) settings.clips_at_once = kClipsOnGpu;
  if (const auto clips = optional_value<int>(args, "clips-at-once")) {
    expect_gpu(settings.device, "--clips-at-once");
    if (*clips < 1 || *clips > kMostClipsAtOnce) {
      throw Error(ErrorKind::kUsage,
                  "--clips-at-once must be from 1 to " + std::to_string(kMostClipsAtOnce));
    }
    settings.clips_at_once = *clips;
  }
  settings.threads = threads;
  parse_keep(args, settings);
  if (args.count("checkpoint") > 0) settings.checkpoint_s = args["checkpoint"].as<double>();
  if (!(settings.checkpoint_s >= 0)) {
    throw Error(ErrorKind::kUsage, "--checkpoint must be at least 0 seconds");
  }
  return settings;
}

void warn_of_unknown_code(const Bundle& bundle, DiskCache* cache) {
  std::vector<std::string> unknown;
  for (const auto& [file, sha256] : i3d_of(bundle)) {
    const std::string subject = "code " + sha256;
    if (cache != nullptr && !cache->history(subject).empty()) continue;
    unknown.push_back(file);
    if (cache != nullptr) cache->remember(subject, {{"file", file}});
  }
  if (unknown.empty()) return;
  spdlog::warn(
      "model {} is not known here, and its networks ({}) are code, which runs with your rights: "
      "use only models that you trust; 'co2net inspect' shows what they call",
      bundle.name, joined(unknown));
}

LocalizeVideosJob parse_localize_videos(const po::variables_map& args, const VideoOptions& video,
                                        DiskCache* cache) {
  LocalizeVideosJob job;
  job.bundle =
      with_only(args, load_localizing_bundle(parse_model(args), {kI3dRgbFile, kI3dFlowFile}));
  warn_of_unknown_code(job.bundle, cache);
  job.extraction = parse_extraction(args, parse_recipe(args, job.bundle.recipe), video.threads);
  job.each = video.each;
  job.compat = parse_compat(args);
  job.fail_fast = video.fail_fast;
  job.cache = cache;
  job.shared = video.share;
  return job;
}

}  // namespace co2net
