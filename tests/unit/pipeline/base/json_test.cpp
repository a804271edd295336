#include "pipeline/base/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Differences = std::vector<std::string>;

TEST(Json, NamesTheTextThatIsNotJson) {
  EXPECT_EQ(parse_json(R"({"a": [1]})", "x", ErrorKind::kInput), Json({{"a", {1}}}));
  test::expect_error(ErrorKind::kModel, {"model.json: not valid JSON", "line 1"},
                     [] { parse_json("{", "model.json", ErrorKind::kModel); });
}

TEST(Json, HasWhatTheTextHas) {
  const Json json = parse_json(
      "\xEF\xBB\xBF { \"a\": [0, -1, 18446744073709551615, -9223372036854775808, 0.1, -2.5e-3],"
      R"( "b": {"c": [true, false, null, [], {}]}, "d": "\u00e9\uD83D\uDE00\n\"" } )",
      "x", ErrorKind::kInput);
  const Json want = {{"a",
                      {0, -1, std::numeric_limits<std::uint64_t>::max(),
                       std::numeric_limits<std::int64_t>::min(), 0.1, -0.0025}},
                     {"b", {{"c", {true, false, nullptr, Json::array(), Json::object()}}}},
                     {"d", "\xC3\xA9\xF0\x9F\x98\x80\n\""}};
  EXPECT_EQ(json, want);
  EXPECT_TRUE(json.at("a")[0].is_number_unsigned()) << "as nlohmann_json has it";
  EXPECT_EQ(parse_json("3", "x", ErrorKind::kInput), 3);
}

TEST(Json, SaysWhereAndWhyItIsRefused) {
  struct Case {
    std::string text;
    std::vector<std::string> words;
  };
  for (const Case& bad :
       std::vector<Case>{{"", {"empty"}},
                         {"\xEF\xBB\xBF", {"empty"}},
                         {"{\"a\":\n 1,}", {"line 2, column 4"}},
                         {"[1, 2", {"line 1, column 6"}},
                         {"[1] x", {"line 1, column 5"}},
                         {"[\n\n0.5, NaN]", {"line 3, column 6", "NaN", "Python"}},
                         {"[-Infinity]", {"line 1, column 3", "Infinity", "Python"}},
                         {"[nul]", {"line 1"}},
                         {"[1e999]", {"overflow", "1e999"}},
                         {"[\"a\xFF\"]", {"line 1", "UTF-8"}},
                         {"[\"\\ud800\"]", {"line 1", "surrogate"}},
                         {"[\"a\tb\"]", {"line 1", "control character"}},
                         {R"({"a": {"b": 1, "c": 2, "b": 1}})", {"\"b\" twice"}},
                         {R"([{"\u0061": 1, "a": 2}])", {"\"a\" twice"}}}) {
    SCOPED_TRACE(bad.text);
    test::expect_error(ErrorKind::kInput, std::vector<std::string>{"x: not valid JSON: "},
                       [&] { parse_json(bad.text, "x", ErrorKind::kInput); });
    test::expect_error(ErrorKind::kInput, bad.words,
                       [&] { parse_json(bad.text, "x", ErrorKind::kInput); });
    EXPECT_EQ(parse_json_if_valid(bad.text), std::nullopt);
  }
  EXPECT_EQ(parse_json_if_valid("[0.5]"), Json({0.5}));
  test::expect_error(ErrorKind::kInput, {"x: ", "whole number beyond 64 bits", "as text"}, [] {
    parse_json("[123456789012345678901234567890]", "x", ErrorKind::kInput);
  });
  EXPECT_EQ(parse_json("\xEF\xBB\xBF\xEF\xBB\xBF[1]", "x", ErrorKind::kInput), Json({1}));
}

TEST(Json, AsksWhetherAFileThatStopsIsComplete) {
  test::expect_error(ErrorKind::kInput, {"line 1, column 7", "; is the file complete?"},
                     [] { parse_json("{\"a\":1", "x", ErrorKind::kInput); });
}

TEST(Json, GivesNumbersOnlyAsTheyStandThere) {
  const Json json = {{"whole", 7},    {"also", 7.0},       {"fraction", 1.5},
                     {"truth", true}, {"wide", 1ll << 40}, {"negative", -1}};
  EXPECT_EQ(json_at<int>(json, "whole", ErrorKind::kInput), 7);
  EXPECT_EQ(json_at<int>(json, "also", ErrorKind::kInput), 7);
  EXPECT_EQ(json_at<std::int64_t>(json, "wide", ErrorKind::kInput), 1ll << 40);
  EXPECT_EQ(json_at<bool>(json, "truth", ErrorKind::kInput), true);
  for (const std::string key : {"fraction", "truth", "wide", "absent"}) {
    test::expect_error(ErrorKind::kInput, {"'" + key + "'"},
                       [&] { json_at<int>(json, key, ErrorKind::kInput); });
  }
  EXPECT_THROW(json_at<std::uint64_t>(json, "negative", ErrorKind::kInput), Error);
  EXPECT_THROW(json_at<bool>(json, "whole", ErrorKind::kInput), Error);
}

TEST(Json, SaysWhatCameInItsPlace) {
  for (const auto& [text, kind] : {std::pair{"<!DOCTYPE html><html>", "x: a web page"},
                                   {"version https://git-lfs.github.com/spec/v1\n", "Git LFS"},
                                   {"\xEF\xBB\xBF\n<html>", "web page"}}) {
    test::expect_error(ErrorKind::kModel, {kind},
                       [&] { parse_json(text, "x", ErrorKind::kModel); });
  }
}

TEST(Json, IsRefusedWhereItsNestingWouldExhaustTheStack) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  const auto refused = [&](std::size_t levels) {
    test::expect_error(ErrorKind::kInput, {"x: nested in more than 100 levels"},
                       [&] { parse_json(nested(levels), "x", ErrorKind::kInput); });
  };
  EXPECT_EQ(to_text(parse_json(nested(100), "x", ErrorKind::kInput)), nested(100));
  refused(101);
  refused(1000);
  refused(1000000);
}

TEST(ParseJsonMembers, GivesThemInTheFilesOrderAndReturnsTheRest) {
  std::string taken;
  const auto take = [&](const std::string& key, const Json& value) {
    taken += key + to_text(value);
  };
  const auto rest = [&](const std::string& text) {
    taken.clear();
    return to_text(parse_json_members(text, ErrorKind::kInput, "all", take));
  };
  EXPECT_EQ(rest(R"({"x": 1, "all": {"b": [1], "a": {"c": 2}, "": null}, "y": {"all": {"d": 1}}})"),
            R"({"all":{},"x":1,"y":{"all":{"d":1}}})");
  EXPECT_EQ(taken, R"(b[1]a{"c":2}null)");
  for (const std::string without : {R"({"all":[1]})", R"({"all":3})", "{}", "[1]", "3"}) {
    EXPECT_EQ(rest(without), without);
    EXPECT_EQ(taken, "");
  }
}

TEST(ParseJsonMembers, RefusesAKeyGivenTwiceAndWhatIsNestedTooDeep) {
  const auto refused = [](const std::string& text, const std::string& words) {
    test::expect_error(ErrorKind::kInput, {words}, [&] {
      parse_json_members(text, ErrorKind::kInput, "all", [](const std::string&, const Json&) {});
    });
  };
  refused(R"({"all": {"a": 1, "b": 2, "a": 3}})", "\"a\" twice");
  refused(R"({"all": {"a": 1}, "all": {}})", "\"all\" twice");
  refused(R"({"all": {"a": {"b": 1, "b": 2}}})", "\"b\" twice");
  refused(R"({"all": 3, "all": {}})", "\"all\" twice");
  refused(R"({"all": {"a": )" + std::string(99, '[') + std::string(99, ']') + "}}",
          "more than 100 levels");
  refused(R"({"all": {"a": 1})", "line 1");
}

TEST(ParseJsonMembers, PassesOnTheErrorsOfWhoTakesThem) {
  test::expect_error(ErrorKind::kModel, {"mine"}, [] {
    parse_json_members(
        R"({"all": {"a": 1}})", ErrorKind::kInput, "all",
        [](const std::string&, const Json&) { throw Error(ErrorKind::kModel, "mine"); });
  });
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

TEST(JsonAt, RefusesNumbersThatDoNotFit) {
  const auto read_int = [](const Json& number) {
    return json_at<int>({{"n", number}}, "n", ErrorKind::kInput);
  };
  EXPECT_EQ(read_int(-2147483648.0), std::numeric_limits<int>::min());
  EXPECT_EQ(read_int(2147483647.0), std::numeric_limits<int>::max());
  for (const Json& number : {Json(5e96), Json(-5e96), Json(2147483648.0), Json(2147483648),
                             Json(std::uint64_t{1} << 63), Json(1.5), Json(true)}) {
    test::expect_error(ErrorKind::kInput, {"'n' cannot be " + number.dump()},
                       [&] { read_int(number); });
  }
  for (const Json& number : {Json(-1), Json(-1.0), Json(1e20)}) {
    test::expect_error(ErrorKind::kInput, {"'n' cannot be " + number.dump()}, [&] {
      json_at<std::uint64_t>({{"n", number}}, "n", ErrorKind::kInput);
    });
  }
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
