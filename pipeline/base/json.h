#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

using Json = nlohmann::json;  // objects are sorted by key, so that equal values print alike

// Throws Error(kind, "<name>: <where and what is wrong>"), also for more than 100 levels of
// nesting.
Json parse_json(std::string_view text, const std::string& name, ErrorKind kind);

// One line. Names come from file systems and may not be UTF-8, which JSON must be: what is not is
// replaced by U+FFFD.
std::string to_text(const Json& json);

// object[key] as a T; throws Error(kind) naming the key if it is missing or of another type.
template <class T>
T json_at(const Json& object, const std::string& key, ErrorKind kind) {
  try {
    return object.at(key).get<T>();
  } catch (const Json::exception&) {
    throw Error(kind, "'" + key + "' is missing or has the wrong type");
  }
}

// The leaves in which two documents differ, each as "recipe.flow.bound 20 -> 15"; digests are not
// shown but said to have changed. (Json::diff() does not tell what was there before.)
std::vector<std::string> json_differences(const Json& before, const Json& after);

}  // namespace co2net
