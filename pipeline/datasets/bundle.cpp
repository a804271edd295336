#include "pipeline/datasets/bundle.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/foreign_file.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/network_title.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr const char* kSchema = "co2net.bundle/1";

template <NamedChoice T>
T choice_at(const Json& json, const char* key) {
  const auto name = json_at<std::string>(json, key, ErrorKind::kModel);
  if (const auto value = named<T>(name)) return *value;
  throw Error(ErrorKind::kModel, std::string(key) + " must be " + wanted_instead_of<T>(name));
}

int feature_size_in(const Json& json) {
  const int size = json_at<int>(json, "feature_size", ErrorKind::kModel);
  if (size < 2 || size % 2 != 0) {
    throw Error(ErrorKind::kModel, "'feature_size' must be even and at least 2, for both streams");
  }
  return size;
}

// Older bundles lack it: they left out no video.
int min_snippets_in(const Json& json) {
  if (!json.contains("min_snippets")) return 1;
  const int least = json_at<int>(json, "min_snippets", ErrorKind::kModel);
  if (least < 1) throw Error(ErrorKind::kModel, "'min_snippets' must be at least 1");
  return least;
}

void read_network(Json json, NetworkSpec& network) {
  if (json.contains("kind")) {
    network.kind = choice_at<NetworkKind>(json, "kind");
    json.erase("kind");
  }
  if (network.kind == NetworkKind::kCo2Net) network.ablation = ablation_from_json(json);
}

// A bundle's files lie in its folder.
void expect_own_file(const std::string& name) {
  if (name.empty() || name == ".." || fs::path(name).filename() != name) {
    throw Error(ErrorKind::kModel, "'files': " + to_text(name) + " is not a name in its folder");
  }
}

Bundle bundle_from_json(const Json& json) {
  const auto schema = json_at<std::string>(json, "schema", ErrorKind::kModel);
  if (schema != kSchema) {
    throw Error(ErrorKind::kModel, "schema '" + schema + "' is not " + kSchema);
  }
  Bundle bundle;
  bundle.name = json_at<std::string>(json, "name", ErrorKind::kModel);
  bundle.status = choice_at<BundleStatus>(json, "status");
  bundle.classes = json_at<std::vector<std::string>>(json, "classes", ErrorKind::kModel);
  bundle.recipe = recipe_from_json(json_at<Json>(json, "recipe", ErrorKind::kModel));
  bundle.feature_size = feature_size_in(json);
  bundle.network.variant = choice_at<Variant>(json, "preset");
  bundle.network.max_seqlen = json_at<int>(json, "max_seqlen", ErrorKind::kModel);
  if (json.contains("network")) read_network(json["network"], bundle.network);
  bundle.min_snippets = min_snippets_in(json);
  if (json.contains("compat")) bundle.compat = choice_at<Compat>(json, "compat");
  if (json.contains("operating_point")) {
    if (bundle.network.kind != NetworkKind::kCo2Net) {
      throw Error(ErrorKind::kModel,
                  "'operating_point': a " + name_of(bundle.network.kind) + " has none");
    }
    bundle.operating_point = within("operating_point", [&] {
      return operating_point_from_json(json["operating_point"], bundle.classes);
    });
  }
  const Json files = json_at<Json>(json, "files", ErrorKind::kModel);
  for (const auto& [name, file] : files.items()) {
    expect_own_file(name);
    bundle.sha256[name] = json_at<std::string>(file, "sha256", ErrorKind::kModel);
  }
  if (json.contains("learned_from")) {
    bundle.learned_from =
        json_at<std::map<std::string, std::string>>(json, "learned_from", ErrorKind::kModel);
  }
  bundle.provenance = json.value("provenance", Json::object());
  return bundle;
}

// What model.json says, and nothing is checked.
Bundle read_bundle(const fs::path& directory) {
  const fs::path description = directory / "model.json";
  if (!fs::is_regular_file(description)) {
    throw Error(ErrorKind::kModel, directory.string() +
                                       " is not a model bundle: it has no model.json (choose one "
                                       "with --model)");
  }
  Bundle bundle = parse_bundle(read_file(description), description.string());
  bundle.directory = directory;
  return bundle;
}

std::string remedy_of_missing(const std::string& file) {
  if (file == kWtalcFile) return "'co2net train --set network.kind=wtalc' makes a bundle with one";
  return "'co2net import' adds one to it";
}

void expect_files(const Bundle& bundle, const std::vector<std::string>& files) {
  for (const std::string& name : files) {
    const fs::path path = bundle.file(name);
    if (!fs::is_regular_file(path) || bundle.sha256.count(name) == 0) {
      throw Error(ErrorKind::kModel, "bundle " + bundle.directory.string() + " has no " + name +
                                         "; " + remedy_of_missing(name));
    }
    if (sha256_file(path) != bundle.sha256.at(name)) {
      const auto foreign = foreign_to_binary(path);
      throw Error(ErrorKind::kModel,
                  path.string() + " is not the file that model.json names (its SHA-256 differs); " +
                      (foreign ? "it is " + *foreign : "fetch the bundle again"));
    }
  }
}

void warn_of_status(const Bundle& bundle) {
  if (bundle.status == BundleStatus::kUntrainedI3d) {
    spdlog::warn("model {} has an untrained I3D: its features mean nothing, its labels little",
                 bundle.name);
  } else if (bundle.status == BundleStatus::kUntrained) {
    spdlog::warn("model {} is untrained: its features, labels and scores mean nothing",
                 bundle.name);
  }
}

}  // namespace

const char* i3d_file(Modality modality) {
  return modality == Modality::kFlow ? kI3dFlowFile : kI3dRgbFile;
}

Bundle parse_bundle(std::string_view json, const std::string& name) {
  const Json parsed = parse_json(json, name, ErrorKind::kModel);
  return within(name, [&] { return bundle_from_json(parsed); });
}

Bundle load_bundle(const fs::path& directory, const std::vector<std::string>& files) {
  Bundle bundle = read_bundle(directory);
  expect_files(bundle, files);
  warn_of_status(bundle);
  return bundle;
}

Bundle load_localizing_bundle(const fs::path& directory, std::vector<std::string> files) {
  Bundle bundle = read_bundle(directory);
  files.emplace_back(localizer_file(bundle.network.kind));
  expect_files(bundle, files);
  warn_of_status(bundle);
  if (bundle.network.kind == NetworkKind::kClassifier) {
    spdlog::warn(
        "model {} is a classifier of trimmed clips, slid along: it knows no background and has no "
        "operating point; 'co2net train' makes a model of your own actions that does",
        bundle.name);
  }
  return bundle;
}

const char* localizer_file(NetworkKind kind) {
  if (kind == NetworkKind::kWtalc) return kWtalcFile;
  return kind == NetworkKind::kClassifier ? kI3dLogitsFile : kCo2NetFile;
}

bool has_final_segments(const Bundle& bundle) { return bundle.network.kind != NetworkKind::kWtalc; }

const std::vector<std::string>& reported_classes(const Bundle& bundle) {
  return bundle.only.empty() ? bundle.classes : bundle.only;
}

void report_only(Bundle& bundle, const std::vector<std::string>& labels) {
  if (bundle.network.kind != NetworkKind::kClassifier) {
    throw Error(ErrorKind::kUsage, "--only: model " + bundle.name + " has a " +
                                       title_of(bundle.network.kind) +
                                       ", which tells all its classes; --only is for the classes "
                                       "of an I3D");
  }
  if (labels.empty()) throw Error(ErrorKind::kUsage, "--only: names no class");
  const std::set<std::string> wanted(labels.begin(), labels.end());
  for (const std::string& label : wanted) {
    if (std::ranges::find(bundle.classes, label) != bundle.classes.end()) continue;
    throw Error(ErrorKind::kUsage, "--only: '" + label + "' is no class of the model " +
                                       bundle.name + "; its model.json lists them" +
                                       suggestion(label, bundle.classes));
  }
  bundle.only.clear();
  std::ranges::copy_if(bundle.classes, std::back_inserter(bundle.only),
                       [&](const std::string& label) { return wanted.contains(label); });
}

void save_bundle(const Bundle& bundle) {
  Json files = Json::object();
  for (const char* name : {kI3dRgbFile, kI3dFlowFile, kCo2NetFile, kWtalcFile, kI3dLogitsFile}) {
    if (fs::exists(bundle.file(name))) {
      files[name] = {{"sha256", sha256_file(bundle.file(name))}};
    }
  }
  Json json = {{"schema", kSchema},
               {"name", bundle.name},
               {"status", bundle.status},
               {"classes", bundle.classes},
               {"recipe", to_json(bundle.recipe)},
               {"feature_size", bundle.feature_size},
               {"preset", bundle.network.variant},
               {"max_seqlen", bundle.network.max_seqlen},
               {"network", to_json(bundle.network)},
               {"min_snippets", bundle.min_snippets},
               {"compat", bundle.compat},
               {"files", files},
               {"provenance", bundle.provenance}};
  if (bundle.operating_point) {
    json["operating_point"] = to_json(*bundle.operating_point, bundle.classes);
  }
  if (!bundle.learned_from.empty()) json["learned_from"] = bundle.learned_from;
  write_file(bundle.file("model.json"), json.dump(2) + "\n");
}

BundleStatus status_with(const Bundle& i3d) {
  return i3d.status == BundleStatus::kTrained ? BundleStatus::kTrained
                                              : BundleStatus::kUntrainedI3d;
}

std::optional<std::string> known_sha256(const Bundle& bundle, const std::string& file) {
  for (const auto* hashes : {&bundle.sha256, &bundle.learned_from}) {
    const auto found = hashes->find(file);
    if (found != hashes->end()) return found->second;
  }
  return std::nullopt;
}

std::map<std::string, std::string> i3d_of(const Bundle& bundle) {
  std::map<std::string, std::string> i3d;
  for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
    const auto found = bundle.sha256.find(file);
    if (found != bundle.sha256.end()) i3d.insert(*found);
  }
  return i3d;
}

Json summary(const Bundle& bundle) {
  Json files = Json::object();
  for (const auto& [name, hash] : bundle.sha256) files[name] = {{"sha256", hash}};
  return {{"name", bundle.name},
          {"status", bundle.status},
          {"preset", bundle.network.variant},
          {"feature_size", bundle.feature_size},
          {"files", files}};
}

}  // namespace co2net
