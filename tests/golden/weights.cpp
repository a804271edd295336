#include "tests/golden/weights.h"

#include <cmath>
#include <map>
#include <numbers>

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

}  // namespace co2net::test
