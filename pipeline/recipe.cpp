#include "pipeline/recipe.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipeline/text.h"

namespace co2net {
namespace {

Recipe wtalc_cpu() {
  Recipe recipe;
  return recipe;
}

Recipe kinetics() {
  Recipe recipe;
  recipe.name = "kinetics";
  recipe.resize.mode = "short-side";
  return recipe;
}

Recipe cmcs() {
  Recipe recipe;
  recipe.name = "cmcs";
  recipe.fps = "source";
  recipe.stride = 4;
  return recipe;
}

std::vector<Recipe> presets() { return {wtalc_cpu(), kinetics(), cmcs()}; }

Json fps_to_json(const std::string& fps) {
  const Json number = Json::parse(fps, nullptr, false);
  return number.is_number() ? number : Json(fps);
}

std::string fps_from_json(const Json& fps) {
  return fps.is_string() ? fps.get<std::string>() : fps.dump();
}

bool is_positive(double number) { return number > 0 && std::isfinite(number); }

bool is_rate(const std::string& fps) {
  std::size_t used = 0;
  try {
    if (!is_positive(std::stod(fps, &used))) return false;
    if (used == fps.size()) return true;
    if (fps[used] != '/') return false;
    const std::string denominator = fps.substr(used + 1);
    return is_positive(std::stod(denominator, &used)) && used == denominator.size();
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<std::string> keys_of(const Json& json, const std::string& prefix = "") {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) {
    if (value.is_object()) {
      const auto inner = keys_of(value, prefix + key + ".");
      keys.insert(keys.end(), inner.begin(), inner.end());
    } else {
      keys.push_back(prefix + key);
    }
  }
  return keys;
}

Json::json_pointer pointer_to(std::string dotted) {
  std::replace(dotted.begin(), dotted.end(), '.', '/');
  return Json::json_pointer("/" + dotted);
}

void require(bool ok, const std::string& key, const std::string& want) {
  if (!ok) throw Error(ErrorKind::kModel, "recipe: " + key + " must be " + want);
}

void require_one_of(const std::string& value, const std::string& key,
                    const std::vector<std::string>& allowed) {
  require(std::find(allowed.begin(), allowed.end(), value) != allowed.end(), key,
          "one of " + joined(allowed) + ", not '" + value + "'");
}

void require_in(double value, const std::string& key, double low, double high) {
  const auto shown = [](double bound) { return Json(bound).dump(); };
  require(value >= low && value <= high, key,
          "in [" + shown(low) + ", " + shown(high) + "], not " + shown(value));
}

void validate(const Recipe& recipe) {
  require(recipe.fps == "source" || is_rate(recipe.fps), "fps",
          "a positive number, a ratio such as 30000/1001, or source");
  require(recipe.window == 16, "window", "16, what I3D snippets have");
  require_in(recipe.stride, "stride", 1, 100000);
  require_one_of(recipe.resize.mode, "resize.mode", {"exact", "short-side"});
  require_in(recipe.resize.width, "resize.width", 32, 16384);
  require_in(recipe.resize.height, "resize.height", 32, 16384);
  require_in(recipe.resize.short_side, "resize.short_side", 32, 16384);
  require_one_of(recipe.crop, "crop", {"center", "full", "ten"});
  require(recipe.crop_size == 224, "crop_size", "224, what I3D takes");
  const int smallest_side = recipe.resize.mode == "exact"
                                ? std::min(recipe.resize.width, recipe.resize.height)
                                : recipe.resize.short_side;
  require(recipe.crop == "full" || smallest_side >= recipe.crop_size, "resize",
          "at least the crop size, " + std::to_string(recipe.crop_size) + ", on both sides");
  require_one_of(recipe.ten_crop, "ten_crop", {"average", "keep"});
  require_one_of(recipe.tail, "tail", {"drop", "pad"});
  require_one_of(recipe.flow.variant, "flow.variant", {"opencv-cpu", "opencv-cuda"});
  require_in(recipe.flow.tau, "flow.tau", 1e-6, 1);
  require_in(recipe.flow.lambda, "flow.lambda", 1e-6, 1e6);
  require_in(recipe.flow.theta, "flow.theta", 1e-6, 1e6);
  require_in(recipe.flow.scales, "flow.scales", 1, 32);
  require_in(recipe.flow.scale_step, "flow.scale_step", 0.1, 0.99);
  require_in(recipe.flow.warps, "flow.warps", 1, 1000);
  require_in(recipe.flow.epsilon, "flow.epsilon", 0, 1000);
  require_in(recipe.flow.outer_iterations, "flow.outer_iterations", 1, 100000);
  require_in(recipe.flow.inner_iterations, "flow.inner_iterations", 1, 100000);
  require(recipe.flow.median == 1 || recipe.flow.median == 3 || recipe.flow.median == 5,
          "flow.median", "1 (off), 3 or 5");
  require_in(recipe.flow.bound, "flow.bound", 1e-3, 1e4);
}

}  // namespace

Recipe recipe_preset(const std::string& name) {
  for (Recipe& recipe : presets()) {
    if (recipe.name == name) return std::move(recipe);
  }
  throw Error(ErrorKind::kUsage,
              "unknown recipe '" + name + "'; known: " + joined(recipe_preset_names()));
}

std::vector<std::string> recipe_preset_names() {
  std::vector<std::string> names;
  for (const Recipe& recipe : presets()) names.push_back(recipe.name);
  return names;
}

Json to_json(const Recipe& r) {
  return {{"name", r.name},
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

Recipe recipe_from_json(const Json& json) {
  const std::vector<std::string> known = keys_of(to_json(Recipe{}));
  if (!json.is_object()) throw Error(ErrorKind::kModel, "recipe: not a JSON object");
  for (const std::string& key : keys_of(json)) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw Error(ErrorKind::kModel, "recipe: unknown key '" + key + "'; known: " + joined(known));
    }
  }
  const auto read = [&json](const std::string& key, auto& field) {
    const Json::json_pointer pointer = pointer_to(key);
    try {
      const Json& value = json.at(pointer);
      value.get_to(field);
      // JSON numbers are cut to fit the field.
      if (Json(field) != value) {
        throw Error(ErrorKind::kModel, "recipe: " + key + " cannot be " + value.dump());
      }
    } catch (const Json::exception&) {
      throw Error(ErrorKind::kModel, "recipe: '" + key + "' is missing or has the wrong type");
    }
  };
  Recipe r;
  Json fps;
  read("name", r.name);
  read("fps", fps);
  r.fps = fps_from_json(fps);
  read("window", r.window);
  read("stride", r.stride);
  read("resize.mode", r.resize.mode);
  read("resize.width", r.resize.width);
  read("resize.height", r.resize.height);
  read("resize.short_side", r.resize.short_side);
  read("crop", r.crop);
  read("crop_size", r.crop_size);
  read("ten_crop", r.ten_crop);
  read("tail", r.tail);
  read("flow.variant", r.flow.variant);
  read("flow.tau", r.flow.tau);
  read("flow.lambda", r.flow.lambda);
  read("flow.theta", r.flow.theta);
  read("flow.scales", r.flow.scales);
  read("flow.scale_step", r.flow.scale_step);
  read("flow.warps", r.flow.warps);
  read("flow.epsilon", r.flow.epsilon);
  read("flow.outer_iterations", r.flow.outer_iterations);
  read("flow.inner_iterations", r.flow.inner_iterations);
  read("flow.median", r.flow.median);
  read("flow.bound", r.flow.bound);
  validate(r);
  return r;
}

Recipe with_setting(const Recipe& recipe, const std::string& key_and_value) {
  const std::size_t equals = key_and_value.find('=');
  if (equals == std::string::npos) {
    throw Error(ErrorKind::kUsage, "recipe setting '" + key_and_value + "': want key=value");
  }
  const std::string key = key_and_value.substr(0, equals);
  const std::string value = key_and_value.substr(equals + 1);
  Json json = to_json(recipe);
  std::vector<std::string> known = keys_of(json);
  std::erase(known, "name");
  if (std::find(known.begin(), known.end(), key) == known.end()) {
    throw Error(ErrorKind::kUsage, "unknown recipe key '" + key + "'; known: " + joined(known));
  }
  Json& field = json[pointer_to(key)];
  const Json parsed = Json::parse(value, nullptr, false);
  field = parsed.is_number() ? parsed : Json(value);
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

bool same_features(const Recipe& a, const Recipe& b) {
  Json left = to_json(a), right = to_json(b);
  left.erase("name");
  right.erase("name");
  return left == right;
}

std::int64_t snippet_count(const Recipe& recipe, std::int64_t frames) {
  if (frames <= 0) return 0;
  if (frames < recipe.window) return 1;
  const std::int64_t whole = (frames - recipe.window) / recipe.stride + 1;
  const bool leftover =
      (whole - 1) * recipe.stride + recipe.window < frames && whole * recipe.stride < frames;
  return whole + (recipe.tail == "pad" && leftover ? 1 : 0);
}

}  // namespace co2net
