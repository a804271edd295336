#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <functional>
#include <set>
#include <sstream>

#include "cli/options.h"
#include "extractors/i3d/i3d_import.h"
#include "localizer/co2net_import.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/bundle.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

void add_import_options(po::options_description& options) {
  options.add_options()("rgb", po::value<std::string>()->value_name("FILE"),
                        "i3d: the checkpoint of the RGB network")  //
      ("flow", po::value<std::string>()->value_name("FILE"),
       "i3d: the checkpoint of the flow network")  //
      ("output,o", po::value<std::string>()->value_name("DIR"),
       "i3d: the bundle to make, or to put the networks into")  //
      ("model,m", po::value<std::string>()->value_name("DIR"),
       "co2net: the bundle to make, or to put the network into")  //
      ("classes", po::value<std::string>()->value_name("FILE"),
       "co2net: a label a line, in the order of the network's classes")  //
      ("preset", po::value<std::string>()->value_name("NAME"),
       "co2net: thumos14 (default) or activitynet1.2")  //
      ("max-seqlen", po::value<int>()->value_name("N"),
       "co2net, activitynet1.2: the length in snippets that it was trained with (default: 60)")  //
      ("name", po::value<std::string>()->value_name("NAME"), "the bundle's name");
  add_recipe_options(options, true);
}

// An option that means nothing to the action is not passed over in silence.
void expect_none_of(const po::variables_map& args, const std::vector<const char*>& options,
                    const std::string& action) {
  for (const char* option : options) {
    if (args.count(option) > 0) {
      throw Error(ErrorKind::kUsage, std::string("--") + option + " is not of 'import " + action +
                                         "' ('co2net import --help' lists the options)");
    }
  }
}

std::string required(const po::variables_map& args, const char* option, const char* what) {
  if (args.count(option) == 0) {
    throw Error(ErrorKind::kUsage, std::string("give ") + what + " with --" + option);
  }
  return args[option].as<std::string>();
}

// The bundle at `directory`, of which `kept` stay if they are there, or a new one.
Bundle bundle_at(const fs::path& directory, const std::vector<const char*>& kept) {
  if (fs::exists(directory / "model.json")) {
    std::vector<std::string> files;
    for (const char* name : kept) {
      if (fs::exists(directory / name)) files.emplace_back(name);
    }
    return load_bundle(directory, files);
  }
  if (fs::exists(directory) && !(fs::is_directory(directory) && fs::is_empty(directory))) {
    throw Error(ErrorKind::kInput, directory.string() +
                                       " is there already and is no model bundle; choose another "
                                       "place, or an empty folder");
  }
  Bundle bundle;
  bundle.directory = directory.has_filename() ? directory : directory.parent_path();
  bundle.name = "imported";
  return bundle;
}

// A new folder appears as a whole; in one that is there, model.json comes last.
void write_bundle(const Bundle& bundle, const std::function<void(const Bundle&)>& write_weights) {
  const auto write = [&](const fs::path& folder) {
    Bundle target = bundle;
    target.directory = folder;
    write_weights(target);
    save_bundle(target);
  };
  if (fs::exists(bundle.directory)) {
    write(bundle.directory);
  } else {
    write_folder_with(bundle.directory, write);
  }
}

void set_name(Bundle& bundle, const po::variables_map& args) {
  if (args.count("name") == 0) return;
  bundle.name = args["name"].as<std::string>();
  if (!is_utf8(bundle.name)) throw Error(ErrorKind::kUsage, "--name is not UTF-8");
}

struct ImportedI3d {
  std::string file;    // in the bundle
  std::string script;  // its content
  Json provenance;
};

ImportedI3d convert_i3d(Modality stream, const fs::path& checkpoint) {
  const I3dArchitecture architecture{.channels = channels_of(stream)};
  const I3dCheckpoint network = read_i3d_checkpoint(checkpoint, architecture);
  return {i3d_file(stream),
          script_i3d(architecture, network.fill()),
          {{"port", network.port}, {"sha256", sha256_file(checkpoint)}}};
}

// A CO2-Net works with the features that it learned from alone.
void expect_same_features(const Bundle& bundle, const std::array<ImportedI3d, 2>& networks,
                          const Recipe& recipe) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, bundle.file(kCo2NetFile).string() + " " + why +
                                       "; import the networks into another folder");
  };
  const int feature_size = 2 * i3d_feature_size({});
  if (bundle.feature_size != feature_size) {
    refuse("takes " + std::to_string(bundle.feature_size) + " features, and these networks give " +
           std::to_string(feature_size));
  }
  if (!same_features(bundle.recipe, recipe)) refuse("learned from features of another recipe");
  for (const ImportedI3d& network : networks) {
    const auto known = bundle.sha256.find(network.file);
    if (known != bundle.sha256.end() && known->second != sha256(network.script)) {
      refuse("learned from features of another " + network.file);
    }
  }
}

int import_i3d(const po::variables_map& args) {
  expect_none_of(args, {"model", "classes", "preset", "max-seqlen"}, "i3d");
  const fs::path rgb = required(args, "rgb", "the RGB network's checkpoint");
  const fs::path flow = required(args, "flow", "the flow network's checkpoint");
  Bundle bundle = bundle_at(parse_directory(args), {kCo2NetFile});
  const Recipe recipe = parse_recipe(args, bundle.recipe);
  for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
    expect_no_input_at(bundle.file(file), {{rgb, ""}, {flow, ""}});
  }

  const std::array<ImportedI3d, 2> networks = {convert_i3d(Modality::kRgb, rgb),
                                               convert_i3d(Modality::kFlow, flow)};
  if (fs::exists(bundle.file(kCo2NetFile))) {
    expect_same_features(bundle, networks, recipe);
  } else {
    bundle.status = "trained";
    bundle.classes.clear();
  }
  set_name(bundle, args);
  bundle.recipe = recipe;
  bundle.feature_size = 2 * i3d_feature_size({});
  bundle.provenance["i3d_rgb"] = networks[0].provenance;
  bundle.provenance["i3d_flow"] = networks[1].provenance;
  write_bundle(bundle, [&](const Bundle& target) {
    for (const ImportedI3d& network : networks) {
      write_file(target.file(network.file), network.script);
    }
  });
  for (const ImportedI3d& network : networks) {
    spdlog::info("wrote {}, with the weights of a checkpoint of {}",
                 bundle.file(network.file).string(), network.provenance["port"].get<std::string>());
  }
  return 0;
}

// One label a line; spaces around it, blank lines and a byte order mark do not count.
std::vector<std::string> read_classes(const fs::path& path) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, path.string() + ": " + why);
  };
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF", kSpaces = " \t\r";
  std::string text = read_file(path);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  std::vector<std::string> classes;
  std::set<std::string> known;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string::npos) continue;
    const std::string label = line.substr(begin, line.find_last_not_of(kSpaces) + 1 - begin);
    if (!is_utf8(label)) refuse("label " + std::to_string(classes.size() + 1) + " is not UTF-8");
    if (!known.insert(label).second) refuse("the label '" + label + "' is there twice");
    classes.push_back(label);
  }
  return classes;
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

void expect_classes(const std::vector<std::string>& classes, const fs::path& file,
                    const Co2Net& network, const fs::path& checkpoint) {
  const auto known = static_cast<std::size_t>(network.config().classes);
  if (classes.size() == known) return;
  throw Error(ErrorKind::kInput, file.string() + ": has " + std::to_string(classes.size()) +
                                     " labels, but " + checkpoint.string() + " is a network of " +
                                     std::to_string(known) + " classes, and background");
}

// What remains of a bundle's I3D must give the features that the network takes.
void expect_feature_size(const Bundle& bundle, const Co2Net& network, const fs::path& checkpoint) {
  const int wanted = network.config().feature_size;
  if (wanted == bundle.feature_size) return;
  throw Error(ErrorKind::kInput, checkpoint.string() + ": takes " + std::to_string(wanted) +
                                     " features, and the networks of " + bundle.directory.string() +
                                     " give " + std::to_string(bundle.feature_size) +
                                     "; choose another --model");
}

// How the bundle's I3D came about, not its CO2-Net.
Json i3d_provenance(const Bundle& bundle) {
  Json kept = Json::object();
  for (const char* stream : {"i3d_rgb", "i3d_flow"}) {
    if (bundle.provenance.contains(stream)) kept[stream] = bundle.provenance[stream];
  }
  return kept;
}

int import_co2net_checkpoint(const po::variables_map& args, const fs::path& checkpoint) {
  expect_none_of(args, {"rgb", "flow", "output"}, "co2net");
  const fs::path labels = required(args, "classes", "a file of labels, one a line,");
  const Variant variant = parse_preset(args);
  const int max_seqlen = parse_max_seqlen(args, variant);
  Bundle bundle = bundle_at(parse_model(args), {kI3dRgbFile, kI3dFlowFile});
  const bool has_i3d =
      fs::exists(bundle.file(kI3dRgbFile)) || fs::exists(bundle.file(kI3dFlowFile));
  bundle.recipe = parse_recipe(args, bundle.recipe);
  expect_no_input_at(bundle.file(kCo2NetFile), {{checkpoint, ""}, {labels, ""}}, "--model");

  bundle.classes = read_classes(labels);
  const Co2Net network = import_co2net(checkpoint, variant, max_seqlen);
  expect_classes(bundle.classes, labels, network, checkpoint);
  if (has_i3d) expect_feature_size(bundle, network, checkpoint);
  bundle.status = has_i3d ? status_with(bundle) : "trained";
  set_name(bundle, args);
  bundle.feature_size = network.config().feature_size;
  bundle.network = network.config().network;
  bundle.provenance = i3d_provenance(bundle);
  bundle.provenance["co2net"] = {{"sha256", sha256_file(checkpoint)}};
  write_bundle(bundle, [&](const Bundle& target) { network.save(target.file(kCo2NetFile)); });
  spdlog::info("wrote {}: {}, {} classes, {} features", bundle.file(kCo2NetFile).string(),
               name_of(variant), bundle.classes.size(), bundle.feature_size);
  return 0;
}

int run_import(const po::variables_map& args, Io&) {
  const std::vector<std::string> words = parse_arguments(args, "ACTION (i3d, co2net)");
  const std::string& action = words.front();
  if (action == "i3d") {
    if (words.size() > 1) {
      throw Error(ErrorKind::kUsage, "'" + words[1] + "': i3d takes its files by --rgb and --flow");
    }
    return import_i3d(args);
  }
  if (action == "co2net") {
    if (words.size() != 2) throw Error(ErrorKind::kUsage, "co2net takes one FILE, a checkpoint");
    return import_co2net_checkpoint(args, words[1]);
  }
  throw Error(ErrorKind::kUsage, "unknown action '" + action + "'; known: i3d, co2net");
}

}  // namespace

const Command kImportCommand = {"import", add_import_options, run_import};

}  // namespace co2net
