#include "pipeline/base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <boost/algorithm/string/replace.hpp>
#include <set>
#include <unordered_set>

#include "pipeline/base/foreign_file.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

namespace dom = simdjson::dom;

// Copying, printing and flattening recurse.
constexpr int kMaxDepth = 100;

Error too_deep(ErrorKind kind) {
  return {kind, "nested in more than " + std::to_string(kMaxDepth) + " levels"};
}

Error invalid(ErrorKind kind, const std::string& why) { return {kind, "not valid JSON: " + why}; }

Error given_twice(ErrorKind kind, std::string_view key) {
  return invalid(kind, "an object has the key " + to_text(Json(key)) + " twice");
}

// Why the place where a parser stopped has no JSON, if it has what Python writes there.
std::string hint_at(std::string_view rest) {
  const bool is_pythons = rest.starts_with("NaN") || rest.starts_with("Infinity");
  return is_pythons ? ", for JSON has no NaN and no Infinity, though Python writes them; write "
                      "null, or leave it out"
                    : "";
}

// Without what a parser calls it, and in one sentence.
std::string words_of(const Json::parse_error& error, std::string_view text) {
  const std::string_view what = error.what();
  std::string words(what.substr(std::min(what.find("] ") + 2, what.size())));
  boost::replace_all(words, "; ", ", ");
  return words + (error.byte > text.size() ? "; is the file complete?" : "");
}

// simdjson does not tell where a document is wrong; nlohmann_json, which is slower, does.
Error refusal(std::string_view text, ErrorKind kind, simdjson::error_code code) {
  if (code == simdjson::DEPTH_ERROR) return too_deep(kind);
  if (text.empty()) return invalid(kind, "it is empty");
  if (const auto foreign = foreign_to_text(text)) return {kind, *foreign};
  try {
    [[maybe_unused]] const Json valid = Json::parse(text);
  } catch (const Json::parse_error& e) {
    const std::size_t read = std::clamp<std::size_t>(e.byte, 1, text.size() + 1);
    return invalid(kind, words_of(e, text) + hint_at(text.substr(read - 1)));
  } catch (const Json::exception& e) {
    return invalid(kind, e.what());
  }
  if (code == simdjson::CAPACITY || code == simdjson::MEMALLOC) {
    return {kind, "the document is too large"};
  }
  return {kind, std::string(simdjson::error_message(code)) +
                    " (a whole number beyond 64 bits? write it as text or with a point)"};
}

// A document that has been found valid, but for its depth and its keys, which are looked at on the
// way. Its trees are in nlohmann_json's form.
class Document {
 public:
  Document(std::string_view text, ErrorKind kind) : kind_(kind) {
    const std::string_view unmarked = without_byte_order_mark(text);
    const simdjson::error_code code = parser_.parse(unmarked.data(), unmarked.size()).get(root_);
    if (code != simdjson::SUCCESS) throw refusal(unmarked, kind, code);
  }

  Json tree() const { return tree_of(root_, 0); }

  Json tree_without(std::string_view key, const TakeMember& take) const {
    if (!root_.is_object()) return tree();
    Json rest = Json::object();
    for (const auto& [name, value] : dom::object(root_)) {
      const bool is_taken = name == key && value.is_object();
      add_to(rest, name, is_taken ? Json::object() : tree_of(value, 1));
      if (is_taken) take_members(value, take);
    }
    return rest;
  }

 private:
  void take_members(const dom::object& object, const TakeMember& take) const {
    std::unordered_set<std::string_view> names;
    for (const auto& [name, value] : object) {
      if (!names.insert(name).second) throw given_twice(kind_, name);
      take(std::string(name), tree_of(value, 2));
    }
  }

  void add_to(Json& object, std::string_view name, Json value) const {
    auto& members = object.get_ref<Json::object_t&>();
    if (!members.emplace(name, std::move(value)).second) throw given_twice(kind_, name);
  }

  Json array_of(const dom::array& items, int depth) const {
    Json array = Json::array();
    array.get_ref<Json::array_t&>().reserve(items.size());
    for (const dom::element item : items) array.push_back(tree_of(item, depth));
    return array;
  }

  Json object_of(const dom::object& members, int depth) const {
    Json object = Json::object();
    for (const auto& [name, value] : members) add_to(object, name, tree_of(value, depth));
    return object;
  }

  int deeper(int depth) const {
    if (depth == kMaxDepth) throw too_deep(kind_);
    return depth + 1;
  }

  // depth: the number of objects and arrays around the value
  Json tree_of(const dom::element& value, int depth) const {
    switch (value.type()) {
      case dom::element_type::ARRAY:
        return array_of(value, deeper(depth));
      case dom::element_type::OBJECT:
        return object_of(value, deeper(depth));
      case dom::element_type::INT64:
        return whole_number(value);
      case dom::element_type::UINT64:
        return std::uint64_t(value);
      case dom::element_type::DOUBLE:
        return double(value);
      case dom::element_type::STRING:
        return std::string_view(value);
      case dom::element_type::BOOL:
        return bool(value);
      default:
        return nullptr;
    }
  }

  // As nlohmann_json has it: unsigned where it can be.
  static Json whole_number(std::int64_t number) {
    return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
  }

  dom::parser parser_;
  dom::element root_;
  ErrorKind kind_;
};

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
  return within(name, [&] { return Document(text, kind).tree(); });
}

std::optional<Json> parse_json_if_valid(std::string_view text) {
  try {
    return Document(text, ErrorKind::kInput).tree();
  } catch (const Error&) {
    return std::nullopt;
  }
}

Json parse_json_members(std::string_view text, ErrorKind kind, const std::string& key,
                        const TakeMember& take) {
  return Document(text, kind).tree_without(key, take);
}

std::string to_text(const Json& json) {
  return printable(json.dump(-1, ' ', false, Json::error_handler_t::replace));
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
