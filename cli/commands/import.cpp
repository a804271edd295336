#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/import.h"
#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_import_options(po::options_description& options) {
  options.add_options()("rgb", po::value<std::string>()->value_name("FILE"),
                        "i3d: the checkpoint of the RGB network")  //
      ("flow", po::value<std::string>()->value_name("FILE"),
       "i3d: the checkpoint of the flow network")  //
      ("i3d-classes", po::value<std::string>()->value_name("FILE|DIR"),
       "i3d: the labels in the order of the networks' classes, as --classes takes them (default, "
       "for networks of 400 classes: Kinetics-400's)")  //
      ("output,o", po::value<std::string>()->value_name("DIR"),
       "i3d: the bundle to make, or to put the networks into")  //
      ("model,m", po::value<std::string>()->value_name("DIR"),
       "co2net: the bundle to make, or to put the network into")  //
      ("classes", po::value<std::string>()->value_name("FILE|DIR"),
       "co2net: the labels in the order of the network's classes: a text file, one a line, or the "
       "annotations that it learned from, such as their W-TALC folder")  //
      ("preset", po::value<std::string>()->value_name("NAME"),
       "co2net: thumos14 (default) or activitynet1.2")  //
      ("max-seqlen", po::value<int>()->value_name("N"),
       "co2net, activitynet1.2: the length in snippets that it was trained with (default: 60)")  //
      ("name", po::value<std::string>()->value_name("NAME"), "the bundle's name");
  add_recipe_options(options, true);
  add_progress_option(options);
}

std::string not_of(const std::string& action) {
  return "is not of 'import " + action + "' ('co2net import --help' lists the options)";
}

int import_i3d(const po::variables_map& args, Io& io) {
  expect_none_of(args, {"model", "classes", "preset", "max-seqlen"}, not_of("i3d"));
  ImportI3dJob job;
  job.rgb = required(args, "rgb", "I3D for RGB", "the RGB network's checkpoint with --rgb");
  job.flow = required(args, "flow", "I3D for flow", "the flow network's checkpoint with --flow");
  job.classes = optional_value<std::string>(args, "i3d-classes").value_or("");
  job.bundle = bundle_to_fill(parse_directory(args), {kCo2NetFile, kWtalcFile});
  job.recipe = parse_recipe(args, job.bundle.recipe);
  job.name = parse_bundle_name(args).value_or(job.bundle.name);
  Progress progress(io.err, parse_progress(args, io));
  const Bundle bundle = import_into_bundle(job, progress.observer());
  for (const Modality stream : {Modality::kRgb, Modality::kFlow}) {
    spdlog::info("wrote {}, with the weights of a checkpoint of {}",
                 bundle.file(i3d_file(stream)).string(),
                 bundle.provenance.at("i3d_" + name_of(stream)).at("port").get<std::string>());
  }
  if (bundle.network.kind == NetworkKind::kClassifier) {
    spdlog::info("wrote {}, with their {} classes: 'run' and 'suggest' work without training",
                 bundle.file(kI3dLogitsFile).string(), bundle.classes.size());
  }
  return 0;
}

Variant parse_preset(const po::variables_map& args) {
  if (args.count("preset") == 0) return Variant::kThumos14;
  return one_of<Variant>(args, "preset");
}

int parse_max_seqlen(const po::variables_map& args, Variant variant) {
  if (args.count("max-seqlen") == 0) return NetworkSpec().max_seqlen;
  if (variant != Variant::kActivityNet) {
    throw Error(ErrorKind::kUsage, "--max-seqlen is of --preset activitynet1.2 alone");
  }
  const int length = args["max-seqlen"].as<int>();
  if (length < 1) throw Error(ErrorKind::kUsage, "--max-seqlen must be at least 1");
  return length;
}

int import_co2net(const po::variables_map& args, const fs::path& checkpoint, Io& io) {
  expect_none_of(args, {"rgb", "flow", "output", "i3d-classes"}, not_of("co2net"));
  ImportCo2NetJob job;
  job.checkpoint = checkpoint;
  job.classes = required(args, "classes", "classes",
                         "a file of labels, one a line, or the annotations, with --classes");
  job.variant = parse_preset(args);
  job.max_seqlen = parse_max_seqlen(args, job.variant);
  const fs::path directory = parse_model(args);
  expect_no_video_name(directory, "--model");
  job.bundle = bundle_to_fill(directory, {kI3dRgbFile, kI3dFlowFile});
  job.recipe = parse_recipe(args, job.bundle.recipe);
  job.name = parse_bundle_name(args);
  Progress progress(io.err, parse_progress(args, io));
  const Bundle bundle = import_into_bundle(job, progress.observer());
  spdlog::info("wrote {}: {}, {} classes, {} features", bundle.file(kCo2NetFile).string(),
               name_of(job.variant), bundle.classes.size(), bundle.feature_size);
  return 0;
}

int run_import(const po::variables_map& args, Io& io) {
  const std::vector<std::string> words = parse_arguments(args, "ACTION (i3d, co2net)");
  const std::string& action = words.front();
  if (action == "i3d") {
    if (words.size() > 1) {
      throw Error(ErrorKind::kUsage, "'" + words[1] + "': i3d takes its files by --rgb and --flow");
    }
    return import_i3d(args, io);
  }
  if (action == "co2net") {
    if (words.size() != 2) throw Error(ErrorKind::kUsage, "co2net takes one FILE, a checkpoint");
    return import_co2net(args, words[1], io);
  }
  throw Error(ErrorKind::kUsage, "action " + not_one_of(action, {"i3d", "co2net"}));
}

}  // namespace

const Command kImportCommand = {"import", add_import_options, run_import};

}  // namespace co2net
