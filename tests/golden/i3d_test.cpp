#include "extractors/i3d/i3d.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/golden/golden.h"
#include "tests/golden/weights.h"
#include "tests/support.h"

namespace co2net {
namespace {

class I3dGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { SKIP_WITHOUT_FORCED_INSTRUCTION_SET(); }
};

TEST_P(I3dGolden, GivesTheReferenceFeaturesWithin1e3OfTheLargest) {
  const std::string mode = GetParam();
  const int channels = mode == "rgb" ? 3 : 2;
  const TempDir dir;
  save_i3d(dir.path() / "i3d.pt", {.channels = channels}, test::golden_i3d(mode));
  const I3d i3d(dir.path() / "i3d.pt", {.channels = channels});

  const Array got = i3d.features(test::hashfill(mode + ".input", {2, channels, 16, 224, 224}, 1));

  const Array want = read_npz(test::golden_copy("i3d.npz")).at(mode + "/features");
  ASSERT_EQ(got.shape, want.shape);
  float largest = 0, difference = 0;
  for (std::size_t i = 0; i < want.values.size(); ++i) {
    largest = std::max(largest, std::abs(want.values[i]));
    difference = std::max(difference, std::abs(got.values[i] - want.values[i]));
  }
  EXPECT_LT(difference, 1e-3f * largest);
  std::cout << "largest difference / largest feature: " << difference / largest << '\n';
}

INSTANTIATE_TEST_SUITE_P(BothStreams, I3dGolden, testing::Values("rgb", "flow"),
                         [](const auto& mode) { return mode.param; });

TEST(I3dNetwork, AsksForThePublishedParametersUpToTheLogits) {
  std::map<std::string, Shape> want =
      nlohmann::json::parse(read_file(test::golden_copy("i3d_keys.json")));
  std::erase_if(want, [](const auto& entry) {
    return entry.first.starts_with("logits.") || entry.first.ends_with(".num_batches_tracked");
  });
  std::map<std::string, Shape> asked;
  const TempDir dir;
  save_i3d(dir.path() / "i3d.pt", {.channels = 2},
           [&](const std::string& name, const Shape& shape) {
             asked[name] = shape;
             return Array(shape);
           });
  EXPECT_EQ(asked, want);
}

}  // namespace
}  // namespace co2net
