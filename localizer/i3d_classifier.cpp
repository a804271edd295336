#include "localizer/i3d_classifier.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>

#include "localizer/expect_features.h"
#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "pipeline/stages/modality.h"

namespace co2net {
namespace {

bool is_finite(const Array& array) {
  return std::ranges::all_of(array.values, [](float value) { return std::isfinite(value); });
}

const Array& layer_at(const Arrays& layers, const std::string& name, const Shape& shape) {
  const auto found = layers.find(name);
  if (found == layers.end()) throw Error(ErrorKind::kModel, "lacks an array '" + name + "'");
  const Array& array = found->second;
  if (array.shape != shape) {
    throw Error(ErrorKind::kModel, name + ": want " + to_string(shape) + ", got " +
                                       to_string(array.shape) +
                                       "; the layer is not of this model's sizes");
  }
  if (!is_finite(array)) throw Error(ErrorKind::kModel, name + ": holds NaN or infinity");
  return array;
}

struct StreamLayer {
  const Array &weight, &bias;
};

StreamLayer layer_of(Modality stream, const Arrays& layers, std::int64_t classes,
                     std::int64_t feature_size, const std::string& name) {
  return within(name, [&]() -> StreamLayer {
    return {layer_at(layers, name_of(stream) + ".weight", {classes, feature_size}),
            layer_at(layers, name_of(stream) + ".bias", {classes})};
  });
}

}  // namespace

I3dClassifier::I3dClassifier(const Arrays& layers, std::size_t classes, int feature_size,
                             const std::string& name) {
  const auto count = static_cast<std::int64_t>(classes);
  if (count == 0) throw Error(ErrorKind::kModel, name + ": a model of no classes");
  const StreamLayer streams[] = {layer_of(Modality::kRgb, layers, count, feature_size / 2, name),
                                 layer_of(Modality::kFlow, layers, count, feature_size / 2, name)};
  weight_ = Array({feature_size, count});
  bias_.resize(classes);
  float* row = weight_.values.data();
  for (const auto& [weight, bias] : streams) {
    for (std::int64_t i = 0; i < weight.dim(1); ++i, row += count) {
      for (std::int64_t k = 0; k < count; ++k) row[k] = weight.row(k)[i];
    }
    std::ranges::transform(bias_, bias.values, bias_.begin(), std::plus<>());
  }
}

// The sum over features is the outer loop, so that the inner one is over classes side by side.
std::vector<double> I3dClassifier::probabilities(const float* feature) const {
  std::vector<double> logits = bias_;
  for (std::int64_t i = 0; i < weight_.dim(0); ++i) {
    const double value = feature[i];
    const float* weights = weight_.row(i);
    for (std::size_t k = 0; k < logits.size(); ++k) logits[k] += value * weights[k];
  }
  return softmax(std::move(logits));
}

Arrays I3dClassifier::localize(const Array& features,
                               const std::vector<std::size_t>& reported) const {
  expect_features(features, weight_.dim(0));
  const std::int64_t snippets = features.dim(0);
  Array cas({snippets, static_cast<std::int64_t>(reported.size()) + 1}), attn({snippets});
  for (std::int64_t t = 0; t < snippets; ++t) {
    const std::vector<double> p = probabilities(features.row(t));
    float* row = cas.row(t);
    for (std::size_t i = 0; i < reported.size(); ++i) row[i] = static_cast<float>(p[reported[i]]);
    attn.values[static_cast<std::size_t>(t)] = *std::max_element(row, row + reported.size());
  }
  return {{"attn", std::move(attn)}, {"cas", std::move(cas)}};
}

}  // namespace co2net
