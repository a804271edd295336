#include "localizer/learner.h"

#include <cstdlib>

#include "tests/gpu/gpu.h"
#include "tests/support.h"

namespace co2net {
namespace {

constexpr int kClasses = 20, kFeatureSize = 64;

Batch batch_number(int number) {
  Batch batch;
  for (int row = 0; row < 10; ++row) {
    batch.features.push_back(test::hashfill(
        "batch " + std::to_string(number) + "/" + std::to_string(row), {300, kFeatureSize}, 1));
    batch.classes.push_back({row / 2 % kClasses});
  }
  return batch;
}

std::vector<double> course(const LearnerPlace& place, std::optional<std::uint64_t> dropout) {
  Learner learner(training_preset("thumos14"), kClasses, kFeatureSize, place);
  std::vector<double> losses;
  for (int i = 0; i < 20; ++i) {
    losses.push_back(learner.update(batch_number(i % 3), dropout, 2).losses.total);
  }
  return losses;
}

class LearnerOnGpu : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_GPU(); }
  const LearnerPlace gpu_ = learner_place({DeviceKind::kCuda});
};

// The tolerance of the golden trajectory.
TEST_F(LearnerOnGpu, FollowsTheCpusCourseAllRowsAtOnceAndInParts) {
  const std::vector<double> wanted = course({}, std::nullopt);
  for (const int rows : {10, 3}) {
    LearnerPlace place = gpu_;
    place.rows_at_once = rows;
    const std::vector<double> losses = course(place, std::nullopt);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(losses[i], wanted[i], 1e-3 * std::abs(wanted[i])) << rows << ", step " << i;
    }
  }
}

TEST_F(LearnerOnGpu, LearnsTheSameEachTime) { EXPECT_EQ(course(gpu_, 1), course(gpu_, 1)); }

}  // namespace
}  // namespace co2net
