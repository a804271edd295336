// Random video backbones as strangers may save them, through I3d, against libtorch as it is.

#include <gtest/gtest.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "extractors/i3d/i3d.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"
#include "tests/unit/extractors/i3d/scripted.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using torch::jit::Module;
using Size = std::array<std::int64_t, 3>;  // time, height, width

constexpr int kNetworks = 200;
constexpr int kClipChannels = 3;
constexpr Size kClipSize{16, 20, 20};

// An activation of the network: float32 [1, channels, size...], and its name in the source.
struct Volume {
  std::string name;
  std::int64_t channels = 0;
  Size size{};

  std::int64_t positions() const { return size[0] * size[1] * size[2]; }
  std::int64_t values() const { return channels * positions(); }
};

std::string text(const std::string& value) { return value; }
std::string text(std::int64_t value) { return std::to_string(value); }
std::string text(bool value) { return value ? "True" : "False"; }
std::string text(const Volume& volume) { return volume.name; }
std::string text(const Size& size) { return to_string(Shape(size.begin(), size.end())); }

// The pattern with the first of the values for %1, the second for %2, and so on.
template <class... Values>
std::string filled(const std::string& pattern, const Values&... values) {
  const std::vector<std::string> texts = {text(values)...};
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      result += pattern[i];
    } else {
      result += texts.at(static_cast<std::size_t>(pattern.at(++i) - '1'));
    }
  }
  return result;
}

class RandomNetwork {
 public:
  // Of an I3D's operators alone, or of any.
  RandomNetwork(std::uint64_t seed, bool is_plain) : random_(seed), is_plain_(is_plain) {
    torch::manual_seed(seed);
    Volume x = unit({"x", kClipChannels, kClipSize});
    for (std::int64_t steps = between(1, 4); steps > 0; --steps) x = step(x);
    lines_ += filled("    return %1\n", features(x));
    define(network_, lines_);
  }

  const Module& module() const { return network_; }
  const std::string& source() const { return source_; }

 private:
  // Chance.

  std::int64_t between(std::int64_t first, std::int64_t last) {
    const auto count = static_cast<std::uint64_t>(last - first + 1);
    return first + static_cast<std::int64_t>(random_() % count);
  }
  bool happens(int percent) { return between(1, 100) <= percent; }
  template <class T>
  T one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(between(0, std::ssize(choices) - 1))];
  }
  std::string one_of(std::initializer_list<const char*> choices) {
    return one_of(std::vector<std::string>(choices.begin(), choices.end()));
  }
  std::int64_t some_channels() {
    return one_of(std::vector<std::int64_t>{1, 3, 4, 5, 8, 11, 12, 16, 17, 24});
  }

  static torch::Tensor uniform(const Shape& shape, double low, double high) {
    return torch::rand(shape) * (high - low) + low;
  }
  // That keep the variance: [outputs, ...].
  static torch::Tensor weights(const Shape& shape) {
    const auto fan_in = static_cast<double>(element_count(shape) / shape[0]);
    return uniform(shape, -std::sqrt(3 / fan_in), std::sqrt(3 / fan_in));
  }

  // Source.

  std::string new_name(const std::string& prefix) { return prefix + std::to_string(++names_); }

  Module submodule(const std::string& type) {
    return Module(c10::QualifiedName("__torch__." + new_name(type)), classes_);
  }

  void define(Module& module, const std::string& body) {
    const std::string source = filled("def forward(self, x: Tensor) -> Tensor:\n%1", body);
    module.define(source);
    source_ += filled("%1: %2", module.type()->name()->name(), source);
  }

  // Adds a line to the network's forward.
  Volume assign(std::int64_t channels, const Size& size, const std::string& expression) {
    const std::string name = new_name("v");
    lines_ += filled("    %1 = %2\n", name, expression);
    return {name, channels, size};
  }
  Volume assign(const Volume& like, const std::string& expression) {
    return assign(like.channels, like.size, expression);
  }
  std::string call(const Module& module, const Volume& x) {
    const std::string name = new_name("m");
    network_.register_module(name, module);
    return filled("self.%1.forward(%2)", name, x);
  }
  std::string parameter(const torch::Tensor& value) {
    const std::string name = new_name("p");
    network_.register_parameter(name, value, false);
    return "self." + name;
  }

  // Convolutions and what follows them.

  Volume unit(const Volume& x) {
    Volume y = convolution(x, some_channels());
    if (happens(60)) y = batch_norm(y);
    if (happens(75)) y = activation(y);
    return y;
  }

  Volume convolution(Volume x, std::int64_t outputs) {
    if (happens(15)) x = padded(x);
    const std::int64_t groups = !is_plain_ && happens(20) ? x.channels : 1;
    if (groups > 1) outputs = groups * between(1, 2);
    Size kernel{}, stride{1, 1, 1}, padding{}, dilation{1, 1, 1}, size = x.size;
    const bool is_pointwise = happens(25), is_same = happens(15);
    for (std::size_t d = 0; d < 3; ++d) {
      const auto wanted = is_pointwise ? 1 : one_of(std::vector<std::int64_t>{1, 2, 3, 3, 3, 5});
      kernel[d] = std::min(wanted, x.size[d]);
      if (!is_plain_ && happens(20) && 2 * kernel[d] <= x.size[d]) dilation[d] = 2;
      if (is_same) continue;
      stride[d] = one_of(std::vector<std::int64_t>{1, 1, 2, 3});
      padding[d] = happens(60) ? kernel[d] / 2 : between(0, kernel[d]);
      const std::int64_t extent = dilation[d] * (kernel[d] - 1) + 1;
      size[d] = (x.size[d] + 2 * padding[d] - extent) / stride[d] + 1;
    }
    Module module = submodule("Conv3d");
    const Shape shape{outputs, x.channels / groups, kernel[0], kernel[1], kernel[2]};
    module.register_parameter("weight", weights(shape), false);
    const bool has_bias = happens(60);
    if (has_bias) module.register_parameter("bias", uniform({outputs}, -0.5, 0.5), false);
    define(module, filled("    return torch.conv3d(x, self.weight, %1, %2, %3, %4, %5)\n",
                          std::string(has_bias ? "self.bias" : "None"), stride,
                          is_same ? "'same'" : text(padding), dilation, groups));
    return assign(outputs, size, call(module, x));
  }

  Volume padded(const Volume& x) {
    Shape pads;
    Size size = x.size;
    for (std::size_t d : {2, 1, 0}) {
      pads.insert(pads.end(), {between(0, 2), between(0, 3)});
      size[d] += pads[pads.size() - 2] + pads.back();
    }
    const std::string pad = one_of({"torch.constant_pad_nd(%1, %2, 0.0)", "torch.pad(%1, %2)"});
    return assign(x.channels, size, filled(pad, x, to_string(pads)));
  }

  Volume batch_norm(const Volume& x) {
    const Shape per_channel{x.channels};
    Module module = submodule("BatchNorm3d");
    const bool is_affine = happens(80);
    if (is_affine) {
      module.register_parameter("weight", uniform(per_channel, 0.5, 1.5), false);
      module.register_parameter("bias", uniform(per_channel, -0.5, 0.5), false);
    }
    module.register_buffer("mean", uniform(per_channel, -0.5, 0.5));
    module.register_buffer("variance", uniform(per_channel, 0.5, 2));
    module.register_attribute("training", c10::BoolType::get(), true);
    define(module, filled("    assert x.dim() == 5\n"
                          "    return torch.batch_norm(x, %1, self.mean, self.variance, "
                          "self.training, 0.1, 0.001, False)\n",
                          std::string(is_affine ? "self.weight, self.bias" : "None, None")));
    return assign(x, call(module, x));
  }

  Volume activation(const Volume& x) {
    if (is_plain_) return assign(x, filled(one_of({"torch.relu(%1)", "torch.relu_(%1)"}), x));
    const std::string slopes = parameter(uniform({happens(50) ? 1 : x.channels}, 0, 0.5));
    const std::string function = one_of({"relu(%1)",
                                         "relu_(%1)",
                                         "relu6(%1)",
                                         "celu(%1)",
                                         "hardsigmoid(%1)",
                                         "hardswish(%1)",
                                         "hardswish_(%1)",
                                         "selu(%1)",
                                         "hardtanh_(%1)",
                                         "clamp(%1, -1, 1)",
                                         "clamp(%1, 0.1)",
                                         "silu(%1)",
                                         "clamp_max(%1, .2)",
                                         "gelu(%1)",
                                         "elu(%1)",
                                         "elu_(%1, 0.5)",
                                         "leaky_relu_(%1)",
                                         "sigmoid(%1)",
                                         "tanh(%1)",
                                         "softplus(%1)",
                                         "log_sigmoid(%1)",
                                         "softshrink(%1)",
                                         "clamp_(%1, 0., 0.5)",
                                         "square(%1)",
                                         "softmax(%1, 1)",
                                         "prelu(%1, %2)",
                                         "leaky_relu(%1, 0.1)",
                                         "mish(%1)",
                                         "abs(%1)",
                                         "hardtanh(%1, -0.3, 0.7)"});
    return assign(x, "torch." + filled(function, x, slopes));
  }

  // Of x's size.
  Volume same(const Volume& x, std::int64_t outputs, std::int64_t kernel) {
    const std::string weight = parameter(weights({outputs, x.channels, kernel, kernel, kernel}));
    const std::string bias = parameter(uniform({outputs}, -0.5, 0.5));
    return assign(outputs, x.size,
                  filled("torch.conv3d(%1, %2, %3, 1, %4)", x, weight, bias, (kernel - 1) / 2));
  }

  // Pools.

  // How many windows there are along an axis. With `ceil` the last may overhang, but has to begin
  // before the padding at the end.
  static std::int64_t windows(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                              std::int64_t padding, bool ceil) {
    const std::int64_t reach = size + 2 * padding - kernel;
    const std::int64_t last = (reach + (ceil ? stride - 1 : 0)) / stride;
    return ceil && last * stride >= size + padding ? last : last + 1;
  }

  Volume pool(const Volume& x, bool may_pad, const std::string& function,
              const std::string& further_arguments) {
    const bool ceil = may_pad && happens(40);
    Size kernel{}, stride{}, padding{}, size{};
    for (std::size_t d = 0; d < 3; ++d) {
      kernel[d] = std::min(between(1, 3), x.size[d]);
      stride[d] = between(1, 2);
      if (may_pad) padding[d] = between(0, kernel[d] / 2);
      size[d] = windows(x.size[d], kernel[d], stride[d], padding[d], ceil);
    }
    return assign(x.channels, size,
                  filled("torch.%1(%2, %3, %4, %5, " + further_arguments + ")", function, x, kernel,
                         stride, padding, ceil));
  }

  Volume max_pool(const Volume& x) { return pool(x, true, "max_pool3d", "1, %6"); }
  Volume average_pool(const Volume& x) {
    return pool(x, !is_plain_, "avg_pool3d", one_of({"%6, True", "%6, False"}));
  }
  // With windows of unequal size.
  Volume adaptive_pool(const Volume& x) {
    const Size size{between(1, x.size[0]), between(1, x.size[1]), between(1, x.size[2])};
    return assign(x.channels, size, filled("torch.adaptive_avg_pool3d(%1, %2)", x, size));
  }

  // What joins several activations.

  Volume inception(const Volume& x) {
    std::string names;
    std::int64_t channels = 0;
    for (std::int64_t branches = between(2, 4); branches > 0; --branches) {
      Volume y = x;
      if (happens(30)) y = assign(x, filled("torch.max_pool3d(%1, 3, 1, 1)", x));
      y = activation(same(y, some_channels(), 1));
      if (happens(50)) y = activation(batch_norm(same(y, some_channels(), 3)));
      names += (names.empty() ? "" : ", ") + y.name;
      channels += y.channels;
    }
    return assign(channels, x.size, filled("torch.cat([%1], 1)", names));
  }

  // Some of which change in place what is still to be read.
  Volume residual(const Volume& x) {
    const Volume y = activation(batch_norm(same(x, x.channels, 3)));
    const Volume z = same(y, x.channels, 1);
    const std::string sum =
        one_of({"%1 + %3", "torch.add(%1, %3, alpha=0.5)", "%3.add_(%1)", "torch.relu_(%1 - %3)",
                "torch.relu_(%3) + %3 + %2", "torch.relu_(%1) + %3 + %1"});
    return assign(x, filled(sum, x, y, z));
  }

  Volume gate(const Volume& x) {
    const std::string context =
        one_of({"%1", "%1.mean([2, 3, 4], True)", "torch.adaptive_avg_pool3d(%1, 1)"});
    const Volume squeezed = activation(same(assign(x, filled(context, x)), some_channels(), 1));
    const Volume excited = same(squeezed, x.channels, 1);
    return assign(
        x, filled(one_of({"torch.sigmoid(%1) * %2", "torch.hardsigmoid(%1) * %2"}), excited, x));
  }

  Volume normalized(const Volume& x) {
    const std::string scale = parameter(uniform({x.channels, 1, 1, 1}, 0.5, 1.5));
    const std::string norm = one_of({"torch.group_norm(%1, 1)", "%1 * %2 + 0.5",
                                     "torch.batch_norm(%1, None, None, None, None, True, 0.1, "
                                     "0.001, False)",
                                     "torch.instance_norm(%1, None, None, None, None, True, 0.1, "
                                     "0.001, False)"});
    return assign(x, filled(norm, x, scale));
  }

  // Networks.

  Volume step(const Volume& x) {
    using Part = Volume (RandomNetwork::*)(const Volume&);
    static const std::vector<Part> kPlain = {&RandomNetwork::unit, &RandomNetwork::unit,
                                             &RandomNetwork::max_pool, &RandomNetwork::average_pool,
                                             &RandomNetwork::inception};
    static const std::vector<Part> kOthers = {
        &RandomNetwork::residual, &RandomNetwork::gate, &RandomNetwork::normalized,
        &RandomNetwork::activation, &RandomNetwork::adaptive_pool};
    return (this->*one_of(is_plain_ || happens(50) ? kPlain : kOthers))(x);
  }

  Volume features(const Volume& x) {
    struct Pooling {
      std::string expression;
      std::int64_t features;
    };
    std::vector<Pooling> poolings = {
        {"%1.mean([2, 3, 4])", x.channels},
        {"%1.mean(-1).mean(-1).mean(-1)", x.channels},
        {"torch.flatten(torch.adaptive_avg_pool3d(%1, 1), 1)", x.channels},
        {"torch.dropout(%1.mean([3, 4], True).squeeze(4).squeeze(3), 0.5, False).mean(2)",
         x.channels},
        {"%1.mean([2, 4]).flatten(1)", x.channels * x.size[1]},
    };
    if (x.values() <= 512) poolings.push_back({"%1.flatten(1)", x.values()});
    // libtorch itself is further off for more, which it adds up in float32 one after the other.
    if (x.positions() <= 1000) {
      poolings.push_back({"torch.avg_pool3d(%1, %2).view([1, -1])", x.channels});
    }
    if (!is_plain_) {
      poolings.push_back({"torch.amax(%1, [2, 3, 4])", x.channels});
      poolings.push_back({"torch.adaptive_max_pool3d(%1, 1)[0].flatten(1)", x.channels});
      poolings.push_back({"%1.permute([0, 2, 3, 4, 1]).mean([1, 2, 3])", x.channels});
    }
    const Pooling pooling = one_of(poolings);
    const Volume y = assign(pooling.features, {}, filled(pooling.expression, x, x.size));
    return is_plain_ || happens(50) ? y : linear(y);
  }

  Volume linear(const Volume& x) {
    const std::int64_t outputs = some_channels();
    const std::string weight = parameter(weights({outputs, x.channels}));
    const std::string bias = parameter(uniform({outputs}, -0.5, 0.5));
    const Volume y = assign(outputs, {}, filled("torch.linear(%1, %2, %3)", x, weight, bias));
    return happens(50) ? activation(y) : y;
  }

  std::mt19937_64 random_;
  bool is_plain_;
  int names_ = 0;
  std::shared_ptr<torch::jit::CompilationUnit> classes_ =
      std::make_shared<torch::jit::CompilationUnit>();
  Module network_{c10::QualifiedName("__torch__.Network"), classes_};
  std::string lines_;   // of the network's forward
  std::string source_;  // of all modules
};

double cosine(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor x = a.to(torch::kDouble).flatten(), y = b.to(torch::kDouble).flatten();
  return (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

TEST(RandomNetworks, HaveLibtorchsFeatures) {
  // Of the largest feature; the latter with layers by Winograd's filtering.
  constexpr double kTolerance = 1e-5, kWinogradTolerance = 5e-5;
  use_one_thread_a_call();
  const test::LogCapture warnings;
  const TempDir dir;
  const std::string file = (dir.path() / "i3d.pt").string();
  int compiled = 0, by_winograd = 0;
  for (std::uint64_t seed = 0; seed < kNetworks; ++seed) {
    const RandomNetwork network(seed, seed % 4 != 0);
    SCOPED_TRACE(filled("network %1\n%2", static_cast<std::int64_t>(seed), network.source()));
    network.module().save(file);
    const torch::Tensor clip =
        torch::rand({1, kClipChannels, kClipSize[0], kClipSize[1], kClipSize[2]}) * 2 - 1;
    const torch::Tensor want = test::features_in_libtorch(file, clip);

    const I3d i3d(file, {.channels = kClipChannels,
                         .feature_size = static_cast<int>(want.size(1)),
                         .side = static_cast<int>(kClipSize[2])});
    const torch::Tensor got = test::tensor_of(i3d.features(test::array_of(clip)));
    const double scale = want.abs().max().item<double>();
    const int layers = i3d.winograd_layers();
    EXPECT_LE((got - want).abs().max().item<double>(),
              (layers > 0 ? kWinogradTolerance : kTolerance) * scale)
        << (i3d.is_compiled() ? "compiled" : "by libtorch");
    if (scale > 0) {
      EXPECT_GE(cosine(got, want), 0.9999999);
    }
    compiled += i3d.is_compiled() ? 1 : 0;
    by_winograd += layers > 0 ? 1 : 0;
  }
  EXPECT_LE(compiled, kNetworks - 40);
  if (test::what_onednn_lacks().empty()) {
    EXPECT_GE(compiled, 120);
    EXPECT_GE(by_winograd, 20);
  }
}

}  // namespace
}  // namespace co2net
