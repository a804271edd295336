#include "pipeline/stages/recipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"
#include "tests/unit/other_settings.h"

namespace co2net {
namespace {

std::set<std::string> keys_of(const Json& json, const std::string& prefix = "") {
  std::set<std::string> keys;
  for (const auto& [key, value] : json.items()) {
    if (value.is_object()) {
      keys.merge(keys_of(value, prefix + key + "."));
    } else {
      keys.insert(prefix + key);
    }
  }
  return keys;
}

void expect_refused(const std::string& setting, const std::string& reason) {
  test::expect_error(ErrorKind::kUsage, {reason}, [&] { with_setting(Recipe(), setting); });
}

TEST(Recipe, IsReadBackFromItsJson) {
  for (const std::string& name : recipe_preset_names()) {
    const Json json = to_json(recipe_preset(name));
    EXPECT_EQ(json.at("name"), name);
    EXPECT_EQ(to_json(recipe_from_json(json)), json);
  }
}

TEST(Recipe, CanBeChangedInEveryKeyAndEveryChangeShows) {
  const Recipe usual = recipe_preset("wtalc-cpu");
  std::set<std::string> keys = keys_of(to_json(usual));
  for (const char* fixed : {"schema", "name", "window"}) EXPECT_EQ(keys.erase(fixed), 1u);
  for (const std::string& setting : test::kOtherSettings) {
    const std::string key = setting.substr(0, setting.find('='));
    const Recipe changed = with_setting(usual, setting);
    EXPECT_FALSE(same_features(changed, usual)) << key;
    const Json json = to_json(changed);
    EXPECT_EQ(json_differences(to_json(usual), json).size(), 2u) << key << " and the name";
    EXPECT_EQ(to_json(recipe_from_json(json)), json) << key;
    EXPECT_EQ(keys.erase(key), 1u) << key;
  }
  EXPECT_EQ(keys, std::set<std::string>()) << "keys without a test";
}

TEST(Recipe, RefusesAMedianWhereNoneIsTaken) {
  test::expect_error(ErrorKind::kUsage, {"flow.median", "portable"},
                     [] { with_setting(recipe_preset("wtalc"), "flow.median=1"); });
  test::expect_error(ErrorKind::kUsage, {"flow.median", "opencv-cuda"}, [] {
    with_settings(recipe_preset("wtalc-cpu"), {"flow.median=3", "flow.variant=opencv-cuda"});
  });
}

TEST(Recipe, IsCustomOnceAKeyChangedAndNamesItsOrigin) {
  const Recipe cmcs = recipe_preset("cmcs");
  EXPECT_EQ(with_setting(cmcs, "stride=4").name, "cmcs");
  const Recipe changed = with_setting(cmcs, "stride=8");
  EXPECT_EQ(changed.name, "custom (from cmcs)");
  EXPECT_EQ(with_setting(changed, "tail=pad").name, "custom (from cmcs)");
}

TEST(Recipe, TakesRatesAsNumbersRatiosOrTheSources) {
  for (const std::string fps : {"25", "12.5", "30000/1001", "source"}) {
    EXPECT_EQ(with_setting(Recipe(), "fps=" + fps).fps, fps);
  }
  for (const std::string fps : {"0", "-25", "-25/-1", "nan", "inf", "25/0", "25/", "x", "", "25fps",
                                "1e9", "1000001/1000"}) {
    expect_refused("fps=" + fps, "fps must be");
  }
}

TEST(Recipe, RefusesValuesOutOfRangeAndSaysWhatIsAllowed) {
  expect_refused("stride=0", "stride must be in [1");
  expect_refused("stride=1.5", "stride cannot be 1.5");
  expect_refused("stride=4294967312", "stride cannot be 4294967312");  // 16 modulo 2^32
  expect_refused("stride=x", "stride has the wrong type");
  expect_refused("window=8", "window must be 16");
  expect_refused("crop_size=112", "crop_size must be a multiple of 32");
  expect_refused("crop_size=0", "crop_size must be in [32");
  expect_refused("resize.mode=wide", "resize.mode must be one of exact, short-side, not 'wide'");
  expect_refused("crop=left", "crop must be one of center, full, ten, not 'left'");
  expect_refused("ten_crop=max", "ten_crop must be one of average, keep, not 'max'");
  expect_refused("tail=", "tail must be one of drop, pad, not ''");
  expect_refused("flow.variant=x",
                 "flow.variant must be one of portable, opencv-cpu, opencv-cuda, not 'x'");
  expect_refused("flow.precision=fast", "unknown recipe key 'flow.precision'");
  expect_refused("schema=x", "unknown recipe key 'schema'");
  expect_refused("resize.height=200", "at least the crop size, 224");
  expect_refused("flow.median=2", "1 (off), 3 or 5");
  expect_refused("flow.bound=0", "flow.bound must be in");
  expect_refused("flow.tau=-1", "flow.tau must be in");
}

TEST(Recipe, AllowsSmallFramesOnlyWhereNothingIsCroppedFromThem) {
  const Recipe full = with_setting(Recipe(), "crop=full");
  EXPECT_EQ(with_setting(full, "resize.height=112").resize.height, 112);
}

TEST(Recipe, ChecksWhatSettingsMakeTogetherInAnyOrder) {
  const Recipe one = with_settings(Recipe(), {"resize.height=112", "crop=full"});
  const Recipe other = with_settings(Recipe(), {"crop=full", "resize.height=112"});
  EXPECT_EQ(to_json(one), to_json(other));
  EXPECT_EQ(one.name, "custom (from wtalc)");
  EXPECT_EQ(with_settings(Recipe(), {"stride=8", "stride=4"}).stride, 4) << "the last one counts";
  EXPECT_EQ(to_json(with_settings(Recipe(), {})), to_json(Recipe()));
  test::expect_error(ErrorKind::kUsage, {"crop size"}, [] {
    with_settings(Recipe(), {"crop=full", "resize.height=112", "crop=center"});
  });
}

TEST(Recipe, ListsTheKnownKeysWhereOneIsUnknown) {
  const Json json = to_json(Recipe());
  for (const std::string& key : keys_of(json)) {
    if (key != "name" && key != "schema") expect_refused("speed=1", key);
  }
  expect_refused("name=x", "unknown recipe key 'name'");
  expect_refused("flow=1", "unknown recipe key 'flow'");
  expect_refused("stride", "want key=value");
}

TEST(Recipe, FromJsonNamesTheKeyThatIsUnknownMissingOrOfAnotherType) {
  for (const std::string& key : keys_of(to_json(Recipe()))) {
    Json json = to_json(Recipe()).flatten();
    std::string pointer = "/" + key;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    json.erase(pointer);
    if (key != "schema") {
      test::expect_error(ErrorKind::kModel, {key}, [&] { recipe_from_json(json.unflatten()); });
    }
    json[pointer] = true;
    test::expect_error(ErrorKind::kModel, {key}, [&] { recipe_from_json(json.unflatten()); });
  }
  Json extra = to_json(Recipe());
  extra["flow"]["gamma"] = 1;
  test::expect_error(ErrorKind::kModel, {"unknown key 'flow.gamma'"},
                     [&] { recipe_from_json(extra); });
  test::expect_error(ErrorKind::kModel, {"not a JSON object"}, [] { recipe_from_json({1, 2}); });
}

TEST(Recipe, IsReadFromTheSchemaBefore) {
  const Json json = to_json(recipe_preset("wtalc-cpu"));
  Json older = json;
  older.erase("schema");
  EXPECT_EQ(to_json(recipe_from_json(older)), json) << "before there were precisions";
  older["flow"]["precision"] = "exact";
  EXPECT_EQ(to_json(recipe_from_json(older)), json);
  older["flow"]["precision"] = "fast";
  test::expect_error(ErrorKind::kModel, {"flow.precision", "fast", "extract the features again"},
                     [&] { recipe_from_json(older); });
}

TEST(Recipe, IsRefusedInASchemaToCome) {
  Json json = to_json(Recipe());
  json["schema"] = "co2net.recipe/3";
  json["sound"] = true;
  test::expect_error(ErrorKind::kModel, {"co2net.recipe/3"}, [&] { recipe_from_json(json); });
}

TEST(RecipePreset, IsListedWhereAnUnknownOneIsAskedFor) {
  for (const std::string& name : recipe_preset_names()) {
    test::expect_error(ErrorKind::kUsage, {"'nope'", name}, [] { recipe_preset("nope"); });
  }
  EXPECT_EQ(recipe_preset("wtalc").flow.variant, FlowVariant::kPortable);
  for (const char* name : {"wtalc-cpu", "kinetics", "cmcs"}) {
    EXPECT_EQ(recipe_preset(name).flow.variant, FlowVariant::kOpencvCpu) << name;
  }
  EXPECT_EQ(recipe_preset("kinetics").resize.mode, ResizeMode::kShortSide);
  EXPECT_EQ(recipe_preset("cmcs").fps, "source");
  EXPECT_EQ(recipe_preset("cmcs").stride, 4);
}

// Every output carries it, and cache keys are made of it.
TEST(Recipe, HasTheJsonThatItsSchemaEverHad) {
  EXPECT_EQ(
      to_json(Recipe()).dump(),
      R"({"crop":"center","crop_size":224,"flow":{"bound":20.0,"epsilon":0.01,)"
      R"("inner_iterations":30,"lambda":0.15,"median":5,"outer_iterations":10,)"
      R"("scale_step":0.8,"scales":5,"tau":0.25,"theta":0.3,)"
      R"("variant":"portable","warps":5},"fps":25,"name":"wtalc",)"
      R"("resize":{"height":256,"mode":"exact","short_side":256,"width":340},)"
      R"("schema":"co2net.recipe/2","stride":16,"tail":"drop","ten_crop":"average","window":16})");
}

TEST(Recipe, HasChoicesWhoseNamesAreReadBack) {
  test::expect_names_read_back<ResizeMode>();
  test::expect_names_read_back<CropMode>();
  test::expect_names_read_back<TenCrop>();
  test::expect_names_read_back<Tail>();
  test::expect_names_read_back<FlowVariant>();
}

TEST(FrameRate, IsTheRecipesOrTheSources) {
  Recipe recipe;
  EXPECT_EQ(frame_rate(recipe, 30), 25);
  recipe.fps = "30000/1001";
  EXPECT_EQ(frame_rate(recipe, 30), 30000. / 1001);
  recipe.fps = "source";
  EXPECT_EQ(frame_rate(recipe, 12.5), 12.5);
  test::expect_error(ErrorKind::kInput, {"--recipe-set fps=25"}, [&] { frame_rate(recipe, 0); });
}

TEST(SnippetCount, FollowsWindowStrideAndTail) {
  struct Case {
    int stride;
    std::int64_t frames, dropped, padded;
  };
  const Case cases[] = {
      {16, 0, 0, 0},  {16, 1, 1, 1},  {16, 15, 1, 1}, {16, 16, 1, 1},    {16, 17, 1, 2},
      {16, 31, 1, 2}, {16, 32, 2, 2}, {16, 33, 2, 3}, {16, 201, 12, 13}, {4, 15, 1, 1},
      {4, 16, 1, 1},  {4, 17, 1, 2},  {4, 19, 1, 2},  {4, 20, 2, 2},     {4, 21, 2, 3},
      {20, 16, 1, 1}, {20, 17, 1, 1}, {20, 20, 1, 1}, {20, 21, 1, 2},    {20, 36, 2, 2},
      {20, 40, 2, 2}, {20, 41, 2, 3},
  };
  for (const Case& c : cases) {
    Recipe recipe;
    recipe.stride = c.stride;
    EXPECT_EQ(snippet_count(recipe, c.frames), c.dropped) << c.stride << ", " << c.frames;
    recipe.tail = Tail::kPad;
    EXPECT_EQ(snippet_count(recipe, c.frames), c.padded) << c.stride << ", " << c.frames;
  }
}

}  // namespace
}  // namespace co2net
