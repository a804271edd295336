#include "samples/training_state.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "pipeline/base/files.h"

namespace co2net {
namespace {

// A training whose every step depends on all that there is.
class Training {
 public:
  explicit Training(double start)
      : weight_(torch::full({5}, start).set_requires_grad(true)),
        optimizer_({weight_}, torch::optim::AdamWOptions(0.1)) {
    std::iota(order_.begin(), order_.end(), 0);
  }

  TrainingState state(const std::string& key) {
    return {key, {weight_}, optimizer_, random_, order_};
  }

  void run_epoch() {
    std::ranges::shuffle(order_, random_);
    for (const std::int64_t i : order_) {
      optimizer_.zero_grad();
      const auto target = static_cast<double>(random_() % 100);
      (weight_[i] * weight_.sum() - target).pow(2).backward();
      optimizer_.step();
    }
  }

  torch::Tensor weight() const { return weight_.detach().clone(); }

 private:
  torch::Tensor weight_;
  torch::optim::AdamW optimizer_;
  std::mt19937_64 random_{7};
  std::vector<std::int64_t> order_ = std::vector<std::int64_t>(5);
};

TEST(TrainingState, LetsATrainingGoOnAsIfItHadNeverStopped) {
  const TempDir dir;
  Training whole(1), resumed(3);
  whole.run_epoch();
  whole.run_epoch();
  save_state(dir.path() / "state", 2, whole.state("a"));
  TrainingState state = resumed.state("a");
  EXPECT_EQ(load_state(dir.path() / "state", state), 2);
  whole.run_epoch();
  resumed.run_epoch();
  EXPECT_TRUE(torch::equal(whole.weight(), resumed.weight()));
}

TEST(TrainingState, IsNotThatOfAnotherTraining) {
  const TempDir dir;
  Training one(1), other(3);
  TrainingState state = other.state("b");
  EXPECT_EQ(load_state(dir.path() / "state", state), 0);
  one.run_epoch();
  save_state(dir.path() / "state", 1, one.state("a"));
  EXPECT_EQ(load_state(dir.path() / "state", state), 0);
  EXPECT_TRUE(torch::equal(other.weight(), torch::full({5}, 3.)));
}

}  // namespace
}  // namespace co2net
