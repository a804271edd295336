#include "pipeline/base/json.h"

#include <algorithm>
#include <set>

namespace co2net {
namespace {

// Copying, printing and flattening recurse.
constexpr int kMaxDepth = 100;

std::string dotted(std::string pointer) {
  pointer.erase(0, 1);
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer;
}

bool is_digest(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() == 64;
}

std::string shown(const Json& value) { return value.is_null() ? "absent" : to_text(value); }

}  // namespace

Json parse_json(std::string_view text, const std::string& name, ErrorKind kind) {
  const auto check_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kMaxDepth) {
      throw Error(kind, name + ": nested in more than " + std::to_string(kMaxDepth) + " levels");
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::exception& e) {
    throw Error(kind, name + ": not valid JSON: " + e.what());
  }
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> json_differences(const Json& before, const Json& after) {
  const Json old_leaves = before.flatten();
  const Json new_leaves = after.flatten();
  std::set<std::string> pointers;
  for (const auto& leaves : {old_leaves, new_leaves}) {
    for (const auto& item : leaves.items()) pointers.insert(item.key());
  }
  std::vector<std::string> differences;
  for (const std::string& pointer : pointers) {
    const Json was = old_leaves.value(pointer, Json());
    const Json is = new_leaves.value(pointer, Json());
    if (was == is) continue;
    differences.push_back(is_digest(was) && is_digest(is)
                              ? dotted(pointer) + " changed"
                              : dotted(pointer) + " " + shown(was) + " -> " + shown(is));
  }
  return differences;
}

}  // namespace co2net
