#include "cli/features_file.h"

#include <spdlog/spdlog.h>

#include "extractors/extractor.h"
#include "pipeline/error.h"
#include "pipeline/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr const char* kSchema = "co2net.features/1";

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

}  // namespace

Json sidecar(const Recipe& recipe, const Json& video) {
  return {{"schema", kSchema}, {"recipe", to_json(recipe)}, {"video", video}};
}

Json sidecar(const Recipe& recipe, const Json& video, const Bundle& bundle,
             const std::vector<std::string>& streams) {
  Json json = sidecar(recipe, video);
  json["streams"] = streams;
  for (const std::string& stream : streams) {
    json["networks"][stream] = {{"sha256", bundle.sha256.at(i3d_file(stream))}};
  }
  return json;
}

void write_with_sidecar(const fs::path& stem, const std::string& suffix, const std::string& bytes,
                        const Json& sidecar) {
  write_file(stem.string() + suffix, bytes);
  write_file(stem.string() + ".json", to_text(sidecar) + "\n");
}

Json read_video_info(const fs::path& file, const Bundle& bundle, std::int64_t snippets) {
  const fs::path beside = fs::path(file).replace_extension(".json");
  const Recipe& recipe = bundle.recipe;
  if (fs::exists(beside)) {
    try {
      const Json json = parse_json(read_file(beside), "not a sidecar", ErrorKind::kInput);
      if (json_at<std::string>(json, "schema", ErrorKind::kInput) != kSchema) {
        throw Error(ErrorKind::kInput, std::string("its schema is not ") + kSchema);
      }
      expect_same_recipe(json_at<Json>(json, "recipe", ErrorKind::kInput), recipe);
      const Json video = json_at<Json>(json, "video", ErrorKind::kInput);
      json_at<double>(video, "fps", ErrorKind::kInput);
      json_at<double>(video, "duration", ErrorKind::kInput);
      return {{"video", video}};
    } catch (const Error& e) {
      throw Error(ErrorKind::kInput, beside.string() + ": " + e.what());
    }
  }
  spdlog::warn("{}: no {} beside it; taken to be made by the model's recipe, {}", file.string(),
               beside.filename().string(), recipe.name);
  const double fps = frame_rate(recipe, 0);
  const Json video = {{"fps", fps},
                      {"duration", static_cast<double>(snippets) * recipe.stride / fps},
                      {"snippets", snippets}};
  return {{"video", video}};
}

}  // namespace co2net
