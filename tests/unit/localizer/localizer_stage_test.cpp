#include "localizer/localizer_stage.h"

#include <gtest/gtest.h>

#include <set>

#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr Co2NetConfig kSmall = {.classes = 3, .feature_size = 16};

CacheKey features_key(int number) {
  return KeyBuilder("features", 1).add("number", number).build();
}

TEST(LocalizerStage, GivesTheNetworksScoresAndPassesFactsOn) {
  const TempDir dir;
  const Co2Net network = Co2Net::seeded(kSmall, 1);
  network.save(dir.path() / "co2net.pt");
  LocalizerModel model(dir.path() / "co2net.pt", "hash", kSmall);
  const Array features = test::hashfill("features", {9, 16}, 1);
  const Entry input{{{"video", {{"fps", 25}}}}, format_npy(features), {}};
  const Entry entry = model.stage(0, features_key(1)).compute({input}, {});
  EXPECT_EQ(parse_npz(entry.bytes, "x"), network.localize(features));
  EXPECT_EQ(entry.info, input.info);
}

TEST(LocalizerStage, ReadsItsCheckpointOnlyWhenItRuns) {
  LocalizerModel model("/absent/co2net.pt", "hash", kSmall);
  const Stage stage = model.stage(0, features_key(1));
  const Entry input{Json::object(), format_npy(Array({9, 16})), {}};
  EXPECT_THROW(stage.compute({input}, {}), Error);
}

TEST(LocalizerStage, ChangesItsKeyWithEverythingThatChangesScores) {
  const auto digest = [](const std::string& sha256, const Co2NetConfig& config, int features) {
    return LocalizerModel("co2net.pt", sha256, config).stage(0, features_key(features)).key.digest;
  };
  Co2NetConfig activitynet = kSmall, longer = kSmall;
  activitynet.network.variant = Variant::kActivityNet;
  longer.network.max_seqlen = 500;
  LocalizerModel on_gpu("co2net.pt", "a", kSmall, {DeviceKind::kCuda});
  const std::set<std::string> digests = {
      digest("a", kSmall, 1), digest("b", kSmall, 1), digest("a", activitynet, 1),
      digest("a", longer, 1), digest("a", kSmall, 2), on_gpu.stage(0, features_key(1)).key.digest};
  EXPECT_EQ(digests.size(), 6u);
}

}  // namespace
}  // namespace co2net
