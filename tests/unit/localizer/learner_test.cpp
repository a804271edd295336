#include "localizer/learner.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "localizer/losses.h"
#include "localizer/network.h"
#include "pipeline/base/interrupt.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr int kClasses = 3, kFeatureSize = 16;

TrainingOptions small_options() {
  TrainingOptions options;
  options.length = 12;
  options.learning_rate = 1e-3;
  return options;
}

Learner small_learner(const TrainingOptions& options = small_options()) {
  return {options, kClasses, kFeatureSize};
}

Batch batch_number(int number, int length = 12) {
  Batch batch;
  for (int row = 0; row < 10; ++row) {
    batch.features.push_back(test::hashfill(
        "batch " + std::to_string(number) + "/" + std::to_string(row), {length, kFeatureSize}, 1));
    batch.classes.push_back({row / 2 % kClasses});
  }
  batch.classes[9].push_back(0);
  return batch;
}

// Updates number `first` to `last`, with dropout.
std::vector<double> learn(Learner& learner, int first, int last, int threads = 1, int length = 12) {
  std::vector<double> losses;
  for (int i = first; i < last; ++i) {
    const auto seed = static_cast<std::uint64_t>(1000 * i);
    losses.push_back(learner.update(batch_number(i, length), seed, threads).losses.total);
  }
  return losses;
}

void expect_equal(const Tensors& got, const Tensors& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [name, tensor] : want) EXPECT_TRUE(got.at(name).equal(tensor)) << name;
}

Tensors copy_of(const Tensors& state) {
  Tensors copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.clone();
  return copy;
}

TEST(Learner, LearnsTheSameBytesWithAnyNumberOfThreads) {
  for (const int length : {12, 151}) {  // several videos a task, and one
    Learner alone = small_learner();
    const std::vector<double> losses = learn(alone, 0, 4, 1, length);
    for (const int threads : {2, 5}) {
      Learner together = small_learner();
      EXPECT_EQ(learn(together, 0, 4, threads, length), losses) << threads << " " << length;
      expect_equal(together.state(), alone.state());
    }
  }
}

// A part of a batch each, as on a GPU whose memory does not hold all.
Learner learner_in_parts(int rows, const LearnerPlace& more = {}) {
  LearnerPlace place = more;
  place.rows_at_once = rows;
  return {small_options(), kClasses, kFeatureSize, place};
}

TEST(Learner, LearnsTheSameBytesWhereAPartIsComputedOnceMoreForItsGradients) {
  const int length = 60;  // of which the CPU takes five videos at once
  Learner usual = small_learner();
  Learner in_parts = learner_in_parts(5);
  EXPECT_EQ(learn(in_parts, 0, 3, 1, length), learn(usual, 0, 3, 1, length));
  expect_equal(in_parts.state(), usual.state());
}

TEST(Learner, FollowsTheSameCourseUpToRoundingInPartsOfAnySize) {
  const auto course = [](Learner learner) {
    std::vector<double> losses;
    for (int i = 0; i < 4; ++i) {
      losses.push_back(learner.update(batch_number(i), std::nullopt, 1).losses.total);
    }
    return losses;
  };
  const std::vector<double> wanted = course(small_learner());
  for (const int rows : {1, 3, 10}) {
    const std::vector<double> losses = course(learner_in_parts(rows));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      EXPECT_NEAR(losses[i], wanted[i], 1e-5 * std::abs(wanted[i])) << rows << ", " << i;
    }
  }
}

TEST(Learner, HalvesTheRowsAtOnceForAllThatFollowsWhereMemoryIsShort) {
  std::vector<std::size_t> tried;
  LearnerPlace place;
  place.on_rows = [&](std::size_t rows) {
    tried.push_back(rows);
    if (rows > 3) throw c10::OutOfMemoryError({"f", "file", 1}, "full");
  };
  Learner short_of_memory = learner_in_parts(10, place);
  const std::vector<double> losses = learn(short_of_memory, 0, 2);
  EXPECT_EQ(short_of_memory.rows_at_once(), 3);
  const std::vector<std::size_t> first = {10, 5, 3, 3, 3, 1};
  EXPECT_TRUE(std::equal(first.begin(), first.end(), tried.begin()));
  EXPECT_EQ(std::ranges::count(tried, std::size_t{10}), 1);
  Learner in_threes = learner_in_parts(3);
  EXPECT_EQ(learn(in_threes, 0, 2), losses);
  expect_equal(in_threes.state(), short_of_memory.state());
}

TEST(Learner, SaysSoWhereNotEvenOneVideoHasPlaceAndChangesNothing) {
  LearnerPlace place;
  place.on_rows = [](std::size_t) { throw std::runtime_error("CUDA out of memory."); };
  Learner learner = learner_in_parts(2, place);
  const Tensors before = copy_of(learner.state());
  test::expect_error(ErrorKind::kInternal, {"no place to learn from a single video", "length"},
                     [&] { learn(learner, 0, 1); });
  expect_equal(learner.state(), before);
}

TEST(Learner, LeavesOtherFailuresAsTheyAre) {
  LearnerPlace place;
  place.on_rows = [](std::size_t) { throw std::runtime_error("no memory, and no GPU either"); };
  Learner learner = learner_in_parts(10, place);
  EXPECT_THROW(learn(learner, 0, 1), std::runtime_error);
  EXPECT_EQ(learner.rows_at_once(), 10);
}

TEST(Learner, IsRefusedADeviceThatIsNotHere) {
  test::expect_error(ErrorKind::kUsage, {"cuda:99: no CUDA device"}, [] {
    Learner(small_options(), kClasses, kFeatureSize, learner_place({DeviceKind::kCuda, 99}));
  });
  EXPECT_EQ(learner_place({DeviceKind::kCuda}).rows_at_once, 10);
  EXPECT_EQ(learner_place({}).rows_at_once, 0);
}

TEST(Learner, TakesTheStepOfTorchsAdamDownTheBatchsGradient) {
  const TrainingOptions options = small_options();
  Learner learner = small_learner(options);
  const Network theirs(network_config(options, kClasses, kFeatureSize));
  {
    torch::NoGradGuard no_grad;
    for (const auto& item : learner.model().network().named_parameters()) {
      theirs.named_parameters()[item.key()].copy_(item.value());
    }
  }
  torch::optim::Adam adam(
      theirs.parameters(),
      torch::optim::AdamOptions(options.learning_rate).weight_decay(options.weight_decay));
  for (int i = 0; i < 3; ++i) {
    const Batch batch = batch_number(i);
    std::vector<torch::Tensor> features;
    torch::Tensor labels = torch::zeros({10, kClasses});
    for (std::size_t row = 0; row < 10; ++row) {
      features.push_back(torch::tensor(batch.features[row].values).reshape({12, kFeatureSize}));
      for (const int label : batch.classes[row]) labels[static_cast<std::int64_t>(row)][label] = 1;
    }
    const torch::Tensor loss =
        co2net_losses(theirs.forward(torch::stack(features)), labels, options.loss).total;
    adam.zero_grad();
    loss.backward();
    adam.step();
    EXPECT_NEAR(learner.update(batch, std::nullopt, 2).losses.total, loss.item<double>(), 1e-4);
  }
  // Where a gradient is all but zero, Adam's step has the sign of rounding errors.
  int differing = 0, all = 0;
  for (const auto& item : learner.model().network().named_parameters()) {
    const torch::Tensor difference = (item.value() - theirs.named_parameters()[item.key()]).abs();
    differing += difference.gt(1e-5).sum().item<int>();
    all += static_cast<int>(difference.numel());
  }
  EXPECT_LT(differing, all / 100);
}

TEST(Learner, GoesOnFromAStateAsIfItHadNotStopped) {
  Learner uninterrupted = small_learner();
  learn(uninterrupted, 0, 2);
  const Tensors state = copy_of(uninterrupted.state());
  const std::vector<double> losses = learn(uninterrupted, 2, 5);

  Learner resumed = small_learner();
  resumed.restore(state);
  EXPECT_EQ(learn(resumed, 2, 5), losses);
  expect_equal(resumed.state(), uninterrupted.state());
}

TEST(Learner, RefusesTheStateOfAnotherNetwork) {
  Learner learner = small_learner();
  const auto refuses = [&](const Tensors& state, const std::string& name) {
    test::expect_error(ErrorKind::kModel, {"another network", name},
                       [&] { learner.restore(state); });
  };
  refuses(Learner(small_options(), kClasses + 1, kFeatureSize).state(), "classifier.4");
  refuses(Learner(small_options(), kClasses, 2 * kFeatureSize).state(), "vAttn.");
  refuses(small_learner(with_setting(small_options(), "network.fusion=concat")).state(),
          "channel_conv");
  for (const auto& [name, tensor] : small_learner().state()) {
    Tensors state = small_learner().state();
    state.erase(name);
    refuses(state, name);
    state[name] = tensor.to(torch::kFloat64);
    refuses(state, name);
  }
}

TEST(Learner, DependsOnTheSeedOfDropoutAndOnWhetherThereIsAny) {
  const auto second_loss = [](std::optional<std::uint64_t> seed) {
    Learner learner = small_learner();
    return learner.update(batch_number(0), seed, 1).losses.total;
  };
  EXPECT_EQ(second_loss(1), second_loss(1));
  EXPECT_NE(second_loss(1), second_loss(1000));
  EXPECT_NE(second_loss(1), second_loss(std::nullopt));
}

TEST(Learner, LearnsWithEveryTermLeftOutAndFromEachAlone) {
  const std::vector<std::string> terms = {"mil", "cas", "ml", "oppo", "norm"};
  const auto expect_learning = [](const TrainingOptions& options, const std::string& name) {
    Learner learner = small_learner(options);
    const Tensors before = copy_of(learner.state());
    EXPECT_TRUE(std::isfinite(learner.update(batch_number(0), 1, 1).losses.total)) << name;
    bool changed = false;
    for (const auto& [key, tensor] : learner.state()) {
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name << " " << key;
      changed |= key.starts_with("parameter/") && !tensor.equal(before.at(key));
    }
    EXPECT_TRUE(changed) << name;
  };
  for (const std::string& term : terms) {
    expect_learning(with_setting(small_options(), "loss." + term + "=0"), "without " + term);
    TrainingOptions alone = small_options();
    for (const std::string& other : terms) {
      if (other != term) alone = with_setting(alone, "loss." + other + "=0");
    }
    expect_learning(alone, term + " alone");
  }
}

TEST(Learner, LearnsWithEveryFusion) {
  for (const std::string fusion : {"ccm", "concat", "add", "se", "ssma"}) {
    Learner learner = small_learner(with_setting(small_options(), "network.fusion=" + fusion));
    double first = 0, last = 0;
    for (int i = 0; i < 30; ++i) {
      last = learner.update(batch_number(0), std::nullopt, 1).losses.total;
      if (i == 0) first = last;
    }
    EXPECT_LT(last, first) << fusion;
  }
}

TEST(Learner, CopesWithABatchWhosePairsShareNoClass) {
  Learner learner = small_learner();
  Batch batch = batch_number(0);
  for (std::size_t row = 0; row < 10; ++row) batch.classes[row] = {static_cast<int>(row % 2)};
  const LossValues losses = learner.update(batch, 1, 2).losses;
  EXPECT_EQ(losses.cas, 0);
  EXPECT_TRUE(std::isfinite(losses.total));
}

TEST(LearnerDeathTest, StopsWithinAStepAndHasLearnedNothing) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto be_interrupted = [] {
    Learner learner = small_learner();
    const Tensors before = copy_of(learner.state());
    install_interrupt_handlers();
    std::raise(SIGINT);
    try {
      learner.update(batch_number(0), 1, 2);
    } catch (const Error& e) {
      expect_equal(learner.state(), before);
      std::exit(e.kind() == ErrorKind::kInterrupted && !testing::Test::HasFailure() ? 7 : 1);
    }
    std::exit(0);
  };
  EXPECT_EXIT(be_interrupted(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace co2net
