#include "cli/workflows/import.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "cli/workflows/bundle_training.h"
#include "extractors/i3d/i3d_import.h"
#include "extractors/i3d/kinetics_400.h"
#include "localizer/co2net_import.h"
#include "localizer/training_options.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/datasets/classes_file.h"
#include "pipeline/datasets/labelled_videos.h"
#include "pipeline/datasets/network_title.h"
#include "postprocess/report/pages.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr const char* kImportedName = "imported";

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
  Arrays class_layer;  // as I3dCheckpoint has it
};
using ImportedStreams = std::array<ImportedI3d, 2>;  // RGB first

ImportedI3d convert_i3d(Modality stream, const fs::path& checkpoint) {
  const I3dArchitecture architecture{.channels = channels_of(stream)};
  I3dCheckpoint network = read_i3d_checkpoint(checkpoint, architecture);
  return {i3d_file(stream),
          script_i3d(architecture, network.fill()),
          {{"port", network.port}, {"sha256", sha256_file(checkpoint)}},
          std::move(network.class_layer)};
}

// The classes that both networks were trained for.
struct I3dClasses {
  std::vector<std::string> labels;
  Arrays layers;  // of i3d_logits.npz
};

// What `convert` makes of a checkpoint.
template <class Convert>
auto converted(const fs::path& checkpoint, const Observer& observer, Convert&& convert) {
  std::error_code unreachable;  // which is told when it is read
  const std::uintmax_t size = fs::file_size(checkpoint, unreachable);
  const auto bytes = unreachable ? 0 : static_cast<std::int64_t>(size);
  observer.on_start(checkpoint.filename().string());
  observer.on_progress("bytes", 0, bytes);
  auto network = convert();
  observer.on_progress("bytes", bytes, bytes);
  observer.on_end();
  return network;
}

ImportedStreams converted(const ImportI3dJob& job, const Observer& observer) {
  observer.on_series("networks", std::tuple_size_v<ImportedStreams>);
  const auto of = [&](Modality stream, const fs::path& checkpoint) {
    return converted(checkpoint, observer, [&] { return convert_i3d(stream, checkpoint); });
  };
  return {of(Modality::kRgb, job.rgb), of(Modality::kFlow, job.flow)};
}

// None where one of the networks has no classification layer, or they are for different classes.
std::optional<std::size_t> class_count(const ImportedStreams& networks) {
  std::array<std::int64_t, 2> counts{};
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (networks[i].class_layer.empty()) return std::nullopt;
    counts[i] = networks[i].class_layer.at("bias").dim(0);
  }
  if (counts[0] != counts[1]) return std::nullopt;
  return static_cast<std::size_t>(counts[0]);
}

// Their names, from the file if there is one; none where nobody says them.
std::vector<std::string> class_names(std::size_t count, const fs::path& file) {
  if (file.empty()) {
    if (count == kinetics_400_classes().size()) return kinetics_400_classes();
    spdlog::warn(
        "the networks have {} classes, which are not Kinetics-400's: their classification layers "
        "are left out; --i3d-classes FILE names the classes",
        count);
    return {};
  }
  std::vector<std::string> names = read_classes(file);
  const auto unlisted = std::ranges::find_if_not(names, can_be_listed);
  if (unlisted != names.end()) {
    throw Error(ErrorKind::kInput, file.string() + ": the class '" + *unlisted +
                                       "' means something else in a list of labels; name it "
                                       "otherwise");
  }
  if (names.size() == count) return names;
  throw Error(ErrorKind::kInput, file.string() + ": has " + std::to_string(names.size()) +
                                     " labels, but the networks have " + std::to_string(count) +
                                     " classes");
}

std::optional<I3dClasses> classes_of(const ImportedStreams& networks, const fs::path& file) {
  const std::optional<std::size_t> count = class_count(networks);
  if (!count) {
    const std::string why = "the checkpoints have no classification layers of the same classes";
    if (!file.empty()) throw Error(ErrorKind::kInput, file.string() + ": " + why + " to name");
    spdlog::info("{}: the bundle makes features, and localizes once it has a CO2-Net", why);
    return std::nullopt;
  }
  I3dClasses classes;
  classes.labels = class_names(*count, file);
  if (classes.labels.empty()) return std::nullopt;
  const std::array<Modality, 2> streams = {Modality::kRgb, Modality::kFlow};
  for (std::size_t i = 0; i < streams.size(); ++i) {
    for (const auto& [name, array] : networks[i].class_layer) {
      classes.layers[name_of(streams[i]) + "." + name] = array;
    }
  }
  return classes;
}

// What a bundle without a CO2-Net localizes with; without classes, nothing.
void set_classes(Bundle& bundle, const std::optional<I3dClasses>& classes) {
  bundle.status = BundleStatus::kTrained;
  bundle.classes = classes ? classes->labels : std::vector<std::string>();
  bundle.network.kind = classes ? NetworkKind::kClassifier : NetworkKind::kCo2Net;
  bundle.compat = classes ? Compat::kClean : Compat::kAuthors;
}

// The file of the bundle's CO2-Net or W-TALC; empty where it has none.
fs::path trained_network(const Bundle& bundle) {
  for (const char* file : {kCo2NetFile, kWtalcFile}) {
    if (fs::exists(bundle.file(file))) return bundle.file(file);
  }
  return {};
}

// A training is hours of work, and called again it would write over the imported network.
void expect_no_training(const Bundle& bundle) {
  const fs::path training = bundle.file("training");
  if (!fs::exists(training)) return;
  throw Error(ErrorKind::kInput, training.string() +
                                     " is of the network that was trained there; import into "
                                     "another folder, or delete it to give that network up");
}

// A network works with the features that it learned from alone.
void expect_same_features(const Bundle& bundle, const ImportedStreams& networks,
                          const Recipe& recipe) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, trained_network(bundle).string() + " " + why +
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

// That of a training goes with its network.
std::string name_without_training(const Bundle& bundle) {
  const bool is_trained =
      bundle.provenance.contains("made_by") && bundle.provenance["made_by"] == kMadeByTraining;
  return is_trained ? kImportedName : bundle.name;
}

void speak_of_replaced(const Bundle& before, const Bundle& after) {
  const fs::path replaced = trained_network(before);
  if (replaced.empty()) return;
  spdlog::info("{} gives way to the imported network, with all that is known of it",
               replaced.string());
  if (after.name == before.name) return;
  spdlog::info("the bundle was called {} and is called {} now; --name names it", before.name,
               after.name);
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
  bundle.name = kImportedName;
  return bundle;
}

Bundle import_into_bundle(const ImportI3dJob& job, const Observer& observer) {
  Bundle bundle = job.bundle;
  for (const char* file : {kI3dRgbFile, kI3dFlowFile, kI3dLogitsFile}) {
    expect_no_input_at(bundle.file(file), {{job.rgb, ""}, {job.flow, ""}, {job.classes, ""}});
  }
  const fs::path trained = trained_network(bundle);
  if (!trained.empty() && !job.classes.empty()) {
    throw Error(ErrorKind::kUsage, "--i3d-classes: " + trained.string() +
                                       " has classes of its own; import the networks into another "
                                       "folder to use theirs");
  }
  const ImportedStreams networks = converted(job, observer);
  std::optional<I3dClasses> classes;
  if (!trained.empty()) {
    expect_same_features(bundle, networks, job.recipe);
    if (class_count(networks)) {
      spdlog::info("the networks' own classes are left out: the bundle has a {}",
                   title_of(bundle.network.kind));
    }
  } else {
    classes = classes_of(networks, job.classes);
    set_classes(bundle, classes);
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
    if (classes) {
      write_file(target.file(kI3dLogitsFile), format_npz(classes->layers));
    } else {
      fs::remove(target.file(kI3dLogitsFile));
    }
  });
  return bundle;
}

Bundle import_into_bundle(const ImportCo2NetJob& job, const Observer& observer) {
  Bundle bundle = job.bundle;
  expect_no_input_at(bundle.file(kCo2NetFile), {{job.checkpoint, ""}, {job.classes, ""}},
                     "--model");
  expect_no_training(bundle);
  const bool has_i3d =
      fs::exists(bundle.file(kI3dRgbFile)) || fs::exists(bundle.file(kI3dFlowFile));
  bundle.network.kind = NetworkKind::kCo2Net;
  bundle.classes = read_classes(job.classes);
  observer.on_series("networks", 1);
  const Co2Net network = converted(job.checkpoint, observer, [&] {
    return import_co2net(job.checkpoint, job.variant, job.max_seqlen);
  });
  expect_classes(bundle.classes, job.classes, network, job.checkpoint);
  if (has_i3d) expect_feature_size(bundle, network, job.checkpoint);
  bundle.status = has_i3d ? status_with(bundle) : BundleStatus::kTrained;
  bundle.name = job.name.value_or(name_without_training(bundle));
  bundle.recipe = job.recipe;
  bundle.feature_size = network.config().feature_size;
  bundle.network = network.config().network;
  bundle.min_snippets = training_preset(job.variant).min_snippets;
  bundle.compat = Compat::kAuthors;
  bundle.operating_point.reset();
  bundle.learned_from.clear();
  bundle.provenance = i3d_provenance(bundle);
  bundle.provenance["co2net"] = {{"sha256", sha256_file(job.checkpoint)}};
  speak_of_replaced(job.bundle, bundle);
  write_bundle(bundle, [&](const Bundle& target) {
    network.save(target.file(kCo2NetFile));
    // The I3D's classes give way to the CO2-Net's, and so does what is of another network.
    for (const char* file : {kI3dLogitsFile, kWtalcFile, kTrainingPageName}) {
      fs::remove(target.file(file));
    }
  });
  return bundle;
}

}  // namespace co2net
