#include "pipeline/base/choice.h"

#include <gtest/gtest.h>

#include "pipeline/base/settings.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"

namespace co2net {

enum class Meal { kSoup, kBread, kCake };
template <>
inline constexpr Choice<Meal> kChoices<Meal>[] = {{Meal::kSoup, "soup"}, {Meal::kBread, "bread"}};

namespace {

Meal read_meal(const Json& json) {
  Meal meal = Meal::kBread;
  SettingsReader(json, {{"meal", ""}}, "dinner").read("meal", meal);
  return meal;
}

TEST(Choice, HasANameThatIsReadBack) { test::expect_names_read_back<Meal>(); }

TEST(Choice, ListsItsNamesInTheOrderOfTheTable) {
  EXPECT_EQ(names_of<Meal>(), (std::vector<std::string>{"soup", "bread"}));
  EXPECT_EQ(wanted_instead_of<Meal>("fish"), "one of soup, bread, not 'fish'");
}

TEST(Choice, IsFoundByItsWholeNameOnly) {
  for (const char* name : {"", "sou", "soups", "Soup", " soup"}) {
    EXPECT_EQ(named<Meal>(name), std::nullopt) << name;
  }
}

TEST(Choice, IsAnErrorWhereItsTableLacksIt) {
  test::expect_error(ErrorKind::kInternal, {"lacks"}, [] { name_of(Meal::kCake); });
}

TEST(Choice, IsReadFromJsonByItsNameAndRefusedWithTheKnownOnes) {
  EXPECT_EQ(read_meal({{"meal", "soup"}}), Meal::kSoup);
  test::expect_error(ErrorKind::kModel, {"dinner: meal must be one of soup, bread, not 'fish'"},
                     [] {
                       read_meal({{"meal", "fish"}});
                     });
  for (const Json& other : {Json(0), Json(true), Json(nullptr), Json::array({"soup"})}) {
    test::expect_error(ErrorKind::kModel, {"dinner: meal has the wrong type"}, [&] {
      read_meal({{"meal", other}});
    });
  }
}

}  // namespace
}  // namespace co2net
