// The losses of a batch with rows of background, held to a transcription of their formulas in
// double precision: each term, and the total's gradient by everything that the network gives.

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "localizer/losses.h"
#include "tests/support.h"

namespace co2net {
namespace {

using Values = std::vector<double>;

constexpr int kVideos = 10, kSnippets = 6, kClasses = 3, kColumns = kClasses + 1, kFeatures = 4;
constexpr int kTop = 3;  // of kSnippets, by LossOptions::top_k_ratio = 2

// Pairs that share one class or two, two others, and two rows of background.
constexpr double kLabels[kVideos][kClasses] = {{1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 1, 0},
                                               {0, 1, 1}, {0, 1, 1}, {0, 0, 1}, {1, 0, 0},
                                               {0, 0, 0}, {0, 0, 0}};

// What a network gives for a batch, row by row.
struct Output {
  Values cas, attn, attn_rgb, attn_flow, feat;
};

Values filled(const std::string& name, int count, double middle, double spread) {
  Values values;
  for (const float value : test::hashfill(name, {count}, 1).values) {
    values.push_back(middle + spread * static_cast<double>(value));
  }
  return values;
}

Output random_output() {
  const auto attention = [](const std::string& name) {
    return filled(name, kVideos * kSnippets, 0.5, 0.4);
  };
  return {filled("cas", kVideos * kSnippets * kColumns, 0, 3), attention("attn"),
          attention("attn_rgb"), attention("attn_flow"),
          filled("feat", kVideos * kSnippets * kFeatures, 0.3, 1)};
}

std::size_t place(int video, int snippet) {
  return static_cast<std::size_t>(video * kSnippets + snippet);
}

Values row_of(const Values& values, int video, int snippet, int columns) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(place(video, snippet)) * columns;
  return {first, first + columns};
}

Values softmax_of(Values scores) {
  double sum = 0;
  for (const double score : scores) sum += std::exp(score);
  for (double& score : scores) score = std::exp(score) / sum;
  return scores;
}

Values suppressed(const Output& output) {
  Values all;
  for (int video = 0; video < kVideos; ++video) {
    for (int t = 0; t < kSnippets; ++t) {
      const Values scores = row_of(output.cas, video, t, kColumns);
      const double least = *std::ranges::min_element(scores);
      for (const double score : scores) {
        all.push_back(output.attn[place(video, t)] * (score - least) + least);
      }
    }
  }
  return all;
}

Values of_class(const Values& cas, int video, int label) {
  Values activation;
  for (int t = 0; t < kSnippets; ++t) {
    activation.push_back(row_of(cas, video, t, kColumns)[static_cast<std::size_t>(label)]);
  }
  return activation;
}

double top_mean(Values activation) {
  std::ranges::sort(activation, std::greater<>());
  return std::accumulate(activation.begin(), activation.begin() + kTop, 0.0) / kTop;
}

double mil(const Values& cas, double background) {
  double sum = 0;
  for (int video = 0; video < kVideos; ++video) {
    Values scores, wanted(kLabels[video], kLabels[video] + kClasses);
    wanted.push_back(background);
    for (int label = 0; label < kColumns; ++label) {
      scores.push_back(top_mean(of_class(cas, video, label)));
    }
    const Values shares = softmax_of(scores);
    const double all = std::accumulate(wanted.begin(), wanted.end(), 0.0) + 1e-4;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      sum -= wanted[i] / all * std::log(shares[i]);
    }
  }
  return sum / kVideos;
}

struct HighAndLow {
  Values high = Values(kFeatures), low = Values(kFeatures);
};

HighAndLow features_of(const Output& output, const Values& cas, int video, int label) {
  const Values attention = softmax_of(of_class(cas, video, label));
  HighAndLow features;
  for (int t = 0; t < kSnippets; ++t) {
    const Values row = row_of(output.feat, video, t, kFeatures);
    const double weight = attention[static_cast<std::size_t>(t)];
    for (std::size_t i = 0; i < row.size(); ++i) {
      features.high[i] += weight * row[i];
      features.low[i] += (1 - weight) * row[i] / (kSnippets - 1);
    }
  }
  return features;
}

double distance(const Values& a, const Values& b) {
  const auto dot = [](const Values& x, const Values& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  return 1 - dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

double cas_loss(const Output& output, const Values& cas) {
  double sum = 0, shared = 0;
  for (const int first : {0, 2, 4}) {
    for (int label = 0; label < kClasses; ++label) {
      if (kLabels[first][label] == 0 || kLabels[first + 1][label] == 0) continue;
      const HighAndLow a = features_of(output, cas, first, label);
      const HighAndLow b = features_of(output, cas, first + 1, label);
      const double alike = distance(a.high, b.high);
      sum += 0.5 * std::max(0.0, alike - distance(a.high, b.low) + 0.5) +
             0.5 * std::max(0.0, alike - distance(b.high, a.low) + 0.5);
      ++shared;
    }
  }
  return sum / shared;
}

double mean_square(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

// `held` are the attentions that the others learn from, which no gradient reaches.
double ml(const Output& output, const Output& held) {
  return 0.5 * mean_square(output.attn_rgb, held.attn_flow) +
         0.5 * mean_square(output.attn_flow, held.attn_rgb);
}

double oppo(const Output& output) {
  double sum = 0;
  for (const Values* attention : {&output.attn, &output.attn_rgb, &output.attn_flow}) {
    for (int video = 0; video < kVideos; ++video) {
      for (int t = 0; t < kSnippets; ++t) {
        const double background = softmax_of(row_of(output.cas, video, t, kColumns)).back();
        sum += std::abs(1 - (*attention)[place(video, t)] - background);
      }
    }
  }
  return sum / (3 * kVideos * kSnippets);
}

double norm(const Output& output) {
  double sum = 0;
  for (const Values* attention : {&output.attn, &output.attn_rgb, &output.attn_flow}) {
    sum += std::accumulate(attention->begin(), attention->end(), 0.0);
  }
  return sum / (3 * kVideos * kSnippets);
}

double total(const Output& output, const Output& held) {
  const Values cas = suppressed(output);
  return mil(output.cas, 1) + mil(cas, 0) + cas_loss(output, cas) + ml(output, held) +
         0.8 * oppo(output) + 0.8 * norm(output);
}

torch::Tensor tensor_of(const Values& values, int columns) {
  const torch::Tensor flat = torch::tensor(values, torch::kFloat64);
  return (columns == 0 ? flat.reshape({kVideos, kSnippets})
                       : flat.reshape({kVideos, kSnippets, columns}))
      .clone()
      .requires_grad_();
}

NetworkOutput as_tensors(const Output& output) {
  return {tensor_of(output.cas, kColumns), tensor_of(output.attn, 0), tensor_of(output.attn_rgb, 0),
          tensor_of(output.attn_flow, 0), tensor_of(output.feat, kFeatures)};
}

Losses losses_of(const NetworkOutput& output) {
  torch::Tensor labels = torch::zeros({kVideos, kClasses}, torch::kFloat64);
  for (int video = 0; video < kVideos; ++video) {
    for (int label = 0; label < kClasses; ++label) labels[video][label] = kLabels[video][label];
  }
  LossOptions options;
  options.top_k_ratio = kSnippets / kTop;
  return co2net_losses(output, labels, options);
}

TEST(BackgroundRows, HaveTheTermsOfTheTranscription) {
  const Output output = random_output();
  const Losses losses = losses_of(as_tensors(output));
  const auto expect = [](const torch::Tensor& term, double want) {
    EXPECT_NEAR(term.item<double>(), want, 1e-9);
  };
  const Values cas = suppressed(output);
  expect(losses.mil_orig, mil(output.cas, 1));
  expect(losses.mil_supp, mil(cas, 0));
  expect(losses.cas, cas_loss(output, cas));
  expect(losses.ml, ml(output, output));
  expect(losses.oppo, oppo(output));
  expect(losses.norm, norm(output));
  expect(losses.total, total(output, output));
}

TEST(BackgroundRows, HaveTheGradientsOfTheTranscription) {
  constexpr double kStep = 1e-6;
  const Output output = random_output();
  const NetworkOutput tensors = as_tensors(output);
  losses_of(tensors).total.backward();
  const auto expect = [&](const torch::Tensor& tensor, Values Output::*values) {
    const torch::Tensor gradient = tensor.grad().flatten();
    for (std::size_t i = 0; i < (output.*values).size(); ++i) {
      Output more = output, less = output;
      (more.*values)[i] += kStep;
      (less.*values)[i] -= kStep;
      const double slope = (total(more, output) - total(less, output)) / (2 * kStep);
      ASSERT_NEAR(gradient[static_cast<std::int64_t>(i)].item<double>(), slope, 1e-7) << i;
    }
  };
  expect(tensors.cas, &Output::cas);
  expect(tensors.attn, &Output::attn);
  expect(tensors.attn_rgb, &Output::attn_rgb);
  expect(tensors.attn_flow, &Output::attn_flow);
  expect(tensors.feat, &Output::feat);
}

TEST(BackgroundRows, TeachNothingBySuppressedScoresAndAreInNoPair) {
  const NetworkOutput tensors = as_tensors(random_output());
  const Losses losses = losses_of(tensors);
  (losses.mil_supp + losses.cas).backward();
  for (const torch::Tensor& tensor : {tensors.cas, tensors.attn, tensors.feat}) {
    EXPECT_TRUE(tensor.grad().slice(0, kVideos - 2).eq(0).all().item<bool>());
    EXPECT_FALSE(tensor.grad().slice(0, 0, 2).eq(0).all().item<bool>());
  }
}

}  // namespace
}  // namespace co2net
