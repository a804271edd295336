#include "localizer/losses.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <map>

namespace co2net {
namespace {

using torch::Tensor;

// Cross-entropy of the softmax of three scores with three shares.
double cross_entropy(const std::vector<double>& scores, const std::vector<double>& shares) {
  double sum = 0, loss = 0;
  for (const double score : scores) sum += std::exp(score);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    loss -= shares[i] * (scores[i] - std::log(sum));
  }
  return loss;
}

double value(const Tensor& loss) { return loss.item<double>(); }

// Six videos of one snippet that show class 0 of two, and of which every number is known.
NetworkOutput simple_output() {
  const auto all = [](double attn) { return torch::full({6, 1}, attn).requires_grad_(); };
  const Tensor cas = torch::tensor({1.f, 3.f, -1.f}).expand({6, 1, 3}).clone().requires_grad_();
  const Tensor feat = torch::tensor({1.f, 2.f, 3.f, 4.f}).expand({6, 1, 4}).clone();
  return {cas, all(0.5), all(0.7), all(0.3), feat.requires_grad_()};
}

Tensor simple_labels() { return torch::tensor({1.f, 0.f}).repeat({6, 1}); }

TEST(MultipleInstanceLoss, IsTheCrossEntropyOfTheHighestScoresOverTime) {
  const Tensor cas = torch::tensor({{{1.f, 0.f, 2.f}, {3.f, -1.f, 0.f}}});
  const Tensor labels = torch::tensor({{1.f, 0.f}});
  const double share = 1 / 2.0001, alone = 1 / 1.0001;
  EXPECT_NEAR(value(multiple_instance_loss(cas, labels, 1, 7)),
              cross_entropy({3, 0, 2}, {share, 0, share}), 1e-5);
  EXPECT_NEAR(value(multiple_instance_loss(cas, labels, 0, 7)),
              cross_entropy({3, 0, 2}, {alone, 0, 0}), 1e-5);
}

TEST(MultipleInstanceLoss, AveragesTheTopSnippetsAndTheVideos) {
  const Tensor cas =
      torch::tensor({{{4.f, 0.f, 0.f}, {1.f, 1.f, 0.f}, {2.f, 5.f, 0.f}, {0.f, 2.f, 0.f}},
                     {{0.f, 0.f, 0.f}, {0.f, 0.f, 0.f}, {0.f, 0.f, 0.f}, {0.f, 0.f, 6.f}}});
  const Tensor labels = torch::tensor({{1.f, 1.f}, {0.f, 1.f}});
  const double both = 1 / 2.0001, alone = 1 / 1.0001;
  const double first = cross_entropy({3, 3.5, 0}, {both, both, 0});
  const double second = cross_entropy({0, 0, 3}, {0, alone, 0});
  EXPECT_NEAR(value(multiple_instance_loss(cas, labels, 0, 2)), (first + second) / 2, 1e-5);
}

// Videos of two snippets whose features are the given pairs. A class's activation is so strong
// that its high feature is one snippet's and its low feature the other's.
Tensor two_snippets(const std::vector<std::vector<float>>& videos) {
  Tensor feat = torch::zeros({static_cast<std::int64_t>(videos.size()), 2, 2});
  for (std::size_t i = 0; i < videos.size(); ++i) {
    feat[static_cast<std::int64_t>(i)] = torch::tensor(videos[i]).reshape({2, 2});
  }
  return feat;
}

// Class 0 is active in snippet 0, class 1 in snippet 1.
Tensor two_activations(std::int64_t videos) {
  return torch::tensor({{100.f, -100.f, 0.f}, {-100.f, 100.f, 0.f}}).expand({videos, 2, 3}).clone();
}

const double kHalfRight = 1 - std::sqrt(0.5);  // the distance of (1, 0) and (1, 1)

TEST(CoactivityLoss, ComparesActiveFeaturesWithTheOtherVideosInactiveOnes) {
  const Tensor feat = two_snippets({{1, 0, 0, 1},    // pair 0: the same, loss 0
                                    {1, 0, 0, 1},    //
                                    {1, 0, 0, 1},    // pair 1: all but the same, loss 1.5
                                    {0, 1, 1, 0},    //
                                    {3, 0, 0, 1},    // pair 2: class 0 in between
                                    {1, 1, 2, 0}});  //
  Tensor labels = torch::tensor({1.f, 0.f}).repeat({6, 1});
  // alike 1 - 1/sqrt(2); (3, 0) with (2, 0): 0; (1, 1) with (0, 1): 1 - 1/sqrt(2)
  const double between = 0.5 * (kHalfRight + 0.5) + 0.5 * 0.5;
  EXPECT_NEAR(value(coactivity_loss(feat, two_activations(6), labels)), (0 + 1.5 + between) / 3,
              1e-5);

  // Class 1 of pair 2: active (0, 1) and (2, 0), inactive (3, 0) and (1, 1).
  labels[4][1] = labels[5][1] = 1;
  labels[0][1] = 1;  // not shared
  const double second = 0.5 * (1 - kHalfRight + 0.5) + 0.5 * (1 - 0 + 0.5);
  EXPECT_NEAR(value(coactivity_loss(feat, two_activations(6), labels)),
              (0 + 1.5 + between + second) / 4, 1e-5);
}

TEST(CoactivityLoss, WeighsSnippetsByTheSoftmaxOverTime) {
  // Activation log 3 and 0: weights 3/4 and 1/4. High (3, 1)/4 and (1, 3)/4, low the reverse.
  const Tensor feat =
      torch::cat({two_snippets({{1, 0, 0, 1}, {0, 1, 1, 0}}), torch::zeros({4, 2, 2})});
  Tensor cas = torch::zeros({6, 2, 3});
  cas.select(2, 0).select(1, 0).fill_(std::log(3.f));
  Tensor labels = torch::zeros({6, 2});
  labels[0][0] = labels[1][0] = 1;
  const double alike = 1 - 6.0 / 10;  // (3, 1) and (1, 3)
  EXPECT_NEAR(value(coactivity_loss(feat, cas, labels)), alike - 0 + 0.5, 1e-5);
}

TEST(CoactivityLoss, IsZeroWhereNoPairSharesAClass) {
  Tensor labels = torch::zeros({6, 2});
  for (const int row : {0, 2, 4}) labels[row][0] = labels[row + 1][1] = 1;
  EXPECT_EQ(value(coactivity_loss(torch::rand({6, 5, 4}), torch::rand({6, 5, 3}), labels)), 0);
}

TEST(CoactivityLoss, IgnoresTheRowsAfterThePairs) {
  const Tensor feat = torch::rand({10, 5, 4}), cas = torch::rand({10, 5, 3});
  const Tensor labels = torch::ones({10, 2});
  EXPECT_EQ(value(coactivity_loss(feat, cas, labels)),
            value(coactivity_loss(feat.slice(0, 0, 6), cas.slice(0, 0, 6), labels.slice(0, 0, 6))));
}

double kl(double p, double q) {
  return p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q));
}

const std::map<Distance, std::function<double(double, double)>> kDistances = {
    {Distance::kMse, [](double p, double q) { return (p - q) * (p - q); }},
    {Distance::kMae, [](double p, double q) { return std::abs(p - q); }},
    {Distance::kKl, kl},
    {Distance::kJs,
     [](double p, double q) { return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2; }}};

TEST(MutualLoss, AveragesTheDistancesBothWays) {
  const std::vector<float> p = {0.2f, 0.6f}, q = {0.4f, 0.1f};
  for (const auto& [choice, distance] : kDistances) {
    double want = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      want += (distance(p[i], q[i]) + distance(q[i], p[i])) / 2 / 2;
    }
    EXPECT_NEAR(
        value(mutual_loss(torch::tensor(p).unsqueeze(0), torch::tensor(q).unsqueeze(0), choice)),
        want, 1e-6)
        << name_of(choice);
  }
}

TEST(MutualLoss, HoldsTheOtherSideFixed) {
  constexpr double kStep = 1e-5;
  for (const auto& [choice, distance] : kDistances) {
    const Tensor p = torch::tensor({{0.2f, 0.6f}}).requires_grad_();
    const Tensor q = torch::tensor({{0.4f, 0.1f}}).requires_grad_();
    mutual_loss(p, q, choice).backward();
    const auto expect_slope = [&, &distance = distance](const Tensor& of, const Tensor& target) {
      for (int i = 0; i < 2; ++i) {
        const double at = of[0][i].item<double>(), other = target[0][i].item<double>();
        const double slope =
            (distance(at + kStep, other) - distance(at - kStep, other)) / (2 * kStep);
        EXPECT_NEAR(of.grad()[0][i].item<double>(), slope / 2 / 2, 1e-4) << name_of(choice);
      }
    };
    expect_slope(p, q);
    expect_slope(q, p);
  }
}

TEST(MutualLoss, IsFiniteForCertainAttention) {
  const Tensor p = torch::tensor({{0.f, 1.f}}).requires_grad_(), q = torch::tensor({{1.f, 0.f}});
  for (const auto& [choice, distance] : kDistances) {
    const Tensor loss = mutual_loss(p, q, choice);
    loss.backward();
    EXPECT_GT(value(loss), 0.5) << name_of(choice);
    EXPECT_TRUE(std::isfinite(value(loss)) && p.grad().isfinite().all().item<bool>())
        << name_of(choice);
  }
}

TEST(Co2NetLosses, AreThoseOfTheHandComputedExample) {
  const NetworkOutput output = simple_output();
  const LossOptions options;
  const Losses losses = co2net_losses(output, simple_labels(), options);
  const double both = 1 / 2.0001, alone = 1 / 1.0001;
  EXPECT_NEAR(value(losses.mil_orig), cross_entropy({1, 3, -1}, {both, 0, both}), 1e-5);
  // S suppressed: 0.5 * (S + 1) - 1
  EXPECT_NEAR(value(losses.mil_supp), cross_entropy({0, 1, -1}, {alone, 0, 0}), 1e-5);
  // One snippet: its attention over time is 1, and there is no inactive feature.
  EXPECT_NEAR(value(losses.cas), 0, 1e-5);
  EXPECT_NEAR(value(losses.ml), 0.4 * 0.4, 1e-6);
  const double background = std::exp(-1) / (std::exp(1) + std::exp(3) + std::exp(-1));
  double oppo = 0;
  for (const double attn : {0.5, 0.7, 0.3}) oppo += std::abs(1 - attn - background) / 3;
  EXPECT_NEAR(value(losses.oppo), oppo, 1e-6);
  EXPECT_NEAR(value(losses.norm), 0.5, 1e-6);
  EXPECT_NEAR(value(losses.total),
              value(losses.mil_orig) + value(losses.mil_supp) + value(losses.cas) +
                  value(losses.ml) + 0.8 * value(losses.oppo) + 0.8 * value(losses.norm),
              1e-5);
}

TEST(Co2NetLosses, LeaveOutATermWhoseWeightIsZero) {
  const NetworkOutput output = simple_output();
  const Losses all = co2net_losses(output, simple_labels(), {});
  struct Case {
    double LossOptions::*weight;
    std::vector<Tensor Losses::*> terms;
  };
  for (const Case& left_out :
       std::vector<Case>{{&LossOptions::mil, {&Losses::mil_orig, &Losses::mil_supp}},
                         {&LossOptions::cas, {&Losses::cas}},
                         {&LossOptions::ml, {&Losses::ml}},
                         {&LossOptions::oppo, {&Losses::oppo}},
                         {&LossOptions::norm, {&Losses::norm}}}) {
    LossOptions options;
    double want = value(all.total);
    for (const auto term : left_out.terms) want -= options.*left_out.weight * value(all.*term);
    options.*left_out.weight = 0;
    const Losses losses = co2net_losses(output, simple_labels(), options);
    for (const auto term : left_out.terms) EXPECT_EQ(value(losses.*term), 0);
    EXPECT_NEAR(value(losses.total), want, 1e-5);
  }
}

TEST(Co2NetLosses, GiveNoGradientOfATermWhoseWeightIsZero) {
  const NetworkOutput output = simple_output();
  const LossOptions norm_alone{.mil = 0, .cas = 0, .ml = 0, .oppo = 0, .norm = 0.5};
  co2net_losses(output, simple_labels(), norm_alone).total.backward();
  for (const Tensor& unused : {output.cas, output.feat}) {
    EXPECT_TRUE(!unused.grad().defined() || unused.grad().eq(0).all().item<bool>());
  }
  for (const Tensor& attn : {output.attn, output.attn_rgb, output.attn_flow}) {
    EXPECT_TRUE(attn.grad().allclose(torch::full({6, 1}, 0.5 / 18)));
  }
}

}  // namespace
}  // namespace co2net
