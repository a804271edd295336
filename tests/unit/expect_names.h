#pragma once

#include <gtest/gtest.h>

#include <set>

#include "pipeline/base/choice.h"

namespace co2net::test {

// Every choice has a name of its own, by which it is found again.
template <NamedChoice T>
void expect_names_read_back() {
  std::set<T> choices;
  std::set<std::string> names;
  for (const auto& [value, name] : kChoices<T>) {
    EXPECT_EQ(name_of(value), name);
    EXPECT_EQ(named<T>(name), value) << name;
    EXPECT_EQ(Json(value), Json(std::string(name)));
    choices.insert(value);
    names.emplace(name);
  }
  EXPECT_EQ(choices.size(), std::size(kChoices<T>));
  EXPECT_EQ(names.size(), std::size(kChoices<T>));
  EXPECT_EQ(named<T>("no such choice"), std::nullopt);
}

}  // namespace co2net::test
