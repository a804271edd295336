#include "postprocess/published.h"

#include <gtest/gtest.h>

#include "pipeline/datasets/annotations.h"
#include "tests/support.h"

namespace co2net {
namespace {

const std::vector<std::string> kThumos14 = {
    "VolleyballSpiking", "baseball pitch", "Basketball_Dunk", "Billiards",    "CleanAndJerk",
    "CliffDiving",       "CricketBowling", "CricketShot",     "Diving",       "FrisbeeCatch",
    "GolfSwing",         "HammerThrow",    "HighJump",        "JavelinThrow", "LongJump",
    "PoleVault",         "Shotput",        "SoccerPenalty",   "TennisSwing",  "ThrowDiscus"};

TEST(PublishedDataset, IsToldByTheClassNamesInAnyOrderAndSpelling) {
  EXPECT_EQ(published_dataset(kThumos14), "thumos14");
}

TEST(PublishedDataset, IsNoneForOtherClassesOfTheSameNumber) {
  std::vector<std::string> classes = kThumos14;
  classes[3] = "Snooker";
  EXPECT_EQ(published_dataset(classes), std::nullopt);
  classes = kThumos14;
  classes.pop_back();
  EXPECT_EQ(published_dataset(classes), std::nullopt);
  EXPECT_EQ(published_dataset({}), std::nullopt);
}

TEST(PublishedDataset, KnowsTheClassesOfThePublishedAnnotations) {
  SKIP_WITHOUT(test::data_dir());
  for (const std::string name : {"thumos14_reduced", "activitynet1.2"}) {
    const Annotations annotations =
        read_annotations(test::data_dir() / "annotations" / (name + ".json"));
    EXPECT_EQ(published_dataset(annotations.classes), name == "activitynet1.2" ? name : "thumos14");
  }
}

}  // namespace
}  // namespace co2net
