#include "extractors/i3d/i3d.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/expect_names.h"

namespace co2net {
namespace {

constexpr I3dArchitecture kTiny{.channels = 2, .width = 1.0 / 16};  // 64 features

class SmallI3d : public testing::Test {
 protected:
  SmallI3d() { save_i3d(path_, kTiny, he_uniform(1)); }

  I3d load() const { return {path_, {.channels = 2, .feature_size = 64}}; }

  static Array clips(std::int64_t count) {
    return test::hashfill("clips", {count, 2, 16, 224, 224}, 1);
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "i3d.pt";
};

template <class Function>
std::string message_of(Function function, ErrorKind kind) {
  try {
    function();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind);
    return e.what();
  }
  return "no error";
}

TEST(I3dNetwork, ScalesTheFeatureSizeByTheWidth) {
  EXPECT_EQ(i3d_feature_size({.width = 1}), 1024);
  EXPECT_EQ(i3d_feature_size({.width = 0.25}), 256);
  EXPECT_EQ(i3d_feature_size(kTiny), 64);
  EXPECT_EQ(i3d_feature_size({.width = 1e-9}), 4);
}

TEST(I3dNetwork, RefusesAnImpossibleArchitecture) {
  const TempDir dir;
  for (const I3dArchitecture& bad : {I3dArchitecture{0, 1}, {3, 0}, {3, -1}, {3, std::nan("")}}) {
    EXPECT_THROW(save_i3d(dir.path() / "x.pt", bad, he_uniform(1)), Error);
  }
}

TEST(I3dNetwork, NamesTheParameterThatIsFilledWithAnotherShape) {
  const TempDir dir;
  const auto fill = [](const std::string&, const Shape&) { return Array({7}); };
  EXPECT_EQ(message_of([&] { save_i3d(dir.path() / "x.pt", kTiny, fill); }, ErrorKind::kInput),
            "parameter Conv3d_1a_7x7.conv3d.weight: want float32 [4, 2, 7, 7, 7], got [7]");
}

TEST_F(SmallI3d, IsTheSameFileForTheSameSeedOnly) {
  const auto saved_with = [&](std::uint64_t seed) {
    save_i3d(dir_.path() / "again.pt", kTiny, he_uniform(seed));
    return read_file(dir_.path() / "again.pt");
  };
  EXPECT_EQ(saved_with(1), read_file(path_));
  EXPECT_NE(saved_with(2), read_file(path_));
  EXPECT_NE(saved_with(1 + (std::uint64_t{1} << 32)), read_file(path_));
}

TEST_F(SmallI3d, GivesAClipTheSameFeatureAloneOrWithOthersOnAnyThread) {
  const I3d i3d = load();
  const Array both = i3d.features(clips(2));
  ASSERT_EQ(both.shape, (Shape{2, 64}));
  const Array alone({1, 64}, {both.row(0), both.row(1)});
  EXPECT_NE(alone.values, std::vector<float>(both.row(1), both.row(1) + 64));

  std::vector<Array> results(3);
  std::vector<std::thread> threads;
  for (Array& result : results) {
    threads.emplace_back([&] { result = i3d.features(clips(1)); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Array& result : results) EXPECT_EQ(result, alone);
}

TEST_F(SmallI3d, GivesNoFeaturesForNoClips) {
  EXPECT_EQ(load().features(clips(0)), Array({0, 64}));
}

TEST_F(SmallI3d, RefusesClipsOfAnotherShape) {
  EXPECT_EQ(message_of(
                [&] {
                  load().features(Array({1, 3, 16, 224, 224}));
                },
                ErrorKind::kInput),
            "i3d clips: want float32 [*, 2, 16, 224, 224], got [1, 3, 16, 224, 224]");
  EXPECT_THROW(load().features(Array({2, 16, 224, 224})), Error);
}

TEST_F(SmallI3d, NamesTheFileWhoseNetworkIsForTheOtherStream) {
  const std::string message =
      message_of([&] { I3d(path_, {.channels = 3, .feature_size = 64}); }, ErrorKind::kModel);
  EXPECT_TRUE(message.starts_with(path_.string() + ": fails on clips Float [1, 3, 16, 224, 224]"))
      << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST_F(SmallI3d, RefusesAnotherFeatureSizeThanTheModelDeclaresWhenItIsLoaded) {
  const std::string message =
      message_of([&] { I3d(path_, {.channels = 2, .feature_size = 1024}); }, ErrorKind::kModel);
  EXPECT_NE(message.find("want a feature of Float [1, 1024], got Float [1, 64]"), std::string::npos)
      << message;
}

TEST_F(SmallI3d, RefusesFeaturesThatAreNotFinite) {
  Array damaged = clips(1);
  damaged.values[1000] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message_of([&] { load().features(damaged); }, ErrorKind::kModel).find("not finite"),
            std::string::npos);
}

TEST_F(SmallI3d, NamesTheFileThatIsAbsentTruncatedOrNoNetwork) {
  const std::string whole = read_file(path_);
  const auto absent = dir_.path() / "absent.pt", damaged = dir_.path() / "damaged.pt";
  const auto message_for = [](const std::filesystem::path& file) {
    return message_of([&] { I3d(file, {}); }, ErrorKind::kModel);
  };
  EXPECT_TRUE(message_for(absent).starts_with(absent.string())) << message_for(absent);
  for (const std::string& bytes : {std::string("junk"), whole.substr(0, whole.size() / 2)}) {
    write_file(damaged, bytes);
    EXPECT_TRUE(message_for(damaged).starts_with(damaged.string())) << message_for(damaged);
    EXPECT_EQ(message_for(damaged).find('\n'), std::string::npos);
  }
}

TEST_F(SmallI3d, NamesTheDeviceThatIsAbsent) {
  const Device absent = {DeviceKind::kCuda, 99};
  const std::string message = message_of([&] { I3d(path_, {2, 64, absent}); }, ErrorKind::kUsage);
  EXPECT_TRUE(message.starts_with("cuda:99: no CUDA device")) << message;
}

TEST(I3dPrecision, HasNamesThatAreReadBack) { test::expect_names_read_back<I3dPrecision>(); }

TEST_F(SmallI3d, RefusesAPrecisionThatTheDeviceLacks) {
  const I3dOptions options{2, 64, {}, I3dPrecision::kFp16};
  EXPECT_EQ(
      message_of([&] { I3d(path_, options); }, ErrorKind::kUsage),
      "I3D on device cpu cannot compute in fp16; give fp32, or fp16 or bf16 on a CUDA device");
}

}  // namespace
}  // namespace co2net
