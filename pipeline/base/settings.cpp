#include "pipeline/base/settings.h"

#include <algorithm>
#include <utility>

#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

void collect_keys(const Json& settings, const std::string& prefix, std::vector<std::string>& keys) {
  for (const auto& [key, value] : settings.items()) {
    if (value.is_object()) {
      collect_keys(value, prefix + key + ".", keys);
    } else {
      keys.push_back(prefix + key);
    }
  }
}

Json::json_pointer pointer_to(std::string dotted) {
  std::replace(dotted.begin(), dotted.end(), '.', '/');
  return Json::json_pointer("/" + dotted);
}

bool is_among(const std::string& value, const std::vector<std::string>& all) {
  return std::find(all.begin(), all.end(), value) != all.end();
}

}  // namespace

std::vector<std::string> setting_keys(const Json& settings) {
  std::vector<std::string> keys;
  collect_keys(settings, "", keys);
  return keys;
}

Json with_setting(const Json& settings, const std::string& key_and_value, const std::string& what) {
  const std::size_t equals = key_and_value.find('=');
  if (equals == std::string::npos) {
    throw Error(ErrorKind::kUsage, what + " setting '" + key_and_value + "': want key=value");
  }
  const std::string key = key_and_value.substr(0, equals);
  const std::string value = key_and_value.substr(equals + 1);
  const std::vector<std::string> known = setting_keys(settings);
  if (!is_among(key, known)) {
    throw Error(ErrorKind::kUsage, "unknown " + what + " key '" + key +
                                       "'; known: " + joined(known) + suggestion(key, known));
  }
  Json changed = settings;
  const std::optional<Json> parsed = parse_json_if_valid(value);
  changed[pointer_to(key)] = parsed && parsed->is_number() ? *parsed : Json(value);
  return changed;
}

SettingsReader::SettingsReader(const Json& json, const Json& known, std::string what)
    : json_(json), what_(std::move(what)) {
  if (!json.is_object()) throw Error(ErrorKind::kModel, what_ + ": not a JSON object");
  const std::vector<std::string> known_keys = setting_keys(known);
  for (const std::string& key : setting_keys(json)) {
    if (!is_among(key, known_keys)) {
      throw Error(ErrorKind::kModel, what_ + ": unknown key '" + key + "'; known: " +
                                         joined(known_keys) + suggestion(key, known_keys));
    }
  }
}

const Json& SettingsReader::at(const std::string& key) const {
  const Json::json_pointer pointer = pointer_to(key);
  if (!json_.contains(pointer)) fail(key, "is missing");
  return json_.at(pointer);
}

void SettingsReader::fail(const std::string& key, const std::string& why) const {
  throw Error(ErrorKind::kModel, what_ + ": " + key + " " + why);
}

void SettingsCheck::require(bool ok, const std::string& key, const std::string& want) const {
  if (!ok) throw Error(ErrorKind::kModel, what_ + ": " + key + " must be " + want);
}

void SettingsCheck::in(double value, const std::string& key, double low, double high) const {
  const auto shown = [](double bound) { return Json(bound).dump(); };
  require(value >= low && value <= high, key,
          "in [" + shown(low) + ", " + shown(high) + "], not " + shown(value));
}

}  // namespace co2net
