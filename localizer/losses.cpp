#include "localizer/losses.h"

#include <torch/torch.h>

#include <algorithm>

namespace co2net {
namespace {

using torch::Tensor;

// S * A with the least activation of each snippet as the zero point.
Tensor suppressed(const Tensor& cas, const Tensor& attn) {
  const Tensor least = std::get<0>(cas.min(/*dim=*/2, /*keepdim=*/true));
  return attn.unsqueeze(2) * (cas - least) + least;
}

// A class's features where it is active and where it is not.
struct ClassFeatures {
  Tensor high, low;  // [2D]
};

//   feat        [T, 2D]
//   activation  [T], of the class
ClassFeatures class_features(const Tensor& feat, const Tensor& activation) {
  const Tensor attention = activation.softmax(0);
  const auto others = static_cast<double>(std::max<std::int64_t>(feat.size(0) - 1, 1));
  return {feat.t().mv(attention), feat.t().mv(1 - attention) / others};
}

Tensor distance(const Tensor& a, const Tensor& b) { return 1 - torch::cosine_similarity(a, b, 0); }

// The features of two videos for a class that both show.
Tensor pair_loss(const ClassFeatures& a, const ClassFeatures& b) {
  constexpr double kMargin = 0.5;
  const Tensor alike = distance(a.high, b.high);
  return 0.5 * torch::relu(alike - distance(a.high, b.low) + kMargin) +
         0.5 * torch::relu(alike - distance(b.high, a.low) + kMargin);
}

Tensor bernoulli_kl(const Tensor& p, const Tensor& q) {
  return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log();
}

Tensor attention_distance(const Tensor& attn, const Tensor& target, Distance distance) {
  if (distance == Distance::kMse) return (attn - target).square().mean();
  if (distance == Distance::kMae) return (attn - target).abs().mean();
  const Tensor p = attn.clamp(1e-6, 1 - 1e-6), q = target.clamp(1e-6, 1 - 1e-6);
  if (distance == Distance::kKl) return bernoulli_kl(p, q).mean();
  const Tensor middle = (p + q) / 2;
  return (bernoulli_kl(p, middle) + bernoulli_kl(q, middle)).mean() / 2;
}

// W-TALC's, of one video: [T, C] and [C].
Tensor wtalc_mil(const Tensor& cas, const Tensor& labels, int top_k_ratio) {
  const std::int64_t k = (cas.size(0) + top_k_ratio - 1) / top_k_ratio;
  const Tensor scores = std::get<0>(cas.topk(k, /*dim=*/0)).mean(0);
  return -(labels / labels.sum() * scores.log_softmax(0)).sum();
}

Tensor wtalc_mil(const Tensor& cas, const Tensor& labels, const std::vector<std::int64_t>& lengths,
                 int top_k_ratio) {
  std::vector<Tensor> of_videos;
  for (std::int64_t row = 0; row < cas.size(0); ++row) {
    const std::int64_t length = lengths[static_cast<std::size_t>(row)];
    if (length == 0 || labels[row].sum().item<float>() == 0) continue;
    of_videos.push_back(wtalc_mil(cas[row].slice(/*dim=*/0, 0, length), labels[row], top_k_ratio));
  }
  return of_videos.empty() ? torch::zeros({}) : torch::stack(of_videos).mean();
}

}  // namespace

Tensor multiple_instance_loss(const Tensor& cas, const Tensor& labels, double background,
                              int top_k_ratio) {
  const std::int64_t k = std::max<std::int64_t>(1, cas.size(1) / top_k_ratio);
  const Tensor scores = std::get<0>(cas.topk(k, /*dim=*/1)).mean(1);
  const Tensor wanted =
      torch::cat({labels, torch::full({labels.size(0), 1}, background, labels.options())}, 1);
  const Tensor shares = wanted / (wanted.sum(1, /*keepdim=*/true) + 1e-4);
  return -(shares * scores.log_softmax(1)).sum(1).mean();
}

Tensor coactivity_loss(const Tensor& feat, const Tensor& cas, const Tensor& all_labels,
                       const std::vector<std::int64_t>& lengths) {
  const Tensor labels = all_labels.cpu();  // each look at one on a GPU would wait for it
  const auto length = [&](int row) {
    return lengths.empty() ? feat.size(1) : lengths[static_cast<std::size_t>(row)];
  };
  Tensor sum = torch::zeros({});
  int shared = 0;
  for (int first = 0; first < 2 * kPairs; first += 2) {
    if (!lengths.empty() && std::min(length(first), length(first + 1)) < 2) continue;
    for (std::int64_t label = 0; label < labels.size(1); ++label) {
      const auto shows = [&](int row) { return labels[row][label].item<float>() > 0; };
      if (!shows(first) || !shows(first + 1)) continue;
      const auto features = [&](int row) {
        return class_features(feat[row].slice(/*dim=*/0, 0, length(row)),
                              cas[row].select(/*dim=*/1, label).slice(0, 0, length(row)));
      };
      sum = sum + pair_loss(features(first), features(first + 1));
      ++shared;
    }
  }
  return shared == 0 ? sum : sum / shared;
}

Tensor mutual_loss(const Tensor& attn_rgb, const Tensor& attn_flow, Distance distance) {
  return 0.5 * attention_distance(attn_rgb, attn_flow.detach(), distance) +
         0.5 * attention_distance(attn_flow, attn_rgb.detach(), distance);
}

Losses wtalc_losses(const NetworkOutput& output, const Tensor& labels,
                    const std::vector<std::int64_t>& lengths, const LossOptions& options) {
  const Tensor none = torch::zeros({});
  Losses losses{none, none, none, none, none, none, none};
  if (options.mil > 0) {
    losses.mil_orig = wtalc_mil(output.cas, labels, lengths, options.top_k_ratio);
  }
  if (options.cas > 0) {
    losses.cas = coactivity_loss(output.feat, output.cas, labels, lengths);
  }
  losses.total = options.mil * losses.mil_orig + options.cas * losses.cas;
  return losses;
}

Losses co2net_losses(const NetworkOutput& output, const Tensor& labels,
                     const LossOptions& options) {
  const Tensor none = torch::zeros({});
  const auto term = [&none](double weight, auto&& loss) { return weight == 0 ? none : loss(); };
  const Tensor attentions = torch::stack({output.attn, output.attn_rgb, output.attn_flow});
  const Tensor cas_supp = suppressed(output.cas, output.attn);

  Losses losses;
  losses.mil_orig = term(options.mil, [&] {
    return multiple_instance_loss(output.cas, labels, 1, options.top_k_ratio);
  });
  losses.mil_supp = term(options.mil, [&] {
    return multiple_instance_loss(cas_supp, labels, 0, options.top_k_ratio);
  });
  losses.cas = term(options.cas, [&] { return coactivity_loss(output.feat, cas_supp, labels); });
  losses.ml = term(
      options.ml, [&] { return mutual_loss(output.attn_rgb, output.attn_flow, options.distance); });
  losses.oppo = term(options.oppo, [&] {
    const Tensor background = output.cas.softmax(2).select(2, output.cas.size(2) - 1);
    return (1 - attentions - background).abs().mean();
  });
  losses.norm = term(options.norm, [&] { return attentions.mean(); });
  losses.total = options.mil * (losses.mil_orig + losses.mil_supp) + options.cas * losses.cas +
                 options.ml * losses.ml + options.oppo * losses.oppo + options.norm * losses.norm;
  return losses;
}

}  // namespace co2net
