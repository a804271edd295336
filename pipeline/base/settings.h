#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/base/json.h"
#include "pipeline/base/suggestion.h"

namespace co2net {

// A struct of settings as a JSON object, nested by topic. A key names a leaf: "flow.bound".
std::vector<std::string> setting_keys(const Json& settings);

// `settings` with one leaf changed, "flow.bound=15": a number if it reads as one, else text. `what`
// names the settings in messages. Errors: Error(kUsage); for an unknown key with the known ones.
Json with_setting(const Json& settings, const std::string& key_and_value, const std::string& what);

// Reads fields of a struct from JSON that has exactly the keys of `known`. `what` leads messages.
// Errors: Error(kModel) naming a key that is unknown, missing or of another type, or that names no
// choice, with the known ones.
class SettingsReader {
 public:
  SettingsReader(const Json& json, const Json& known, std::string what);

  template <class T>
  void read(const std::string& key, T& field) const {
    std::optional<T> value;
    try {
      value = exact<T>(at(key));
    } catch (const Json::exception&) {
      fail(key, "has the wrong type");
    }
    if (!value) fail(key, "cannot be " + at(key).dump());
    field = *std::move(value);
  }

  template <NamedChoice T>
  void read(const std::string& key, T& field) const {
    std::string name;
    read(key, name);
    const std::optional<T> choice = named<T>(name);
    if (!choice) {
      fail(key, "must be " + wanted_instead_of<T>(name) + suggestion(name, names_of<T>()));
    }
    field = *choice;
  }

 private:
  const Json& at(const std::string& key) const;
  [[noreturn]] void fail(const std::string& key, const std::string& why) const;

  const Json& json_;
  std::string what_;
};

// Checks of a value, each an Error(kModel) that names what is wanted: "recipe: fps must be ...".
class SettingsCheck {
 public:
  explicit SettingsCheck(std::string what) : what_(std::move(what)) {}
  void require(bool ok, const std::string& key, const std::string& want) const;
  void in(double value, const std::string& key, double low, double high) const;

 private:
  std::string what_;
};

}  // namespace co2net
