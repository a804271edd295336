#include "pipeline/base/json.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Differences = std::vector<std::string>;

TEST(Json, NamesTheTextThatIsNotJson) {
  EXPECT_EQ(parse_json(R"({"a": [1]})", "x", ErrorKind::kInput), Json({{"a", {1}}}));
  test::expect_error(ErrorKind::kModel, {"model.json: not valid JSON", "line 1"},
                     [] { parse_json("{", "model.json", ErrorKind::kModel); });
}

TEST(Json, IsRefusedWhereItsNestingWouldExhaustTheStack) {
  constexpr std::size_t kLevels = 1000000;
  const std::string nested = std::string(kLevels, '[') + std::string(kLevels, ']');
  test::expect_error(ErrorKind::kInput, {"x: nested in more than 100 levels"},
                     [&] { parse_json(nested, "x", ErrorKind::kInput); });
}

TEST(Json, IsOneLineWithSortedKeysAndReplacesWhatIsNotUtf8) {
  EXPECT_EQ(to_text({{"b", 0.1}, {"a", "line\nfeed"}}), R"({"a":"line\nfeed","b":0.1})");
  EXPECT_EQ(to_text(Json("a\xff.mp4")), "\"a\xEF\xBF\xBD.mp4\"");
}

TEST(JsonAt, NamesTheKeyThatIsMissingOrHasAnotherType) {
  const Json object = {{"n", 3}, {"s", "x"}};
  EXPECT_EQ(json_at<int>(object, "n", ErrorKind::kInput), 3);
  test::expect_error(ErrorKind::kInput, {"'absent'"},
                     [&] { json_at<int>(object, "absent", ErrorKind::kInput); });
  test::expect_error(ErrorKind::kModel, {"'s'"},
                     [&] { json_at<int>(object, "s", ErrorKind::kModel); });
  test::expect_error(ErrorKind::kModel, {"'n'"},
                     [&] { json_at<int>(Json(), "n", ErrorKind::kModel); });
}

TEST(JsonDifferences, AreTheChangedAddedAndRemovedLeavesByDottedKey) {
  const Json before = {{"recipe", {{"flow", {{"bound", 20}}}, {"crop", "center"}}}, {"old", 1}};
  const Json after = {{"recipe", {{"flow", {{"bound", 15}}}, {"crop", "center"}}}, {"new", {5}}};
  EXPECT_EQ(json_differences(before, after),
            (Differences{"new.0 absent -> 5", "old 1 -> absent", "recipe.flow.bound 20 -> 15"}));
}

TEST(JsonDifferences, AreNoneBetweenEqualDocuments) {
  const Json document = {{"a", 1}, {"b", {1, 2}}};
  EXPECT_EQ(json_differences(document, document), Differences());
  EXPECT_EQ(json_differences(Json::object(), Json::object()), Differences());
  EXPECT_EQ(json_differences(Json::object(), document).size(), 3u);
}

TEST(JsonDifferences, DoNotShowDigests) {
  const std::string digest(64, 'a');
  EXPECT_EQ(json_differences({{"video", digest}}, {{"video", std::string(64, 'b')}}),
            Differences{"video changed"});
  EXPECT_EQ(json_differences({{"video", digest}}, {{"video", "x"}}),
            Differences{"video \"" + digest + "\" -> \"x\""});
}

}  // namespace
}  // namespace co2net
