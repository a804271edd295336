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
  EXPECT_EQ(published_dataset(kThumos14), Variant::kThumos14);
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
  const auto dataset_of = [](const char* file) {
    return published_dataset(read_annotations(test::data_dir() / "annotations" / file).classes);
  };
  EXPECT_EQ(dataset_of("thumos14_reduced.json"), Variant::kThumos14);
  EXPECT_EQ(dataset_of("activitynet1.2.json"), Variant::kActivityNet);
}

}  // namespace
}  // namespace co2net
