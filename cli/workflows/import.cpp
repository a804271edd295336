#include "cli/workflows/import.h"

#include <array>
#include <functional>

#include "extractors/i3d/i3d_import.h"
#include "localizer/co2net_import.h"
#include "localizer/training_options.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/datasets/classes_file.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

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
    const auto known = known_sha256(bundle, network.file);
    if (known && *known != sha256(network.script)) {
      refuse("learned from features of another " + network.file);
    }
  }
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

}  // namespace

Bundle bundle_to_fill(const fs::path& directory, const std::vector<const char*>& kept) {
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

Bundle import_into_bundle(const ImportI3dJob& job) {
  Bundle bundle = job.bundle;
  for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
    expect_no_input_at(bundle.file(file), {{job.rgb, ""}, {job.flow, ""}});
  }
  const std::array<ImportedI3d, 2> networks = {convert_i3d(Modality::kRgb, job.rgb),
                                               convert_i3d(Modality::kFlow, job.flow)};
  if (fs::exists(bundle.file(kCo2NetFile))) {
    expect_same_features(bundle, networks, job.recipe);
  } else {
    bundle.status = BundleStatus::kTrained;
    bundle.classes.clear();
  }
  bundle.name = job.name;
  bundle.recipe = job.recipe;
  bundle.feature_size = 2 * i3d_feature_size({});
  bundle.provenance["i3d_rgb"] = networks[0].provenance;
  bundle.provenance["i3d_flow"] = networks[1].provenance;
  write_bundle(bundle, [&](const Bundle& target) {
    for (const ImportedI3d& network : networks) {
      write_file(target.file(network.file), network.script);
    }
  });
  return bundle;
}

Bundle import_into_bundle(const ImportCo2NetJob& job) {
  Bundle bundle = job.bundle;
  expect_no_input_at(bundle.file(kCo2NetFile), {{job.checkpoint, ""}, {job.classes, ""}},
                     "--model");
  const bool has_i3d =
      fs::exists(bundle.file(kI3dRgbFile)) || fs::exists(bundle.file(kI3dFlowFile));
  bundle.classes = read_classes(job.classes);
  const Co2Net network = import_co2net(job.checkpoint, job.variant, job.max_seqlen);
  expect_classes(bundle.classes, job.classes, network, job.checkpoint);
  if (has_i3d) expect_feature_size(bundle, network, job.checkpoint);
  bundle.status = has_i3d ? status_with(bundle) : BundleStatus::kTrained;
  bundle.name = job.name;
  bundle.recipe = job.recipe;
  bundle.feature_size = network.config().feature_size;
  bundle.network = network.config().network;
  bundle.min_snippets = training_preset(job.variant).min_snippets;
  bundle.compat = Compat::kAuthors;
  bundle.operating_point.reset();
  bundle.learned_from.clear();
  bundle.provenance = i3d_provenance(bundle);
  bundle.provenance["co2net"] = {{"sha256", sha256_file(job.checkpoint)}};
  write_bundle(bundle, [&](const Bundle& target) { network.save(target.file(kCo2NetFile)); });
  return bundle;
}

}  // namespace co2net
