#include "pipeline/datasets/dataset.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::expect_error;

constexpr int kFeatureSize = 8;

// Three videos with features and one without.
class DatasetTest : public testing::Test {
 protected:
  DatasetTest() {
    annotations_.classes = {"jump", "run"};
    annotations_.videos = {{"a", "training", 0, {"run"}, {}},
                           {"b", "training", 0, {"jump", "run"}, {}},
                           {"gap", "training", 0, {"run"}, {}},
                           {"c", "test", 0, {}, {}}};
    for (const std::string id : {"a", "b", "c"}) {
      write_file(features() / (id + ".npy"), format_npy(rows(id)));
    }
  }

  static Array rows(const std::string& id) {
    return test::hashfill(id, {id == "b" ? 3 : 5, kFeatureSize}, 1);
  }
  fs::path features() const { return dir_.path() / "features"; }
  fs::path packed() const { return dir_.path() / "packed.npy"; }
  const Annotations& annotations() const { return annotations_; }

  void describe(const std::string& id, const Recipe& recipe, double fps,
                const std::string& i3d = "x") const {
    const Json sidecar = {{"schema", "co2net.features/1"},
                          {"recipe", to_json(recipe)},
                          {"streams", {"rgb", "flow"}},
                          {"files", {{kI3dRgbFile, i3d}, {kI3dFlowFile, i3d}}},
                          {"video", {{"fps", fps}, {"duration", 1}, {"snippets", 5}}}};
    write_file(features() / (id + ".json"), sidecar.dump());
  }
  void pack() const {
    ObjectNpyWriter writer(packed(), 4);
    for (const std::string id : {"a", "b", "gap", "c"}) {
      writer.add(id == "gap" ? Array({0, kFeatureSize}) : rows(id));
    }
    writer.finish();
  }

 private:
  TempDir dir_;
  Annotations annotations_;
};

TEST_F(DatasetTest, GivesEachVideoTheRateOfItsOwnFrames) {
  const Recipe recipe = with_setting(recipe_preset("cmcs"), "stride=8");
  describe("a", recipe, 30);
  describe("b", recipe, 24);
  describe("c", recipe, 12.5);
  const Dataset dataset(features(), annotations(), {});
  EXPECT_EQ(dataset.snippets_per_second(0), 3.75);
  EXPECT_EQ(dataset.snippets_per_second(1), 3);
  EXPECT_EQ(dataset.snippets_per_second(3), 1.5625);
  EXPECT_TRUE(same_features(dataset.recipe(), recipe));
}

TEST_F(DatasetTest, GivesTheRecipesRateWhereThereIsNoSidecar) {
  pack();
  for (const fs::path& path : {features(), packed()}) {
    const Dataset dataset(path, annotations(), {.recipe = with_setting(Recipe(), "stride=8")});
    for (const std::size_t video : {0u, 1u, 3u}) {
      EXPECT_EQ(dataset.snippets_per_second(video), 25.0 / 8);
    }
    EXPECT_TRUE(dataset.i3d_sha256().empty());
  }
}

TEST_F(DatasetTest, KnowsTheNetworksOfItsFeatures) {
  for (const std::string id : {"a", "b", "c"}) describe(id, Recipe(), 25, "made by");
  const Dataset dataset(features(), annotations(), {});
  EXPECT_EQ(dataset.i3d_sha256().at(kI3dFlowFile), "made by");
}

TEST_F(DatasetTest, TakesTheNetworksOfTheExtractorWhereTheFeaturesDoNotNameThem) {
  Bundle extractor;
  extractor.feature_size = kFeatureSize;
  extractor.sha256 = {{kI3dRgbFile, "1"}, {kI3dFlowFile, "2"}, {kCo2NetFile, "3"}};
  const Dataset dataset(features(), annotations(), {.extractor = extractor});
  EXPECT_EQ(dataset.i3d_sha256(),
            (std::map<std::string, std::string>{{kI3dRgbFile, "1"}, {kI3dFlowFile, "2"}}));
}

TEST_F(DatasetTest, RefusesFeaturesThatWereNotMadeAlike) {
  const Recipe recipe;
  for (const std::string id : {"a", "b", "c"}) describe(id, recipe, 25);
  const auto refuses = [&](const std::vector<std::string>& words) {
    expect_error(ErrorKind::kInput, words, [&] { Dataset(features(), annotations(), {}); });
  };
  describe("c", with_setting(recipe, "flow.bound=15"), 25);
  refuses({"a -> c", "flow.bound 20.0 -> 15.0", "extract all of them alike"});
  describe("c", recipe, 25, "another");
  refuses({"a -> c", "i3d_rgb.pt"});
  fs::remove(features() / "c.json");
  refuses({"c has no sidecar, as a has"});
}

TEST_F(DatasetTest, RecipesOfOtherNamesAndEqualValuesAreAlike) {
  const Recipe recipe;
  Recipe renamed = recipe;
  renamed.name = "ours";
  describe("a", recipe, 25);
  describe("b", renamed, 25);
  describe("c", recipe, 25);
  EXPECT_NO_THROW(Dataset(features(), annotations(), {}));
}

TEST_F(DatasetTest, RefusesASidecarThatContradictsItselfOrIsMalformed) {
  for (const std::string id : {"a", "b", "c"}) describe(id, Recipe(), 25);
  const auto refuses = [&](const std::vector<std::string>& words) {
    expect_error(ErrorKind::kInput, words, [&] { Dataset(features(), annotations(), {}); });
  };
  describe("b", Recipe(), 50);
  refuses({"b.json", "'fps' is 50", "its recipe's 25"});
  describe("b", Recipe(), 25);
  const std::string good = read_file(features() / "b.json");
  Json sidecar = Json::parse(good);
  sidecar["files"] = 7;
  write_file(features() / "b.json", sidecar.dump());
  refuses({"b.json", "'files'"});
  sidecar = Json::parse(good);
  sidecar["recipe"]["speed"] = 1;
  write_file(features() / "b.json", sidecar.dump());
  refuses({"b.json", "speed"});
  sidecar = Json::parse(good);
  sidecar["streams"] = {"sound"};
  write_file(features() / "b.json", sidecar.dump());
  refuses({"b.json", "'streams' must be one of rgb, flow"});
}

TEST_F(DatasetTest, RefusesALabelThatIsNoClass) {
  Annotations others = annotations();
  others.classes = {"jump"};
  expect_error(ErrorKind::kInput, {"video a", "'run'"}, [&] { Dataset(features(), others, {}); });
}

TEST_F(DatasetTest, AVideoWithoutFeaturesNeedsNoSidecar) {
  for (const std::string id : {"a", "b", "c"}) describe(id, Recipe(), 25);
  EXPECT_EQ(Dataset(features(), annotations(), {}).features().snippets(2), 0);
}

TEST_F(DatasetTest, LabelsArePlacesAmongTheClasses) {
  const Dataset dataset(features(), annotations(), {});
  EXPECT_EQ(dataset.labels(0), (std::vector<int>{1}));
  EXPECT_EQ(dataset.labels(1), (std::vector<int>{0, 1}));
  EXPECT_TRUE(dataset.labels(3).empty());
}

TEST_F(DatasetTest, UsableVideosHaveFeaturesAndLabelsAndAreLongEnough) {
  const Dataset dataset(features(), annotations(), {});
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(usable_videos(dataset, "training", 1, VideoKind::kLabelled), (Places{0, 1}));
  EXPECT_EQ(usable_videos(dataset, "training", 4, VideoKind::kLabelled), (Places{0}));
  EXPECT_EQ(usable_videos(dataset, "test", 1, VideoKind::kAny), (Places{3}));
  EXPECT_EQ(usable_videos(dataset, "test", 1, VideoKind::kLabelled), Places{});
  EXPECT_EQ(usable_videos(dataset, "test", 1, VideoKind::kBackground), Places{});
}

TEST_F(DatasetTest, VideosWithAnEmptyListAreBackgroundWhereOthersOfTheirSubsetHaveLabels) {
  const auto with_c = [&](const std::string& c) {
    const fs::path file = features().parent_path() / "annotations.json";
    write_file(file, R"({"database": {"a": {"subset": "training", "annotations": [{"label": "run",)"
                     R"( "segment": [0, 1]}]}, "c": )" +
                         c + "}}");
    return Dataset(features(), read_annotations(file), {});
  };
  using Places = std::vector<std::size_t>;
  const Dataset idle = with_c(R"({"subset": "training", "annotations": []})");
  EXPECT_FALSE(idle.is_background(0));
  EXPECT_TRUE(idle.is_background(1));
  EXPECT_EQ(usable_videos(idle, "training", 5, VideoKind::kBackground), Places{1});
  EXPECT_EQ(usable_videos(idle, "training", 6, VideoKind::kBackground), Places{});
  EXPECT_EQ(usable_videos(idle, "training", 1, VideoKind::kLabelled), Places{0});
  EXPECT_EQ(usable_videos(idle, "training", 1, VideoKind::kAny), (Places{0, 1}));

  EXPECT_FALSE(with_c(R"({"subset": "testing", "annotations": []})").is_background(1));
  EXPECT_FALSE(with_c(R"({"subset": "training", "labels": [], "annotations": [{"label": "run",)"
                      R"( "segment": [0, 1]}]})")
                   .is_background(1));
}

TEST_F(DatasetTest, FingerprintIsOfValuesRecipeAndNetworks) {
  pack();
  const Recipe recipe;
  const std::vector<std::size_t> videos = {0, 1};
  const Json print = Dataset(features(), annotations(), {.recipe = recipe}).fingerprint(videos);
  EXPECT_EQ(Dataset(packed(), annotations(), {.recipe = recipe}).fingerprint(videos), print);
  EXPECT_NE(Dataset(features(), annotations(), {.recipe = with_setting(recipe, "stride=8")})
                .fingerprint(videos),
            print);
  for (const std::string id : {"a", "b", "c"}) describe(id, recipe, 25);
  EXPECT_NE(Dataset(features(), annotations(), {}).fingerprint(videos), print);
  const Recipe own_rate = with_setting(recipe, "fps=source");
  for (const std::string id : {"a", "b", "c"}) describe(id, own_rate, 30);
  const Json at_30 = Dataset(features(), annotations(), {}).fingerprint(videos);
  describe("b", own_rate, 10);
  EXPECT_NE(Dataset(features(), annotations(), {}).fingerprint(videos), at_30);
  for (const std::string id : {"a", "b", "c"}) fs::remove(features() / (id + ".json"));
  write_file(features() / "b.npy", format_npy(test::hashfill("other", {3, kFeatureSize}, 1)));
  EXPECT_NE(Dataset(features(), annotations(), {.recipe = recipe}).fingerprint(videos), print);
}

TEST_F(DatasetTest, HasTheSameFingerprintOfSeveralFoldersInAnyOrder) {
  const Recipe recipe;
  for (const std::string id : {"a", "b", "c"}) describe(id, recipe, 25);
  const Json whole = Dataset(features(), annotations(), {}).fingerprint({0, 1, 3});
  const fs::path part = features().parent_path() / "part";
  fs::create_directory(part);
  for (const char* file : {"b.npy", "b.json"}) fs::rename(features() / file, part / file);
  for (const auto& paths : {std::vector{features(), part}, std::vector{part, features()}}) {
    EXPECT_EQ(Dataset(paths, annotations(), {}).fingerprint({0, 1, 3}), whole);
  }
  fs::remove(part / "b.json");
  expect_error(ErrorKind::kInput, {features().string(), part.string(), "b has no sidecar"}, [&] {
    Dataset(std::vector{part, features()}, annotations(), {});
  });
}

}  // namespace
}  // namespace co2net
