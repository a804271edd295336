#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <ostream>
#include <vector>

#include "localizer/learner.h"
#include "localizer/losses.h"
#include "localizer/network.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "tests/golden/golden.h"
#include "tests/golden/weights.h"

namespace co2net {
namespace {

using Classes = std::vector<std::vector<int>>;

constexpr std::int64_t kVideos = 10;
constexpr int kFeatureSize = 2048;

Json golden_training() {
  return parse_json(read_file(test::golden_copy("training.json")), "training.json",
                    ErrorKind::kInput);
}

void expect_relative(double got, double want, double tolerance, const std::string& what) {
  EXPECT_NEAR(got, want, tolerance * std::abs(want)) << what;
}

class LossesGolden : public testing::TestWithParam<std::string> {};

TEST_P(LossesGolden, AndGradientsAreTheReferences) {
  const Json want = golden_training().at(GetParam());
  const int classes = want["classes"];
  TrainingOptions options =
      training_preset(GetParam() == "CO2_loss" ? "thumos14" : "activitynet1.2");
  const Co2Net model(network_config(options, classes, kFeatureSize), test::golden_co2net(classes));
  const Array features = test::golden_features(GetParam(), kVideos, want["snippets"]);
  torch::Tensor labels = torch::zeros({kVideos, classes});
  const Classes shown = want["labels"];
  for (std::int64_t row = 0; row < kVideos; ++row) {
    for (const int label : shown[static_cast<std::size_t>(row)]) labels[row][label] = 1;
  }

  const Losses losses =
      co2net_losses(model.network().forward(torch::tensor(features.values).reshape(features.shape)),
                    labels, options.loss);
  losses.total.backward();

  const auto expect_loss = [&](const torch::Tensor& got, const std::string& name) {
    expect_relative(got.item<double>(), want["losses"][name], 1e-5, name);
  };
  expect_loss(losses.mil_orig, "mil_orig");
  expect_loss(losses.mil_supp, "mil_supp");
  expect_loss(losses.cas, "coactivity");
  expect_loss(losses.ml, "mutual");
  expect_loss(losses.oppo, "guide");
  expect_loss(losses.norm, "norm");
  expect_loss(losses.total, "total");
  for (const auto& item : model.network().named_parameters()) {
    expect_relative(item.value().grad().norm().item<double>(), want["grad_l2"][item.key()], 1e-4,
                    item.key());
  }
}

INSTANTIATE_TEST_SUITE_P(Published, LossesGolden, testing::Values("CO2_loss", "ANT_CO2_loss"),
                         [](const auto& instance) { return instance.param; });

Batch batch_of(const Array& features, const Classes& classes) {
  Batch batch{{}, classes};
  const Shape shape{features.dim(1), features.dim(2)};
  for (std::int64_t row = 0; row < features.dim(0); ++row) {
    batch.features.push_back(
        {shape, {features.row(row), features.row(row) + element_count(shape)}});
  }
  return batch;
}

TEST(LearnerGolden, FollowsTheReferencesTrajectory) {
  const Json golden = golden_training();
  const Classes classes = golden["CO2_loss"]["labels"];
  const std::vector<double> want = golden["CO2_train"]["loss"];
  std::vector<Batch> batches;
  for (const std::string name : {"train0", "train1", "train2"}) {
    batches.push_back(
        batch_of(test::golden_features(name, kVideos, golden["CO2_train"]["snippets"]), classes));
  }
  Learner learner(training_preset("thumos14"), 20, kFeatureSize);
  Tensors state = learner.state();
  for (const auto& [name, values] : test::golden_co2net(20)) {
    state["parameter/" + name] = torch::tensor(values.values).reshape(values.shape);
  }
  learner.restore(state);

  for (std::size_t i = 0; i < want.size(); ++i) {
    const LossValues losses = learner.update(batches[i % batches.size()], std::nullopt, 2).losses;
    expect_relative(losses.total, want[i], 1e-4, "step " + std::to_string(i));
  }
}

}  // namespace
}  // namespace co2net
