#include "extractors/i3d/i3d.h"

#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/files.h"
#include "tests/gpu/gpu.h"
#include "tests/support.h"

namespace co2net {
namespace {

class I3dOnGpu : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_GPU();
    save_i3d(path_, {.channels = 2, .width = 0.25}, he_uniform(1));
  }

  I3d on(const std::string& device, I3dPrecision precision = I3dPrecision::kFp32) const {
    return {path_,
            {.channels = 2,
             .feature_size = 256,
             .device = parse_device(device),
             .precision = precision,
             .clips_at_once = device == "cpu" ? 1 : kClipsOnGpu}};
  }

  static Array clips(std::int64_t count) {
    return test::hashfill("clips", {count, 2, 16, 224, 224}, 1);
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "i3d.pt";
};

TEST_F(I3dOnGpu, GivesTheCpusFeaturesUpToRounding) {
  const Array wanted = on("cpu").features(clips(3));
  test::expect_near(on("cuda").features(clips(3)), wanted, 1e-3);
  test::expect_near(on("cuda:0").features(clips(3)), wanted, 1e-3);
  test::expect_near(on("cuda", I3dPrecision::kFp16).features(clips(3)), wanted, 2e-2);
  test::expect_near(on("cuda", I3dPrecision::kBf16).features(clips(3)), wanted, 1e-1);
}

TEST_F(I3dOnGpu, GivesAClipTheSameBytesEachTimeAloneOrWithOthers) {
  const I3d i3d = on("cuda");
  const Array alone = i3d.features(clips(1));
  const std::int64_t count = kClipsOnGpu + 3;
  for (int round = 0; round < 3; ++round) {
    const Array many = i3d.features(clips(count));
    EXPECT_EQ(Array({1, 256}, {many.row(0), many.row(1)}), alone) << round;
  }
}

}  // namespace
}  // namespace co2net
