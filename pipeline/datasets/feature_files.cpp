#include "pipeline/datasets/feature_files.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kFeaturesSchema = "co2net.features/1";
constexpr const char* kScoresSchema = "co2net.scores/1";

void expect_schema(const Json& sidecar) {
  const auto schema = json_at<std::string>(sidecar, "schema", ErrorKind::kInput);
  if (schema != kFeaturesSchema && schema != kScoresSchema) {
    throw Error(ErrorKind::kInput, "unknown schema '" + schema +
                                       "'; extract it anew, or with the co2net that wrote it");
  }
}

// Weights that the bundle has too must be the same; scores belong to the bundle's classes.
void expect_same_model(const Json& sidecar, const Bundle& bundle) {
  const Json files = json_at<Json>(sidecar, "files", ErrorKind::kInput);
  for (const auto& [name, hash] : files.items()) {
    const auto known = known_sha256(bundle, name);
    if (known && hash != *known) {
      throw Error(ErrorKind::kInput, "made with another " + name + " than the model " +
                                         bundle.name + " has; make it anew with this model");
    }
  }
  if (sidecar.contains("classes") && sidecar["classes"] != Json(reported_classes(bundle))) {
    throw Error(ErrorKind::kInput, "made for other classes than the model " + bundle.name +
                                       " has; localize it anew with this model");
  }
}

void expect_time(const Json& video, const Recipe& recipe) {
  const auto fps = json_at<double>(video, "fps", ErrorKind::kInput);
  if (!(fps > 0) || !(json_at<double>(video, "duration", ErrorKind::kInput) >= 0)) {
    throw Error(ErrorKind::kInput,
                "'fps' must be more than 0 and 'duration' at least 0; extract the features anew");
  }
  const double wanted = frame_rate(recipe, fps);
  if (std::abs(fps - wanted) > 1e-6 * wanted) {
    throw Error(ErrorKind::kInput, "the video's 'fps' is " + Json(fps).dump() +
                                       ", but its recipe's " + Json(wanted).dump() +
                                       "; extract the features anew");
  }
}

void expect_same_recipe(const Json& features, const Recipe& model) {
  const Recipe made_by = recipe_from_json(features);
  if (same_features(made_by, model)) return;
  std::string message = "the features' recipe (" + made_by.name + ") is not the model's (" +
                        model.name + "), features -> model:";
  for (const std::string& difference : json_differences(to_json(made_by), to_json(model))) {
    message += " " + difference + ";";
  }
  throw Error(ErrorKind::kInput,
              message + " extract them anew with this model, or take the model that fits");
}

// Without the video, its features alone tell its length.
Json video_of(const Recipe& recipe, std::int64_t snippets) {
  const double fps = frame_rate(recipe, 0);
  return {{"fps", fps},
          {"duration", static_cast<double>(snippets) * recipe.stride / fps},
          {"snippets", snippets}};
}

// What `read` makes of a sidecar's text, which get() fetches; `name` leads its errors, which
// concern that input alone.
template <class Get, class Read>
auto parsed(const Get& get, const std::string& name, Read read) {
  try {
    const Json json = parse_json(get(), "not a sidecar", ErrorKind::kInput);
    expect_schema(json);
    return read(json);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kInput, name + ": " + e.what());
  }
}

template <class Read>
auto from_sidecar(const fs::path& path, Read read) {
  return parsed([&] { return read_file(path); }, path.string(), read);
}

FeaturesSidecar features_sidecar_from(const Json& json) {
  FeaturesSidecar sidecar;
  sidecar.recipe = recipe_from_json(json_at<Json>(json, "recipe", ErrorKind::kInput));
  sidecar.i3d = json_at<std::map<std::string, std::string>>(json, "files", ErrorKind::kInput);
  for (const auto& name : json_at<Strings>(json, "streams", ErrorKind::kInput)) {
    const auto stream = named<Modality>(name);
    if (!stream) {
      throw Error(ErrorKind::kInput, "'streams' must be " + wanted_instead_of<Modality>(name));
    }
    sidecar.streams.push_back(*stream);
  }
  const Json video = json_at<Json>(json, "video", ErrorKind::kInput);
  expect_time(video, sidecar.recipe);
  sidecar.fps = video.at("fps");
  return sidecar;
}

bool holds(const fs::path& file, const std::string& bytes) {
  std::error_code unreachable;
  if (fs::file_size(file, unreachable) != bytes.size() || unreachable) return false;
  try {
    return read_file(file) == bytes;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

fs::path sidecar_path(const fs::path& file) {
  return file.extension() == ".npy" ? fs::path(file).replace_extension(".json")
                                    : fs::path(file.string() + ".json");
}

Json features_sidecar(const Bundle& bundle, const Recipe& recipe,
                      const std::vector<Modality>& streams, const Json& video) {
  Json files = Json::object();
  for (const Modality stream : streams) {
    files[i3d_file(stream)] = bundle.sha256.at(i3d_file(stream));
  }
  return {{"schema", kFeaturesSchema},
          {"recipe", to_json(recipe)},
          {"streams", streams},
          {"files", files},
          {"video", video}};
}

Json features_sidecar(const Recipe& recipe, std::int64_t snippets) {
  return {{"schema", kFeaturesSchema},
          {"recipe", to_json(recipe)},
          {"streams", {Modality::kRgb, Modality::kFlow}},
          {"files", Json::object()},
          {"video", video_of(recipe, snippets)}};
}

FeaturesSidecar parse_features_sidecar(std::string_view json, const std::string& name) {
  return parsed([&] { return json; }, name, features_sidecar_from);
}

Json read_sidecar(const fs::path& file) {
  return from_sidecar(sidecar_path(file), [](const Json& json) { return json; });
}

std::optional<FeaturesSidecar> read_features_sidecar(const fs::path& file) {
  const fs::path beside = sidecar_path(file);
  if (!fs::exists(beside)) return std::nullopt;
  return parse_features_sidecar(read_file(beside), beside.string());
}

std::vector<std::string> differences_in_making(const FeaturesSidecar& one,
                                               const FeaturesSidecar& other) {
  const auto making = [](const FeaturesSidecar& sidecar) {
    Json recipe = to_json(sidecar.recipe);
    recipe.erase("name");
    return Json{{"recipe", recipe}, {"files", sidecar.i3d}, {"streams", sidecar.streams}};
  };
  return json_differences(making(one), making(other));
}

Json video_of_features(const fs::path& file, const Json& expected) {
  const fs::path beside = sidecar_path(file);
  if (!fs::exists(file) || !fs::exists(beside)) return nullptr;
  const Json found = parse_json_if_valid(read_file(beside)).value_or(nullptr);
  Json merged = found;
  merged.merge_patch(expected);
  return merged == found ? found.at("video") : Json(nullptr);
}

std::vector<std::string> ids_below(const fs::path& folder, const std::string& suffix) {
  std::vector<std::string> ids;
  std::error_code unreachable;
  for (const auto& entry : fs::recursive_directory_iterator(
           folder, fs::directory_options::skip_permission_denied, unreachable)) {
    if (entry.path().extension() != suffix) continue;
    ids.push_back(entry.path().lexically_relative(folder).replace_extension().string());
  }
  std::ranges::sort(ids);
  return ids;
}

Json scores_sidecar(const Bundle& bundle, const Json& video) {
  const char* file = localizer_file(bundle.network.kind);
  return {{"schema", kScoresSchema},
          {"recipe", to_json(bundle.recipe)},
          {"classes", reported_classes(bundle)},
          {"files", {{file, bundle.sha256.at(file)}}},
          {"video", video}};
}

void write_with_sidecar(const fs::path& file, const std::string& bytes, const Json& sidecar) {
  const std::string text = to_text(sidecar) + "\n";
  if (holds(sidecar_path(file), text) && holds(file, bytes)) {
    touch(sidecar_path(file));
    touch(file);
    return;
  }
  fs::remove(file);
  write_file(sidecar_path(file), text);
  write_file(file, bytes);
}

Json read_video_info(const fs::path& file, const Bundle& bundle, std::int64_t snippets) {
  const fs::path beside = sidecar_path(file);
  const Recipe& recipe = bundle.recipe;
  if (fs::exists(beside)) {
    return from_sidecar(beside, [&](const Json& json) -> Json {
      expect_same_recipe(json_at<Json>(json, "recipe", ErrorKind::kInput), recipe);
      expect_same_model(json, bundle);
      const Json video = json_at<Json>(json, "video", ErrorKind::kInput);
      expect_time(video, recipe);
      return {{"video", video}};
    });
  }
  spdlog::warn("{}: no {} beside it; taken to be made by the model's recipe, {}", file.string(),
               beside.filename().string(), recipe.name);
  return assumed_video_info(bundle, snippets);
}

Json assumed_video_info(const Bundle& bundle, std::int64_t snippets) {
  return {{"video", video_of(bundle.recipe, snippets)}};
}

std::optional<ScoredClasses> read_scored_classes(const fs::path& file) {
  const fs::path beside = sidecar_path(file);
  if (!fs::exists(beside)) return std::nullopt;
  return from_sidecar(beside, [](const Json& json) {
    const Json files = json.value("files", Json::object());
    ScoredClasses scored{json_at<std::vector<std::string>>(json, "classes", ErrorKind::kInput)};
    for (const NetworkKind kind : {NetworkKind::kClassifier, NetworkKind::kWtalc}) {
      if (files.contains(localizer_file(kind))) scored.kind = kind;
    }
    return scored;
  });
}

}  // namespace co2net
