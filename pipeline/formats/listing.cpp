#include "pipeline/formats/listing.h"

#include <charconv>
#include <iterator>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/python_file.h"
#include "pipeline/formats/script_code.h"

namespace co2net {
namespace {

using Value = PythonValue;

constexpr std::size_t kMaxBrief = 72;
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxPath = 300;  // of names within names
constexpr std::size_t kMaxDepth = 100;

// As JSON, so that nothing in it breaks the line, and nothing acts on a terminal.
std::string quoted(std::string_view text, std::size_t most = kMaxBrief) {
  return to_text(shortened(text, most));
}

// Of a path its beginning and its end, since every level of nesting adds to it.
std::string elided(const std::string& path) {
  if (path.size() <= kMaxPath) return path;
  std::size_t end = path.size() - kMaxPath / 2;
  while (end < path.size() && is_continuation(path[end])) ++end;
  return shortened(path, kMaxPath / 2) + path.substr(end);
}

std::string in_name(std::string_view text) {
  const std::string safe = quoted(text, kMaxName);
  return safe.substr(1, safe.size() - 2);
}

// "float32" for "f4".
std::string friendly_name(const std::string& dtype) {
  static const std::map<char, std::string> kKinds = {
      {'f', "float"}, {'i', "int"}, {'u', "uint"}, {'c', "complex"}};
  if (dtype == "b1") return "bool";
  if (dtype == "bf2") return "bfloat16";
  const auto kind = kKinds.find(dtype[0]);
  return kind == kKinds.end() ? dtype : kind->second + std::to_string(8 * item_size(dtype));
}

std::vector<const Value*> parts_of(const Value& value) {
  if (const auto* sequence = std::get_if<Value::Sequence>(&value.value)) return sequence->items;
  if (const auto* objects = std::get_if<Value::ObjectArray>(&value.value)) return objects->items;
  std::vector<const Value*> parts;
  if (const auto* dict = std::get_if<Value::Dict>(&value.value)) {
    for (const auto& item : dict->items) parts.push_back(item.second);
  }
  return parts;
}

// The values that need more than a line: arrays, dictionaries, and what has them inside.
std::unordered_set<const Value*> large_values(const Value& root) {
  std::unordered_map<const Value*, std::vector<const Value*>> holders{{&root, {}}};
  std::vector<const Value*> waiting{&root}, large;
  while (!waiting.empty()) {
    const Value* value = waiting.back();
    waiting.pop_back();
    if (std::holds_alternative<RawArray>(value->value) ||
        std::holds_alternative<Value::ObjectArray>(value->value) ||
        std::holds_alternative<Value::Dict>(value->value)) {
      large.push_back(value);
    }
    for (const Value* part : parts_of(*value)) {
      const auto [known, is_new] = holders.try_emplace(part);
      known->second.push_back(value);
      if (is_new) waiting.push_back(part);
    }
  }
  std::unordered_set<const Value*> found(large.begin(), large.end());
  while (!large.empty()) {
    const Value* value = large.back();
    large.pop_back();
    for (const Value* holder : holders.at(value)) {
      if (found.insert(holder).second) large.push_back(holder);
    }
  }
  return found;
}

// Appends a value's text; once a line is full, only some of the rest.
void append_brief(std::string& text, const Value& value) {
  if (text.size() > kMaxBrief) return;
  if (const auto* sequence = std::get_if<Value::Sequence>(&value.value)) {
    text += '[';
    for (const Value* item : sequence->items) {
      if (text.size() > kMaxBrief) return;
      if (item != sequence->items.front()) text += ", ";
      append_brief(text, *item);
    }
    text += ']';
  } else if (const auto* words = std::get_if<std::string_view>(&value.value)) {
    text += quoted(*words);
  } else if (const auto* opaque = std::get_if<Value::Opaque>(&value.value)) {
    text += opaque->name;
  } else if (const auto* truth = std::get_if<bool>(&value.value)) {
    text += *truth ? "True" : "False";
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    text += std::to_string(*integer);
  } else if (const auto* real = std::get_if<double>(&value.value)) {
    char digits[32];
    text.append(digits, std::to_chars(digits, std::end(digits), *real).ptr);
  } else {
    text += "None";
  }
}

std::string brief(const Value& value) {
  std::string text;
  append_brief(text, value);
  return shortened(text, kMaxBrief);
}

// The lines of a value and of all that it holds.
class Listing {
 public:
  explicit Listing(const Value& root) : large_(large_values(root)) { list("", root, 0); }

  const std::string& text() const { return text_; }

 private:
  void line(const std::string& name, const std::string& type, const std::string& content) {
    text_ += (name.empty() ? "." : name) + '\t' + type + '\t' + content + '\n';
  }

  void list(const std::string& name, const Value& value, std::size_t depth) {
    if (const auto* array = std::get_if<RawArray>(&value.value)) {
      line(name, friendly_name(array->dtype), to_string(array->shape));
    } else if (const auto* opaque = std::get_if<Value::Opaque>(&value.value)) {
      line(name, "opaque", std::string(opaque->name));
    } else if (large_.count(&value) == 0) {
      list_small(name, value);
    } else if (const auto known = listed_.find(&value); known != listed_.end()) {
      line(name, "shared", "the same as " + (known->second.empty() ? "." : known->second));
    } else if (depth == kMaxDepth) {
      line(name, "nested", "more than " + std::to_string(kMaxDepth) + " levels; not listed");
    } else {
      listed_.emplace(&value, name);
      list_parts(name, value, depth + 1);
    }
  }

  void list_small(const std::string& name, const Value& value) {
    static constexpr const char* kTypes[] = {"None", "bool", "int", "float", "text", "list"};
    line(name, kTypes[value.value.index()], brief(value));
  }

  void list_parts(const std::string& name, const Value& value, std::size_t depth) {
    if (const auto* dict = std::get_if<Value::Dict>(&value.value)) {
      if (dict->items.empty()) line(name, "dict", "empty");
      for (const auto& [key, item] : dict->items) {
        list(elided(name_of_key(name, *key)), *item, depth);
      }
      return;
    }
    if (const auto* objects = std::get_if<Value::ObjectArray>(&value.value)) {
      line(name, "object", to_string(objects->shape));
    }
    std::size_t index = 0;
    for (const Value* item : parts_of(value)) {
      list(elided(name + "[" + std::to_string(index++) + "]"), *item, depth);
    }
  }

  static std::string name_of_key(const std::string& name, const Value& key) {
    if (const auto* text = std::get_if<std::string_view>(&key.value)) {
      return name + (name.empty() ? "" : ".") + in_name(*text);
    }
    return name + "[" + brief(key) + "]";
  }

  std::unordered_set<const Value*> large_;
  std::unordered_map<const Value*, std::string> listed_;
  std::string text_;
};

std::string what_it_is(const std::string& format) {
  if (format == "torchscript") return "TorchScript module; its code calls what is of type call";
  if (format == "torch") return "torch checkpoint";
  if (format == "torch (legacy)") return "torch checkpoint in the format of before 2020";
  if (format == "npy") return "numpy array";
  if (format == "npz") return "numpy arrays";
  return format;
}

std::string listed_calls(const PythonFile& module, const std::string& name) {
  std::string lines;
  for (const auto& [call, places] : script_calls(module.bytes(), name)) {
    lines += in_name(call) + "\tcall\t" + std::to_string(places) + "\n";
  }
  return lines;
}

}  // namespace

std::string listing(const std::filesystem::path& file) {
  const PythonFile content(file);
  std::string text = "# " + in_name(file.string()) + ": " + what_it_is(content.format()) + "\n" +
                     Listing(content.root()).text();
  if (content.format() == "torchscript") text += listed_calls(content, file.string());
  content.expect_unchanged();
  return text;
}

}  // namespace co2net
