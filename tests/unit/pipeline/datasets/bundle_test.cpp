#include "pipeline/datasets/bundle.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

class BundleTest : public testing::Test {
 protected:
  BundleTest() {
    bundle_.directory = dir_.path();
    bundle_.name = "small";
    bundle_.classes = {"Jump"};
  }

  Json saved() const {
    save_bundle(bundle_);
    return Json::parse(read_file(bundle_.file("model.json")));
  }

  // What load_bundle() makes of model.json with one key changed.
  Bundle loaded_with(const std::string& key, const Json& value) const {
    Json json = saved();
    json[key] = value;
    write_file(bundle_.file("model.json"), json.dump());
    return load_bundle(dir_.path(), {});
  }

  TempDir dir_;
  Bundle bundle_;
};

TEST_F(BundleTest, HasTheJsonThatItEverHad) {
  bundle_.network.max_seqlen = 100;
  bundle_.network.variant = Variant::kActivityNet;
  bundle_.network.ablation.fusion = Fusion::kSe;
  bundle_.min_snippets = 11;
  bundle_.compat = Compat::kClean;
  Json json = saved();
  EXPECT_EQ(json.at("recipe"), to_json(Recipe()));
  json.erase("recipe");
  EXPECT_EQ(
      json.dump(),
      R"({"classes":["Jump"],"compat":"clean","feature_size":2048,"files":{},)"
      R"("max_seqlen":100,"min_snippets":11,"name":"small","network":{"fattn":{"aux":"rgb","main":"flow"},"fusion":"se",)"
      R"("global":"main","local":"aux","vattn":{"aux":"flow","main":"rgb"}},)"
      R"("preset":"activitynet1.2","provenance":{},"schema":"co2net.bundle/1",)"
      R"("status":"trained"})");
  const Bundle loaded = load_bundle(dir_.path(), {});
  EXPECT_EQ(loaded.network, bundle_.network);
  EXPECT_EQ(loaded.min_snippets, 11);
  EXPECT_EQ(loaded.compat, Compat::kClean);
}

TEST_F(BundleTest, HasThePublishedNetworkWhereItIsOlderThanTheAblations) {
  Json json = saved();
  json.erase("network");
  write_file(bundle_.file("model.json"), json.dump());
  EXPECT_EQ(load_bundle(dir_.path(), {}).network, NetworkSpec());
}

TEST_F(BundleTest, LocalizesEveryVideoAsTheAuthorsDoWhereItIsOlderThanThisChoice) {
  Json json = saved();
  json.erase("min_snippets");
  json.erase("compat");
  write_file(bundle_.file("model.json"), json.dump());
  const Bundle loaded = load_bundle(dir_.path(), {});
  EXPECT_EQ(loaded.min_snippets, 1);
  EXPECT_EQ(loaded.compat, Compat::kAuthors);
}

TEST_F(BundleTest, RefusesALeastLengthOrACompatThatCannotBe) {
  for (const Json& wrong :
       {Json(0), Json(-1), Json("many"), Json(1.5), Json(true), Json(99999999999)}) {
    test::expect_error(ErrorKind::kModel, {"model.json", "'min_snippets'"},
                       [&] { loaded_with("min_snippets", wrong); });
  }
  test::expect_error(ErrorKind::kModel, {"compat must be one of authors, clean, not 'theirs'"},
                     [&] { loaded_with("compat", "theirs"); });
}

OperatingPoint point_of_jumps() {
  return {.thresholds = ClassThresholds{0.3, {{0, 0.45}}},
          .false_alarms = 4,
          .videos_chose_iteration = true,
          .videos = {{{0}, {0.875}, {}, 0.5}, {{}, {0.25}, {2}, 0.75}}};
}

TEST_F(BundleTest, KeepsItsOperatingPointAndWhatThatWasChosenFrom) {
  EXPECT_FALSE(saved().contains("operating_point"));
  EXPECT_FALSE(load_bundle(dir_.path(), {}).operating_point.has_value());
  bundle_.operating_point = point_of_jumps();
  EXPECT_EQ(
      saved().at("operating_point").dump(),
      R"({"false_alarms":4.0,"thresholds":{"all":0.3,"own":{"Jump":0.45}},"videos":[)"
      R"({"hours":0.5,"labels":["Jump"],"scores":[0.875],"segments":[]},)"
      R"({"hours":0.75,"labels":[],"scores":[0.25],"segments":[2]}],"videos_chose_iteration":true})");
  EXPECT_EQ(load_bundle(dir_.path(), {}).operating_point, bundle_.operating_point);
  bundle_.operating_point = OperatingPoint{};
  saved();
  EXPECT_EQ(load_bundle(dir_.path(), {}).operating_point, OperatingPoint());
}

TEST_F(BundleTest, RefusesAnOperatingPointThatCannotBe) {
  const auto refuses = [&](const Json::json_pointer& at, const Json& wrong,
                           const std::string& word) {
    Json point = to_json(point_of_jumps(), bundle_.classes);
    point[at] = wrong;
    test::expect_error(ErrorKind::kModel, {"operating_point", word},
                       [&] { loaded_with("operating_point", point); });
  };
  refuses("/thresholds/all"_json_pointer, -0.1, "'all'");
  refuses("/thresholds/all"_json_pointer, nullptr, "'all'");
  refuses("/thresholds/own"_json_pointer, {{"Run", 0.5}}, "\"Run\" is none of the classes");
  refuses("/thresholds/own"_json_pointer, {{"Jump", -1}}, "'own'");
  refuses("/false_alarms"_json_pointer, "few", "'false_alarms'");
  refuses("/videos_chose_iteration"_json_pointer, "yes", "'videos_chose_iteration'");
  refuses("/videos"_json_pointer, 3, "'videos'");
  refuses("/videos/0/labels/0"_json_pointer, "Run", "\"Run\" is none of the classes");
  refuses("/videos/0/scores/0"_json_pointer, 1.5, "'scores'");
  refuses("/videos/0/scores"_json_pointer, Json::array({0.5, 0.5}), "a number a class");
  refuses("/videos/0/segments"_json_pointer, Json::array({1}), "a number a class");
  refuses("/videos/1/segments"_json_pointer, Json::array(), "a number a class");
  for (const Json& wrong : {Json(-1), Json(0.5), Json(1e30), Json("one")}) {
    refuses("/videos/1/segments/0"_json_pointer, wrong, "whole numbers");
  }
  refuses("/videos/1/hours"_json_pointer, -1, "'hours'");
}

TEST_F(BundleTest, RefusesAFeatureSizeThatCannotBe) {
  for (const Json& wrong : {Json(0), Json(-2), Json(7), Json(1e30), Json("2048")}) {
    test::expect_error(ErrorKind::kModel, {"model.json", "'feature_size'"},
                       [&] { loaded_with("feature_size", wrong); });
  }
}

TEST_F(BundleTest, RefusesFilesOutsideOfItsFolder) {
  for (const char* name : {"../i3d_rgb.pt", "/etc/passwd", "a/b", "..", ""}) {
    test::expect_error(ErrorKind::kModel, {"model.json", "is not a name in its folder"}, [&] {
      loaded_with("files", {{name, {{"sha256", ""}}}});
    });
  }
}

TEST_F(BundleTest, SaysWhatCameInTheNetworksPlace) {
  write_file(bundle_.file(kCo2NetFile), "weights");
  save_bundle(bundle_);
  load_bundle(dir_.path(), {kCo2NetFile});
  write_file(bundle_.file(kCo2NetFile), "\1\2");
  test::expect_error(ErrorKind::kModel, {"co2net.pt", "SHA-256 differs); fetch the bundle again"},
                     [&] { load_bundle(dir_.path(), {kCo2NetFile}); });
  write_file(bundle_.file(kCo2NetFile), "version https://git-lfs.github.com/spec/v1\n");
  test::expect_error(ErrorKind::kModel, {"co2net.pt", "SHA-256 differs); it is a Git LFS pointer"},
                     [&] { load_bundle(dir_.path(), {kCo2NetFile}); });
}

TEST_F(BundleTest, NamesThePresetThatIsUnknownAndThoseThatAreKnown) {
  test::expect_error(ErrorKind::kModel,
                     {"model.json: preset must be one of thumos14, activitynet1.2, not 'charades'"},
                     [&] { loaded_with("preset", "charades"); });
  test::expect_error(ErrorKind::kModel, {"'preset' is missing or has the wrong type"},
                     [&] { loaded_with("preset", 14); });
}

TEST_F(BundleTest, NamesTheChoiceOfItsNetworkThatIsUnknownAndThoseThatAreKnown) {
  Json network = to_json(Ablation());
  network["vattn"]["aux"] = "sound";
  test::expect_error(ErrorKind::kModel, {"vattn.aux must be one of rgb, flow, not 'sound'"},
                     [&] { loaded_with("network", network); });
  network = to_json(Ablation());
  network["global"] = "both";
  test::expect_error(ErrorKind::kModel, {"global must be one of main, aux, not 'both'"},
                     [&] { loaded_with("network", network); });
}

TEST_F(BundleTest, OfAClassifierSaysSoInThePlaceOfItsNetwork) {
  bundle_.network.kind = NetworkKind::kClassifier;
  EXPECT_EQ(saved().at("network"), Json({{"kind", "classifier"}}));
  EXPECT_EQ(load_bundle(dir_.path(), {}).network.kind, NetworkKind::kClassifier);
  Json network = to_json(Ablation());
  EXPECT_EQ(loaded_with("network", network).network.kind, NetworkKind::kCo2Net);
  network["kind"] = "co2net";
  network["fusion"] = "add";
  EXPECT_EQ(loaded_with("network", network).network.ablation.fusion, Fusion::kAdd);
  test::expect_error(ErrorKind::kModel,
                     {"kind must be one of co2net, classifier, wtalc, not 'oracle'"}, [&] {
                       loaded_with("network", {{"kind", "oracle"}});
                     });
  test::expect_error(ErrorKind::kModel, {"'operating_point': a classifier has none"},
                     [&] { loaded_with("operating_point", Json::object()); });
  test::expect_error(ErrorKind::kModel, {"network"}, [&] { loaded_with("network", "deep"); });
}

TEST_F(BundleTest, OfAWtalcSaysSoAndHasItsOwnFileAndNoOperatingPoint) {
  bundle_.network.kind = NetworkKind::kWtalc;
  EXPECT_EQ(saved().at("network"), Json({{"kind", "wtalc"}}));
  EXPECT_EQ(load_bundle(dir_.path(), {}).network.kind, NetworkKind::kWtalc);
  EXPECT_FALSE(has_final_segments(bundle_));
  test::expect_error(ErrorKind::kModel,
                     {"has no wtalc.pt; 'co2net train --set network.kind=wtalc'"},
                     [&] { load_localizing_bundle(dir_.path()); });
  write_file(bundle_.file(kWtalcFile), "weights");
  EXPECT_TRUE(saved().at("files").contains("wtalc.pt"));
  EXPECT_NO_THROW(load_localizing_bundle(dir_.path()));
  test::expect_error(ErrorKind::kModel, {"'operating_point': a wtalc has none"},
                     [&] { loaded_with("operating_point", Json::object()); });
}

TEST_F(BundleTest, LocalizesWithTheFileOfItsKindAndWarnsOfWhatAClassifierDoesNotKnow) {
  const test::LogCapture log;
  save_bundle(bundle_);
  test::expect_error(ErrorKind::kModel, {"has no co2net.pt"},
                     [&] { load_localizing_bundle(dir_.path()); });
  bundle_.network.kind = NetworkKind::kClassifier;
  save_bundle(bundle_);
  test::expect_error(ErrorKind::kModel, {"has no i3d_logits.npz"},
                     [&] { load_localizing_bundle(dir_.path()); });
  write_file(bundle_.file(kI3dLogitsFile), "layers");
  save_bundle(bundle_);
  load_bundle(dir_.path(), {});
  EXPECT_EQ(log.lines().find("knows no background"), std::string::npos);
  load_localizing_bundle(dir_.path());
  EXPECT_NE(log.lines().find("knows no background"), std::string::npos);
  write_file(bundle_.file(kI3dLogitsFile), "others");
  test::expect_error(ErrorKind::kModel, {"i3d_logits.npz", "SHA-256 differs"},
                     [&] { load_localizing_bundle(dir_.path()); });
}

TEST_F(BundleTest, ReportsTheClassesOfAClassifierThatAreWantedInTheirOrder) {
  bundle_.network.kind = NetworkKind::kClassifier;
  bundle_.classes = {"bow", "jump", "wave"};
  EXPECT_EQ(reported_classes(bundle_), bundle_.classes);
  report_only(bundle_, {"wave", "bow", "wave"});
  EXPECT_EQ(reported_classes(bundle_), (std::vector<std::string>{"bow", "wave"}));
  test::expect_error(ErrorKind::kUsage, {"'hop' is no class of the model small"}, [&] {
    report_only(bundle_, {"bow", "hop"});
  });
  test::expect_error(ErrorKind::kUsage, {"names no class"}, [&] { report_only(bundle_, {}); });
  bundle_.network.kind = NetworkKind::kCo2Net;
  test::expect_error(ErrorKind::kUsage, {"has a CO2-Net"}, [&] { report_only(bundle_, {"bow"}); });
}

TEST(NetworkSpec, HasChoicesWhoseNamesAreReadBack) {
  test::expect_names_read_back<NetworkKind>();
  test::expect_names_read_back<Variant>();
  test::expect_names_read_back<Fusion>();
  test::expect_names_read_back<Role>();
  test::expect_names_read_back<Modality>();
}

TEST(Compat, HasNamesThatAreReadBack) { test::expect_names_read_back<Compat>(); }

TEST(I3dFile, IsOfAModality) {
  EXPECT_STREQ(i3d_file(Modality::kRgb), "i3d_rgb.pt");
  EXPECT_STREQ(i3d_file(Modality::kFlow), "i3d_flow.pt");
}

}  // namespace
}  // namespace co2net
