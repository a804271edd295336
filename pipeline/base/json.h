#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

using Json = nlohmann::json;  // objects are sorted by key, so that equal values print alike

// All JSON is read here, in time linear in its length; a byte order mark before it is passed over.
// Throws Error(kind, "<name>: <where and what is wrong>") for what is not JSON in UTF-8, for a key
// that an object has twice, and for more than 100 levels of nesting.
Json parse_json(std::string_view text, const std::string& name, ErrorKind kind);

// Nothing where the text is not such JSON.
std::optional<Json> parse_json_if_valid(std::string_view text);

// Reads a document whose member `key` is an object of members whose order matters, or of more than
// had better be in memory at once: `take` gets them one by one in the file's order, and the
// document is returned with that object empty. Where there is no such object, it is returned as it
// is. Errors as above, without a name, and those of `take`.
using TakeMember = std::function<void(const std::string& key, const Json& value)>;
Json parse_json_members(std::string_view text, ErrorKind kind, const std::string& key,
                        const TakeMember& take);

// One line, fit for a terminal: what printable() would not show as it is, is written as \u202e.
// Names come from file systems and may not be UTF-8, which JSON must be: what is not is replaced by
// U+FFFD.
std::string to_text(const Json& json);

// The number or other value that stands there as a T; nothing for a number that would have to be
// cut to fit, and for a truth value where a number is wanted. Throws Json::exception for other
// types.
template <class T>
std::optional<T> exact(const Json& json) {
  if constexpr (std::is_integral_v<T>) {
    // To convert what is out of range is undefined.
    const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    const double begin = std::is_signed_v<T> ? -end : 0;
    if (json.is_number_float() && !(json >= begin && json < end)) return std::nullopt;
  }
  T value = json.get<T>();
  const bool has_wrapped =
      std::is_unsigned_v<T> && json.is_number_integer() && !json.is_number_unsigned() && json < 0;
  if (has_wrapped || Json(value) != json) return std::nullopt;
  return value;
}

// object[key] as a T; throws Error(kind) naming the key if it is missing, of another type, or a
// number that does not fit.
template <class T>
T json_at(const Json& object, const std::string& key, ErrorKind kind) {
  try {
    const Json& json = object.at(key);
    if constexpr (std::is_integral_v<T>) {
      if (const std::optional<T> value = exact<T>(json)) return *value;
      throw Error(kind, "'" + key + "' cannot be " + to_text(json));
    } else {
      return json.get<T>();
    }
  } catch (const Json::exception&) {
    throw Error(kind, "'" + key + "' is missing or has the wrong type");
  }
}

// The leaves in which two documents differ, each as "recipe.flow.bound 20 -> 15"; digests are not
// shown but said to have changed. (Json::diff() does not tell what was there before.)
std::vector<std::string> json_differences(const Json& before, const Json& after);

}  // namespace co2net
