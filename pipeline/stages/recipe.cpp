#include "pipeline/stages/recipe.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipeline/base/settings.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr const char* kSchema = "co2net.recipe/2";

// GPUs made the published features, so its flow is near theirs.
Recipe wtalc() { return {}; }

Recipe wtalc_cpu() {
  Recipe recipe;
  recipe.name = "wtalc-cpu";
  recipe.flow.variant = FlowVariant::kOpencvCpu;
  return recipe;
}

Recipe kinetics() {
  Recipe recipe = wtalc_cpu();
  recipe.name = "kinetics";
  recipe.resize.mode = ResizeMode::kShortSide;
  return recipe;
}

Recipe cmcs() {
  Recipe recipe = wtalc_cpu();
  recipe.name = "cmcs";
  recipe.fps = "source";
  recipe.stride = 4;
  return recipe;
}

std::vector<Recipe> presets() { return {wtalc(), wtalc_cpu(), kinetics(), cmcs()}; }

Json fps_to_json(const std::string& fps) {
  const std::optional<Json> number = parse_json_if_valid(fps);
  return number && number->is_number() ? *number : Json(fps);
}

std::string fps_from_json(const Json& fps) {
  return fps.is_string() ? fps.get<std::string>() : fps.dump();
}

// From co2net.recipe/1, which had flow.precision: exact, as all flow is now, or fast.
void upgrade(Json& json) {
  json["schema"] = kSchema;
  const auto flow = json.find("flow");
  if (flow == json.end() || !flow->is_object() || !flow->contains("precision")) return;
  if ((*flow)["precision"] != "exact") {
    throw Error(ErrorKind::kModel,
                "recipe: flow.precision " + (*flow)["precision"].dump() +
                    " is gone; extract the features again with flow.variant=portable, which is as "
                    "fast, and train on those");
  }
  flow->erase("precision");
}

bool is_positive(double number) { return number > 0 && std::isfinite(number); }

// The rate that a text means, in frames a second; 0 for any other text.
double rate_of(const std::string& fps) {
  try {
    std::size_t used = 0;
    const double numerator = std::stod(fps, &used);
    if (used == fps.size()) return numerator;
    if (fps[used] != '/') return 0;
    const std::string rest = fps.substr(used + 1);
    const double denominator = std::stod(rest, &used);
    return used == rest.size() && denominator > 0 ? numerator / denominator : 0;
  } catch (const std::exception&) {
    return 0;
  }
}

bool is_rate(const std::string& fps) {
  constexpr double kFastest = 1000;
  const double rate = rate_of(fps);
  return is_positive(rate) && rate <= kFastest;
}

void validate(const Recipe& recipe) {
  const SettingsCheck check("recipe");
  check.require(recipe.fps == "source" || is_rate(recipe.fps), "fps",
                "a positive number up to 1000, a ratio such as 30000/1001, or source");
  check.require(recipe.window == 16, "window", "16, what I3D snippets have");
  check.in(recipe.stride, "stride", 1, 100000);
  check.in(recipe.resize.width, "resize.width", 32, 16384);
  check.in(recipe.resize.height, "resize.height", 32, 16384);
  check.in(recipe.resize.short_side, "resize.short_side", 32, 16384);
  check.in(recipe.crop_size, "crop_size", 32, 1024);
  check.require(recipe.crop_size % 32 == 0, "crop_size",
                "a multiple of 32, by which I3D divides it");
  const int smallest_side = recipe.resize.mode == ResizeMode::kExact
                                ? std::min(recipe.resize.width, recipe.resize.height)
                                : recipe.resize.short_side;
  check.require(recipe.crop == CropMode::kFull || smallest_side >= recipe.crop_size, "resize",
                "at least the crop size, " + std::to_string(recipe.crop_size) + ", on both sides");
  check.in(recipe.flow.tau, "flow.tau", 1e-6, 1);
  check.in(recipe.flow.lambda, "flow.lambda", 1e-6, 1e6);
  check.in(recipe.flow.theta, "flow.theta", 1e-6, 1e6);
  check.in(recipe.flow.scales, "flow.scales", 1, 32);
  check.in(recipe.flow.scale_step, "flow.scale_step", 0.1, 0.99);
  check.in(recipe.flow.warps, "flow.warps", 1, 1000);
  check.in(recipe.flow.epsilon, "flow.epsilon", 0, 1000);
  check.in(recipe.flow.outer_iterations, "flow.outer_iterations", 1, 100000);
  check.in(recipe.flow.inner_iterations, "flow.inner_iterations", 1, 100000);
  check.require(recipe.flow.median == 1 || recipe.flow.median == 3 || recipe.flow.median == 5,
                "flow.median", "1 (off), 3 or 5");
  check.require(recipe.flow.variant == FlowVariant::kOpencvCpu || recipe.flow.median == 5,
                "flow.median",
                "5, as it has no effect, with flow.variant=" + name_of(recipe.flow.variant));
  check.in(recipe.flow.bound, "flow.bound", 1e-3, 1e4);
}

}  // namespace

Recipe recipe_preset(const std::string& name) {
  for (Recipe& recipe : presets()) {
    if (recipe.name == name) return std::move(recipe);
  }
  throw Error(ErrorKind::kUsage, "recipe " + not_one_of(name, recipe_preset_names()));
}

std::vector<std::string> recipe_preset_names() {
  std::vector<std::string> names;
  for (const Recipe& recipe : presets()) names.push_back(recipe.name);
  return names;
}

Json to_json(const Recipe& r) {
  return {{"schema", kSchema},
          {"name", r.name},
          {"fps", fps_to_json(r.fps)},
          {"window", r.window},
          {"stride", r.stride},
          {"resize",
           {{"mode", r.resize.mode},
            {"width", r.resize.width},
            {"height", r.resize.height},
            {"short_side", r.resize.short_side}}},
          {"crop", r.crop},
          {"crop_size", r.crop_size},
          {"ten_crop", r.ten_crop},
          {"tail", r.tail},
          {"flow",
           {{"variant", r.flow.variant},
            {"tau", r.flow.tau},
            {"lambda", r.flow.lambda},
            {"theta", r.flow.theta},
            {"scales", r.flow.scales},
            {"scale_step", r.flow.scale_step},
            {"warps", r.flow.warps},
            {"epsilon", r.flow.epsilon},
            {"outer_iterations", r.flow.outer_iterations},
            {"inner_iterations", r.flow.inner_iterations},
            {"median", r.flow.median},
            {"bound", r.flow.bound}}}};
}

Recipe recipe_from_json(Json json) {
  if (json.is_object() && !json.contains("schema")) upgrade(json);
  if (json.is_object() && json["schema"] != kSchema) {
    throw Error(ErrorKind::kModel, "recipe: schema " + json["schema"].dump() + " is not " +
                                       kSchema + "; did a newer co2net write it?");
  }
  const SettingsReader reader(json, to_json(Recipe{}), "recipe");
  Recipe r;
  Json fps;
  reader.read("name", r.name);
  reader.read("fps", fps);
  r.fps = fps_from_json(fps);
  reader.read("window", r.window);
  reader.read("stride", r.stride);
  reader.read("resize.mode", r.resize.mode);
  reader.read("resize.width", r.resize.width);
  reader.read("resize.height", r.resize.height);
  reader.read("resize.short_side", r.resize.short_side);
  reader.read("crop", r.crop);
  reader.read("crop_size", r.crop_size);
  reader.read("ten_crop", r.ten_crop);
  reader.read("tail", r.tail);
  reader.read("flow.variant", r.flow.variant);
  reader.read("flow.tau", r.flow.tau);
  reader.read("flow.lambda", r.flow.lambda);
  reader.read("flow.theta", r.flow.theta);
  reader.read("flow.scales", r.flow.scales);
  reader.read("flow.scale_step", r.flow.scale_step);
  reader.read("flow.warps", r.flow.warps);
  reader.read("flow.epsilon", r.flow.epsilon);
  reader.read("flow.outer_iterations", r.flow.outer_iterations);
  reader.read("flow.inner_iterations", r.flow.inner_iterations);
  reader.read("flow.median", r.flow.median);
  reader.read("flow.bound", r.flow.bound);
  validate(r);
  return r;
}

Recipe with_settings(const Recipe& recipe, const std::vector<std::string>& keys_and_values) {
  const Json whole = to_json(recipe);
  Json json = whole;
  for (const char* key : {"schema", "name"}) json.erase(key);
  for (const std::string& setting : keys_and_values) json = with_setting(json, setting, "recipe");
  for (const char* key : {"schema", "name"}) json[key] = whole[key];
  try {
    Recipe changed = recipe_from_json(json);
    if (!same_features(changed, recipe) && !recipe.name.starts_with("custom")) {
      changed.name = "custom (from " + recipe.name + ")";
    }
    return changed;
  } catch (const Error& e) {
    throw Error(ErrorKind::kUsage, e.what());
  }
}

Recipe with_setting(const Recipe& recipe, const std::string& key_and_value) {
  return with_settings(recipe, {key_and_value});
}

bool same_features(const Recipe& a, const Recipe& b) {
  Json left = to_json(a), right = to_json(b);
  left.erase("name");
  right.erase("name");
  return left == right;
}

double frame_rate(const Recipe& recipe, double source_fps) {
  if (recipe.fps == "source") {
    if (source_fps > 0) return source_fps;
    throw Error(ErrorKind::kInput,
                "the container names no frame rate; choose one with --recipe-set fps=25");
  }
  return rate_of(recipe.fps);
}

std::int64_t snippet_count(const Recipe& recipe, std::int64_t frames) {
  if (frames <= 0) return 0;
  if (frames < recipe.window) return 1;
  const std::int64_t whole = (frames - recipe.window) / recipe.stride + 1;
  const bool leftover =
      (whole - 1) * recipe.stride + recipe.window < frames && whole * recipe.stride < frames;
  return whole + (recipe.tail == Tail::kPad && leftover ? 1 : 0);
}

}  // namespace co2net
