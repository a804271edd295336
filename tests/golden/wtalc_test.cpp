#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
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

constexpr int kFeatureSize = 2048, kClasses = 20;

TrainingOptions published() { return training_preset(Variant::kThumos14, NetworkKind::kWtalc); }

Co2Net golden_model(const std::string& salt, int classes, float fc_bias_shift = 0) {
  Arrays parameters = test::golden_wtalc(salt, classes);
  for (float& value : parameters["fc.bias"].values) value += fc_bias_shift;
  return {network_config(published(), classes, kFeatureSize), parameters};
}

void expect_near(const torch::Tensor& got, const Array& want, double tolerance,
                 const std::string& what) {
  const torch::Tensor wanted = torch::tensor(want.values).reshape(want.shape);
  ASSERT_EQ(got.sizes(), wanted.sizes()) << what;
  EXPECT_LE((got - wanted).abs().max().item<double>(), tolerance) << what;
}

// The reference numbers, read once.
class WtalcGolden : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    json_ = new Json(
        parse_json(read_file(test::golden_copy("wtalc.json")), "wtalc.json", ErrorKind::kInput));
    arrays_ = new Arrays(read_npz(test::golden_copy("wtalc.npz")));
  }
  static void TearDownTestSuite() {
    delete json_;
    delete arrays_;
  }

  static std::string salt() { return json_->at("salt"); }
  static std::string name(const std::string& of_case) { return salt() + "." + of_case; }
  static const Array& array(const std::string& key) { return arrays_->at(key); }

  // Rows of features, labelled, padded and cut as the authors' code does; "far" has its own form.
  static Batch batch(const std::string& of_case, const std::vector<std::int64_t>& lengths,
                     const std::map<std::int64_t, std::vector<std::int64_t>>& zero_rows = {}) {
    Batch made;
    for (std::size_t row = 0; row < lengths.size(); ++row) {
      auto [features, kinds] = test::golden_wtalc_features(
          salt(), name(of_case + "." + std::to_string(row)), lengths[row]);
      if (of_case == "far") make_far(features, kinds);
      const auto zeros = zero_rows.find(static_cast<std::int64_t>(row));
      made.lengths.push_back(lengths[row]);
      if (zeros != zero_rows.end()) {
        for (const std::int64_t zero : zeros->second) {
          std::fill_n(features.row(zero), kFeatureSize, 0.f);
          --made.lengths.back();
        }
      }
      made.features.push_back(std::move(features));
      made.classes.push_back(classes(array(of_case + "/labels"), static_cast<std::int64_t>(row)));
    }
    const std::int64_t longest = std::ranges::max(made.lengths);
    for (Array& features : made.features) {
      features.shape[0] = longest;
      features.values.resize(static_cast<std::size_t>(longest * kFeatureSize));
    }
    return made;
  }

  static Json* json_;

 private:
  static void make_far(Array& features, const std::vector<int>& kinds) {
    for (std::int64_t t = 0; t < features.dim(0); ++t) {
      for (int d = 0; d < kFeatureSize; ++d) {
        features.row(t)[d] *= d % 7 == kinds[static_cast<std::size_t>(t)] ? 8.f : 0.f;
      }
    }
  }

  static std::vector<int> classes(const Array& labels, std::int64_t row) {
    std::vector<int> shown;
    for (int label = 0; label < kClasses; ++label) {
      if (labels.row(row)[label] > 0) shown.push_back(label);
    }
    return shown;
  }

  static Arrays* arrays_;
};

Json* WtalcGolden::json_ = nullptr;
Arrays* WtalcGolden::arrays_ = nullptr;

TEST_F(WtalcGolden, GivesTheReferencesScoresAndFeatures) {
  for (const auto& [key, want] : json_->at("forward").items()) {
    SCOPED_TRACE(key);
    const int classes = want["n_class"];
    const std::string weights = classes == 100 ? salt() + "100" : salt();
    const Co2Net model = golden_model(weights, classes);
    const Array features = test::golden_wtalc_features(salt(), name(key), want["T"]).features;
    torch::NoGradGuard no_grad;
    const torch::Tensor input = torch::tensor(features.values).reshape(features.shape);
    ASSERT_NEAR(input.to(torch::kDouble).sum().item<double>(), want["input_sum"], 1e-6);
    const torch::Tensor feat = model.network().forward(input.unsqueeze(0)).feat[0];
    expect_near(feat.slice(/*dim=*/1, 0, 16), array("forward/" + key + "/feat_head"), 2e-6, "feat");
    const double sum = want["feat_sum"], squares = want["feat_sumsq"];
    EXPECT_NEAR(feat.to(torch::kDouble).sum().item<double>(), sum, 1e-6 * sum);
    EXPECT_NEAR(feat.to(torch::kDouble).square().sum().item<double>(), squares, 1e-6 * squares);

    const Arrays scores = model.localize(features);
    ASSERT_EQ(scores.size(), 1u) << "no attention";
    const Array& cas = scores.at("cas");
    expect_near(torch::tensor(cas.values).reshape(cas.shape), array("forward/" + key + "/cas"),
                2e-5, "cas");
  }
}

// The norms, in double: float32 sums of four million squares are good to four digits.
void expect_gradients(const Co2Net& model, const Json& want) {
  for (const auto& item : model.network().named_parameters()) {
    SCOPED_TRACE(item.key());
    const double norm = want.at(item.key());
    const double got = item.value().grad().to(torch::kDouble).norm().item<double>();
    // The co-activity loss does not depend on the classifier's bias, but for rounding.
    const bool is_zero = norm < 1e-8;
    EXPECT_NEAR(got, is_zero ? 0 : norm, is_zero ? 1e-7 : 1e-5 * norm);
  }
}

TEST_F(WtalcGolden, LossesAndGradientsAreTheReferences) {
  for (const std::string key : {"loss", "far"}) {
    SCOPED_TRACE(key);
    const Json& want = json_->at(key);
    std::map<std::int64_t, std::vector<std::int64_t>> zero_rows;
    for (const auto& [row, zeros] : want["zero_rows"].items())
      zero_rows[std::stoi(row)] = zeros.get<std::vector<std::int64_t>>();
    const Batch rows = batch(key, want["lengths"], zero_rows);
    ASSERT_EQ(rows.lengths, want["seq_len"].get<std::vector<std::int64_t>>());
    std::vector<torch::Tensor> features;
    for (const Array& row : rows.features) {
      features.push_back(torch::tensor(row.values).reshape(row.shape));
    }
    const Array& labels = array(key + "/labels");

    for (const std::string term : {"mil", "casl", "total"}) {
      SCOPED_TRACE(term);
      LossOptions options = published().loss;
      if (term == "mil") options.mil = 1, options.cas = 0;
      if (term == "casl") options.mil = 0, options.cas = 1;
      const Co2Net model = golden_model(salt(), kClasses, want.value("fc_bias_shift", 0.f));
      const Losses losses =
          wtalc_losses(model.network().forward(torch::stack(features)),
                       torch::tensor(labels.values).reshape(labels.shape), rows.lengths, options);
      losses.total.backward();
      EXPECT_NEAR(losses.total.item<double>(), want["losses"][term], 1e-5);
      expect_gradients(model, want["grad_l2"][term]);
      const auto parameters = model.network().named_parameters();
      expect_near(parameters["classifier.bias"].grad(),
                  array(key + "/grad_classifier_bias_" + term), 1e-6, "by classifier.bias");
      if (term != "total") continue;
      const Array& first = array(key + "/grad_fc_bias_total");
      expect_near(parameters["fc.bias"].grad().slice(/*dim=*/0, 0, first.dim(0)), first, 1e-6,
                  "by fc.bias");
    }
  }
}

TEST_F(WtalcGolden, LearnsFromWhatTheReferenceMakesNaNOf) {
  const Json& want = json_->at("loss");
  Batch rows = batch("loss", want["lengths"], {{9, {3, 10}}});
  std::vector<torch::Tensor> features;
  for (const Array& row : rows.features) {
    features.push_back(torch::tensor(row.values).reshape(row.shape));
  }
  const Array& labels = array("loss/labels");
  const torch::Tensor shown = torch::tensor(labels.values).reshape(labels.shape);
  const Co2Net model = golden_model(salt(), kClasses);
  const NetworkOutput output = model.network().forward(torch::stack(features));
  const auto losses = [&](const torch::Tensor& of_labels) {
    return wtalc_losses(output, of_labels, rows.lengths, published().loss);
  };
  EXPECT_EQ(json_->at("loss_edges").at("row_without_labels").at("mil"), "nan");
  torch::Tensor without = shown.clone();
  without[9].zero_();
  EXPECT_TRUE(losses(without).mil_orig.isfinite().item<bool>());

  EXPECT_EQ(json_->at("loss_edges").at("no_shared_label_at_all").at("casl"), "nan");
  torch::Tensor unshared = torch::zeros_like(shown);
  for (int row = 0; row < 10; ++row) unshared[row][row] = 1;
  EXPECT_EQ(losses(unshared).cas.item<double>(), 0);

  EXPECT_EQ(json_->at("loss_edges").at("one_snippet_row_in_a_pair").at("casl"), "nan");
  rows.lengths[1] = 1;
  EXPECT_TRUE(losses(shown).cas.isfinite().item<bool>());
  EXPECT_NE(losses(shown).cas.item<double>(), 0) << "the other pairs";
  rows.lengths[9] = 0;
  EXPECT_TRUE(losses(shown).total.isfinite().item<bool>());
}

TEST_F(WtalcGolden, FollowsTheReferencesTrajectory) {
  const Json& train = json_->at("train");
  TrainingOptions options = published();
  ASSERT_EQ(options.learning_rate, train["lr"].get<double>());
  ASSERT_EQ(options.weight_decay, train["weight_decay"].get<double>());
  ASSERT_EQ(options.loss.mil, train["Lambda"].get<double>());
  Learner learner(options, kClasses, kFeatureSize);
  Tensors state = learner.state();
  for (const auto& [name, values] : test::golden_wtalc(salt(), kClasses)) {
    if (name.starts_with("fc1.")) continue;
    state["parameter/" + name] = torch::tensor(values.values).reshape(values.shape);
  }
  learner.restore(state);

  for (const Json& step : train["steps"]) {
    const std::string of_batch = step["batch"];
    const Batch rows = batch(of_batch, train["lengths"][of_batch]);
    const LossValues losses = learner.update(rows, std::nullopt, 2).losses;
    EXPECT_NEAR(losses.mil_orig, step["milloss"], 2e-4);
    EXPECT_NEAR(losses.cas, step["casloss"], 2e-4);
    EXPECT_NEAR(losses.total, step["total_loss"], 2e-4);
    for (const auto& item : learner.model().network().named_parameters()) {
      SCOPED_TRACE(item.key());
      const bool is_large = item.key() == "fc.weight";
      const torch::Tensor values = item.value().detach().to(torch::kDouble);
      const Json& want = step["after"][item.key()];
      EXPECT_NEAR(values.sum().item<double>(), want[0], is_large ? 0.05 : 1e-4);
      EXPECT_NEAR(values.square().sum().item<double>(), want[1], is_large ? 1e-3 : 1e-4);
    }
  }
  for (const auto& item : learner.model().network().named_parameters()) {
    const Array& first = array("train/head/" + item.key());
    expect_near(item.value().detach().flatten().slice(/*dim=*/0, 0, first.dim(0)), first, 1e-5,
                item.key());
  }
}

}  // namespace
}  // namespace co2net
