#include "localizer/localizer_stage.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/settings.h"
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

std::string digest_of(const Co2NetConfig& config) {
  return LocalizerModel("co2net.pt", "a", config).stage(0, features_key(1)).key.digest;
}

TEST(LocalizerStage, ChangesItsKeyWithEverythingThatChangesScores) {
  // Fails to compile when a field is added: then say here whether it changes scores.
  const auto& [network, classes, feature_size, dropout] = kSmall;
  Co2NetConfig activitynet = kSmall, longer = kSmall;
  activitynet.network.variant = Variant::kActivityNet;
  longer.network.max_seqlen = network.max_seqlen + 1;
  const std::set<std::string> digests = {
      digest_of(kSmall),
      digest_of(activitynet),
      digest_of(longer),
      LocalizerModel("co2net.pt", "b", kSmall).stage(0, features_key(1)).key.digest,
      LocalizerModel("co2net.pt", "a", kSmall, {DeviceKind::kCuda})
          .stage(0, features_key(1))
          .key.digest,
      LocalizerModel("co2net.pt", "a", kSmall).stage(0, features_key(2)).key.digest};
  EXPECT_EQ(digests.size(), 6u);

  Co2NetConfig trained_otherwise = kSmall;  // inference has no dropout
  trained_otherwise.dropout = dropout / 2;
  EXPECT_EQ(digest_of(trained_otherwise), digest_of(kSmall));
}

TEST(LocalizerStage, ChangesItsKeyWithTheKindOfNetwork) {
  Co2NetConfig wtalc = kSmall;
  wtalc.network.kind = NetworkKind::kWtalc;
  EXPECT_NE(digest_of(wtalc), digest_of(kSmall));
}

TEST(LocalizerStage, ChangesItsKeyWithEverySwitchOfTheNetwork) {
  const Json usual = to_json(Ablation());
  std::map<std::string, Json> by_digest = {{digest_of(kSmall), usual}};
  for (const std::string& key : setting_keys(usual)) {
    const std::size_t before = by_digest.size();
    for (const std::string value :
         {"ccm", "concat", "add", "se", "ssma", "rgb", "flow", "main", "aux"}) {
      const Json changed = with_setting(usual, key + "=" + value, "network");
      Co2NetConfig config = kSmall;
      try {
        config.network.ablation = ablation_from_json(changed);
      } catch (const Error&) {
        continue;  // not a value of this switch
      }
      EXPECT_EQ(by_digest.emplace(digest_of(config), changed).first->second, changed) << key;
    }
    EXPECT_GT(by_digest.size(), before) << key << " has no other value in this test";
  }
  EXPECT_EQ(by_digest.size(), 1u + 4 + 6) << "the other fusions, and each other switch's other way";
}

}  // namespace
}  // namespace co2net
