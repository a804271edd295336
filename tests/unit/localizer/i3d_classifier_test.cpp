#include "localizer/i3d_classifier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr int kClasses = 5, kFeatureSize = 16;

Arrays some_layers() {
  Arrays layers;
  for (const std::string stream : {"rgb", "flow"}) {
    layers[stream + ".weight"] =
        test::hashfill(stream + ".weight", {kClasses, kFeatureSize / 2}, 1);
    layers[stream + ".bias"] = test::hashfill(stream + ".bias", {kClasses}, 1);
  }
  return layers;
}

// exp(z_k) / sum of exp(z_j), z = W_rgb f_rgb + b_rgb + W_flow f_flow + b_flow.
double probability(const Arrays& layers, const float* feature, int label) {
  const auto logit = [&](int k) {
    double sum = 0;
    for (int i = 0; i < kFeatureSize; ++i) {
      const int half = kFeatureSize / 2;
      const Array& weight = layers.at(i < half ? "rgb.weight" : "flow.weight");
      sum += static_cast<double>(weight.row(k)[i % half]) * feature[i];
    }
    const auto place = static_cast<std::size_t>(k);
    return sum + layers.at("rgb.bias").values[place] + layers.at("flow.bias").values[place];
  };
  double all = 0;
  for (int k = 0; k < kClasses; ++k) all += std::exp(logit(k));
  return std::exp(logit(label)) / all;
}

TEST(I3dClassifier, GivesTheSoftmaxOfBothStreamsSummedLogits) {
  const Arrays layers = some_layers();
  const Array features = test::hashfill("features", {7, kFeatureSize}, 2);
  const Arrays scores =
      I3dClassifier(layers, kClasses, kFeatureSize, "x").localize(features, {0, 1, 2, 3, 4});
  const Array &cas = scores.at("cas"), &attn = scores.at("attn");
  ASSERT_EQ(cas.shape, (Shape{7, kClasses + 1}));
  ASSERT_EQ(attn.shape, Shape{7});
  for (std::int64_t t = 0; t < 7; ++t) {
    double largest = 0;
    for (int k = 0; k < kClasses; ++k) {
      const double p = probability(layers, features.row(t), k);
      EXPECT_NEAR(cas.row(t)[k], p, 1e-7);
      largest = std::max(largest, p);
    }
    EXPECT_EQ(cas.row(t)[kClasses], 0);
    EXPECT_NEAR(attn.values[static_cast<std::size_t>(t)], largest, 1e-7);
  }
}

TEST(I3dClassifier, ChoosesWhatIsReportedAfterTheSoftmax) {
  const I3dClassifier classifier(some_layers(), kClasses, kFeatureSize, "x");
  const Array features = test::hashfill("features", {7, kFeatureSize}, 2);
  const Array all = classifier.localize(features, {0, 1, 2, 3, 4}).at("cas");
  const Arrays scores = classifier.localize(features, {1, 4});
  ASSERT_EQ(scores.at("cas").shape, (Shape{7, 3}));
  for (std::int64_t t = 0; t < 7; ++t) {
    const float* row = scores.at("cas").row(t);
    EXPECT_EQ(row[0], all.row(t)[1]);
    EXPECT_EQ(row[1], all.row(t)[4]);
    EXPECT_EQ(row[2], 0);
    EXPECT_EQ(scores.at("attn").values[static_cast<std::size_t>(t)], std::max(row[0], row[1]));
  }
}

TEST(I3dClassifier, IsFiniteWhateverTheSizeOfItsLogits) {
  Arrays layers = some_layers();
  layers["rgb.bias"] = Array({kClasses}, {1e30f, -1e30f, 0, 1, 2});
  const Arrays scores =
      I3dClassifier(layers, kClasses, kFeatureSize, "x").localize(Array({1, kFeatureSize}), {0, 1});
  EXPECT_EQ(scores.at("cas").values, (std::vector<float>{1, 0, 0}));
}

TEST(I3dClassifier, NamesTheLayerThatDoesNotFit) {
  const auto expect_refused = [](const Arrays& layers, int classes, const std::string& why) {
    test::expect_error(ErrorKind::kModel, {"logits.npz: ", why}, [&] {
      I3dClassifier(layers, static_cast<std::size_t>(classes), kFeatureSize, "logits.npz");
    });
  };
  Arrays layers = some_layers();
  expect_refused(layers, kClasses + 1, "rgb.weight: want [6, 8], got [5, 8]");
  expect_refused(layers, 0, "no classes");
  layers["flow.bias"].values[2] = NAN;
  expect_refused(layers, kClasses, "flow.bias: holds NaN or infinity");
  layers.erase("flow.weight");
  expect_refused(layers, kClasses, "lacks an array 'flow.weight'");
}

TEST(I3dClassifier, RefusesFeaturesThatDoNotFitOrAreNotFinite) {
  const I3dClassifier classifier(some_layers(), kClasses, kFeatureSize, "x");
  const auto expect_refused = [&](const Array& features, const std::string& why) {
    test::expect_error(ErrorKind::kInput, {"features", why},
                       [&] { classifier.localize(features, {0}); });
  };
  expect_refused(Array({2, kFeatureSize + 1}), "[2, 17]");
  expect_refused(Array({0, kFeatureSize}), "no snippets");
  Array features({2, kFeatureSize});
  features.values[3] = INFINITY;
  expect_refused(features, "NaN or infinity");
}

}  // namespace
}  // namespace co2net
