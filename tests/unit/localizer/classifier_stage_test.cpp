#include "localizer/classifier_stage.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support.h"

namespace co2net {
namespace {

I3dClassifier small_classifier() {
  return {{{"rgb.weight", test::hashfill("rgb", {3, 4}, 1)},
           {"flow.weight", test::hashfill("flow", {3, 4}, 1)},
           {"rgb.bias", Array({3})},
           {"flow.bias", Array({3})}},
          3,
          8,
          "x"};
}

CacheKey features_key(int number) {
  return KeyBuilder("features", 1).add("number", number).build();
}

TEST(ClassifierStage, GivesTheClassifiersScoresAndPassesFactsOn) {
  const I3dClassifier classifier = small_classifier();
  const Array features = test::hashfill("features", {9, 8}, 1);
  const Entry input{{{"video", {{"fps", 25}}}}, format_npy(features), {}};
  const Stage stage = classifier_stage(0, features_key(1), classifier, "hash", {0, 2});
  EXPECT_EQ(stage.name, "localization");
  const Entry entry = stage.compute({input}, {});
  EXPECT_EQ(parse_npz(entry.bytes, "x"), classifier.localize(features, {0, 2}));
  EXPECT_EQ(entry.info, input.info);
}

TEST(ClassifierStage, ChangesItsKeyWithEverythingThatChangesScores) {
  const I3dClassifier classifier = small_classifier();
  const auto digest = [&](int features, const std::string& sha256,
                          const std::vector<std::size_t>& reported) {
    return classifier_stage(0, features_key(features), classifier, sha256, reported).key.digest;
  };
  const std::set<std::string> digests = {digest(1, "a", {0, 2}), digest(2, "a", {0, 2}),
                                         digest(1, "b", {0, 2}), digest(1, "a", {0, 1})};
  EXPECT_EQ(digests.size(), 4u);
}

}  // namespace
}  // namespace co2net
