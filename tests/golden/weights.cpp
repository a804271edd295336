#include "tests/golden/weights.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

#include "tests/support.h"

namespace co2net::test {
namespace {

std::map<std::string, Shape> published_shapes(int classes) {
  std::map<std::string, Shape> shapes;
  const auto add = [&](const std::string& layer, std::int64_t in, std::int64_t out,
                       std::int64_t kernel) {
    shapes[layer + ".weight"] = {out, in, kernel};
    shapes[layer + ".bias"] = {out};
  };
  for (const std::string module : {"vAttn", "fAttn"}) {
    add(module + ".bit_wise_attn.0", 1024, 1024, 3);
    add(module + ".channel_conv.0", 1024, 1024, 3);
    add(module + ".attention.0", 1024, 512, 3);
    add(module + ".attention.3", 512, 512, 3);
    add(module + ".attention.5", 512, 1, 1);
  }
  add("fusion.0", 2048, 2048, 1);
  add("classifier.1", 2048, 2048, 3);
  add("classifier.4", 2048, classes + 1, 1);
  return shapes;
}

double fan_in(const Shape& shape) {
  return static_cast<double>(element_count(shape)) / static_cast<double>(shape[0]);
}

}  // namespace

ParameterFill golden_i3d(const std::string& stream) {
  return [stream](const std::string& name, const Shape& shape) {
    const bool is_scale = name.ends_with(".bn.weight"), is_var = name.ends_with(".running_var");
    float scale = is_var ? 0.5f : 0.1f;
    if (shape.size() > 1) scale = static_cast<float>(std::sqrt(6 / fan_in(shape)));
    Array array = hashfill(stream + "." + name, shape, scale);
    if (is_scale || is_var) {
      for (float& value : array.values) value += 1;
    }
    return array;
  };
}

Arrays golden_co2net(int classes) {
  Arrays parameters;
  for (const auto& [name, shape] : published_shapes(classes)) {
    const double scale = shape.size() > 1 ? std::sqrt(3 / fan_in(shape)) : 0.05;
    parameters[name] = hashfill(name, shape, static_cast<float>(scale));
  }
  return parameters;
}

Array golden_features(const std::string& name, std::int64_t videos, std::int64_t snippets) {
  Array features = hashfill(name, {videos, snippets, 2048}, 1);
  for (std::size_t i = 0; i < features.values.size(); ++i) {
    const auto t = static_cast<double>(static_cast<std::int64_t>(i / 2048) % snippets);
    const double phase = 2 * std::numbers::pi * t / 17;
    const auto level = static_cast<float>(0.25 + 0.5 + 0.5 * std::sin(phase));
    features.values[i] = std::pow(std::abs(features.values[i]), 3.f) * level;
  }
  return features;
}

Arrays golden_wtalc(const std::string& salt, int classes) {
  constexpr std::int64_t kSize = 2048;
  const auto scale = static_cast<float>(std::sqrt(3. / kSize));
  const auto fill = [&](const std::string& name, const Shape& shape, float of_scale) {
    return hashfill(salt + "." + name, shape, of_scale);
  };
  Arrays parameters = {{"fc.weight", fill("fc.weight", {kSize, kSize}, scale)},
                       {"fc.bias", fill("fc.bias", {kSize}, 0.05f)},
                       {"fc1.weight", fill("fc1.weight", {kSize, kSize}, scale)},
                       {"fc1.bias", fill("fc1.bias", {kSize}, 0.05f)},
                       {"classifier.bias", fill("classifier.bias", {classes}, 1)}};
  Array weight = fill("classifier.weight", {classes, kSize}, 8 * scale);
  for (std::int64_t row = 0; row < classes; ++row) {
    const std::span values(weight.row(row), static_cast<std::size_t>(kSize));
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    for (float& value : values) value -= static_cast<float>(sum / kSize);
  }
  parameters["classifier.weight"] = std::move(weight);
  return parameters;
}

WtalcFeatures golden_wtalc_features(const std::string& salt, const std::string& name,
                                    std::int64_t snippets) {
  constexpr std::int64_t kKinds = 7, kSize = 2048, kRun = 5;
  const auto cubed = [](float value) {
    return std::abs(value) * std::abs(value) * std::abs(value);
  };
  const Array prototypes = hashfill(salt + ".proto", {kKinds, kSize}, 1);
  const Array kinds = hashfill(name + ".kind", {(snippets + kRun - 1) / kRun}, 1);
  WtalcFeatures made{hashfill(name, {snippets, kSize}, 1), {}};
  for (std::int64_t t = 0; t < snippets; ++t) {
    const float drawn = kinds.values[static_cast<std::size_t>(t / kRun)];
    made.kinds.push_back(std::min(6, static_cast<int>((drawn + 1) * 3.5f)));
    const float* prototype = prototypes.row(made.kinds.back());
    float* row = made.features.row(t);
    for (std::int64_t d = 0; d < kSize; ++d) row[d] = cubed(prototype[d]) + 0.5f * cubed(row[d]);
  }
  return made;
}

}  // namespace co2net::test
