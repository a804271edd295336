#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/json.h"
#include "pipeline/base/text.h"

namespace co2net {

// A value with a few named choices is an enum, whose names stand in one table beside it:
//   enum class Tail { kDrop, kPad };
//   template <>
//   inline constexpr Choice<Tail> kChoices<Tail>[] = {{Tail::kDrop, "drop"}, {Tail::kPad, "pad"}};
// It is text only where it is read or written: on the command line, in JSON, in cache keys.
template <class T>
struct Choice {
  T value;
  std::string_view name;
};

template <class T>
inline constexpr std::nullptr_t kChoices = nullptr;  // of what has no table

template <class T>
concept NamedChoice = std::is_enum_v<T> && std::is_array_v<decltype(kChoices<T>)>;

template <NamedChoice T>
std::string name_of(T value) {
  for (const Choice<T>& choice : kChoices<T>) {
    if (choice.value == value) return std::string(choice.name);
  }
  throw Error(ErrorKind::kInternal, "a choice that its table of names lacks");
}

template <NamedChoice T>
std::optional<T> named(std::string_view name) {
  for (const Choice<T>& choice : kChoices<T>) {
    if (choice.name == name) return choice.value;
  }
  return std::nullopt;
}

// In the table's order.
template <NamedChoice T>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const Choice<T>& choice : kChoices<T>) names.emplace_back(choice.name);
  return names;
}

// "one of drop, pad, not 'cut'", for messages.
template <NamedChoice T>
std::string wanted_instead_of(const std::string& name) {
  return "one of " + joined(names_of<T>()) + ", not '" + name + "'";
}

// Json(Tail::kDrop) is "drop".
template <NamedChoice T>
void to_json(Json& json, T value) {
  json = name_of(value);
}

}  // namespace co2net
