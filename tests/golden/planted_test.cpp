#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/planted.h"

namespace co2net {
namespace {

double map_at_half(const Co2Net& model, const test::PlantedActions& planted) {
  return evaluate_on_test(model, planted.dataset, planted.split, Compat::kAuthors, {0.5}).average;
}

TEST(PlantedActions, AreFoundByATrainedNetworkAndNotByAnUntrainedOne) {
  const TempDir dir;
  const test::PlantedActions planted = test::plant_actions(dir.path() / "planted.npy", 1);
  const TrainingOptions options = test::planted_options();
  const Co2Net untrained =
      Co2Net::seeded(network_config(options, static_cast<int>(planted.dataset.classes().size()),
                                    test::kPlantedFeatureSize),
                     options.seed);
  const Co2Net trained = test::train_on(planted, options, dir.path() / "training", 2);
  const double before = map_at_half(untrained, planted), after = map_at_half(trained, planted);
  RecordProperty("untrained", std::to_string(before));
  RecordProperty("trained", std::to_string(after));
  EXPECT_LT(before, 0.05);
  EXPECT_GT(after, 0.6);
}

}  // namespace
}  // namespace co2net
