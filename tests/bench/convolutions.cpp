// Compares our convolutions with oneDNN's direct ones, in milliseconds a clip: all 57 of a
// full-size I3D with bias and ReLU, in the network's order, on one thread. Both take turns layer by
// layer, so that a busy machine slows both; least of all rounds.
//   co2net_bench_convolutions [CHANNELS 3|2] [ROUNDS] [KERNELS, such as AVX2]
// With kernels named, set $ONEDNN_MAX_CPU_ISA to the same.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "extractors/i3d/conv_kernels.h"
#include "extractors/i3d/onednn_convolution.h"
#include "extractors/i3d/phases.h"
#include "pipeline/devices/threads.h"
#include "tests/bench/timing.h"

namespace {

using co2net::Array;
using co2net::ConvKernels;
using co2net::Floats;
using co2net::kPanel;
using co2net::PanelResult;
using co2net::round_up;
using co2net::Size3;
using co2net::Volume;
using co2net::WinogradConvolution;
using co2net::test::seconds_of;
using dnnl::memory;

struct Shape {
  std::string name;
  std::int64_t kernel, stride, inputs, outputs;
  Size3 size;  // of the result
};

std::vector<Shape> i3d_shapes(std::int64_t channels) {
  std::vector<Shape> shapes = {{"1a", 7, 2, channels, 64, {8, 112, 112}},
                               {"2b", 1, 1, 64, 64, {8, 56, 56}},
                               {"2c", 3, 1, 64, 192, {8, 56, 56}}};
  struct Mixed {
    const char* name;
    Size3 size;
    std::int64_t inputs;
    std::int64_t outputs[6];
  };
  const Size3 at28{8, 28, 28}, at14{4, 14, 14}, at7{2, 7, 7};
  for (const auto& [name, size, inputs, o] : {
           Mixed{"3b", at28, 192, {64, 96, 128, 16, 32, 32}},
           Mixed{"3c", at28, 256, {128, 128, 192, 32, 96, 64}},
           Mixed{"4b", at14, 480, {192, 96, 208, 16, 48, 64}},
           Mixed{"4c", at14, 512, {160, 112, 224, 24, 64, 64}},
           Mixed{"4d", at14, 512, {128, 128, 256, 24, 64, 64}},
           Mixed{"4e", at14, 512, {112, 144, 288, 32, 64, 64}},
           Mixed{"4f", at14, 528, {256, 160, 320, 32, 128, 128}},
           Mixed{"5b", at7, 832, {256, 160, 320, 32, 128, 128}},
           Mixed{"5c", at7, 832, {384, 192, 384, 48, 128, 128}},
       }) {
    const std::string module = name;
    shapes.push_back({module + ".0", 1, 1, inputs, o[0], size});
    shapes.push_back({module + ".1a", 1, 1, inputs, o[1], size});
    shapes.push_back({module + ".1b", 3, 1, o[1], o[2], size});
    shapes.push_back({module + ".2a", 1, 1, inputs, o[3], size});
    shapes.push_back({module + ".2b", 3, 1, o[3], o[4], size});
    shapes.push_back({module + ".3b", 1, 1, inputs, o[5], size});
  }
  return shapes;
}

float next_random() {
  static std::uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / 8388608.f - 1.f;
}

Floats random_floats(std::int64_t count) {
  Floats values(count);
  for (float& value : values) value = next_random();
  return values;
}

// A convolution as CpuNet runs it, the clip's with the splitting of its phases, and by oneDNN at
// 7x7.
class Ours {
 public:
  Ours(const ConvKernels& kernels, const Shape& shape, const Array& weights)
      : kernels_(kernels), shape_(shape) {
    const bool is_first = shape.kernel == 7;
    const std::int64_t inputs = (is_first ? co2net::kPhases : 1) * shape.inputs;
    source_.channels = source_.step = round_up(inputs, kPanel);
    result_.channels = result_.step = round_up(shape.outputs, kPanel);
    source_.size = result_.size = shape.size;
    source_values_ = random_floats(source_.positions() * source_.step);
    result_values_ = random_floats(result_.positions() * result_.step);
    bias_ = random_floats(result_.channels);
    source_.data = source_values_.data();
    result_.data = result_values_.data();
    if (is_first) clip_ = random_floats(8 * shape.inputs * source_.positions());
    if (shape.kernel == 1) {
      weights_ = co2net::pack_pointwise(weights, result_.channels);
    } else if (shape.size[1] < 8) {
      use_onednn(weights);
    } else {
      use_winograd(is_first ? co2net::phases_weights(weights, {2, 2, 2}) : weights);
    }
  }

  double error(const Array& weights) const {
    double errors = 0, squares = 0;
    for (std::int64_t i = 0; i < 400; ++i) {
      const auto below = [](std::int64_t end) {
        return static_cast<std::int64_t>((next_random() + 1) / 2 * static_cast<float>(end));
      };
      const auto [times, height, width] = shape_.size;
      const Size3 at{below(times), below(height), below(width)};
      const std::int64_t output = below(shape_.outputs);
      const double want = want_at(weights, output, at);
      errors += std::pow(result_.at(at[0], at[1], at[2])[output] - want, 2);
      squares += want * want;
    }
    return std::sqrt(errors / squares);
  }

  void run() {
    if (shape_.kernel == 7) {
      const auto [t, y, x] = shape_.size;
      co2net::split_phases(clip_.data(), shape_.inputs, {2 * t, 2 * y, 2 * x}, source_);
    }
    if (onednn_) {
      return onednn_->run(source_.data, result_.data, reinterpret_cast<std::byte*>(&scratch_[0]));
    }
    if (shape_.kernel > 1) return kernels_.winograd(winograd_, source_, result_, scratch_.data());
    std::vector<PanelResult> panels;
    for (std::int64_t panel = 0; panel < result_.channels; panel += kPanel) {
      panels.push_back({result_.data + panel, result_.step, &bias_[panel], 0.f});
    }
    kernels_.pointwise(source_.data, source_.positions(), source_.step, shape_.inputs,
                       weights_.data(), panels);
  }

 private:
  void use_winograd(const Array& weights) {
    winograd_.taps = weights.dim(2);
    winograd_.pad = {1, 1, 1};
    winograd_.source = winograd_.result = shape_.size;
    winograd_.depth = weights.dim(1);
    winograd_.channels = result_.channels;
    winograd_.bias = bias_;
    winograd_.relu = true;
    plan_winograd(winograd_);
    fill_weights(winograd_, weights);
    scratch_.resize(scratch_of(winograd_).total());
  }

  void use_onednn(const Array& weights) {
    co2net::ConvLayer layer;
    layer.size = shape_.size;
    layer.pad_begin = layer.pad_end = {1, 1, 1};
    layer.relu = true;
    onednn_.emplace(layer, weights, Array({shape_.outputs}, {bias_.begin(), bias_.end()}),
                    shape_.size, co2net::OnednnConvolution::Source::kChannelsLast);
    scratch_.resize(onednn_->scratch_bytes() / sizeof(float) + 1);
  }

  // A value that the convolution sees, 0 outside.
  double source_at(std::int64_t channel, const Size3& at) const {
    const std::int64_t stride = shape_.stride;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (at[axis] < 0 || at[axis] >= stride * shape_.size[axis]) return 0;
    }
    const auto [t, y, x] = at;
    if (stride == 1) return source_.at(t, y, x)[channel];
    const auto [times, height, width] = shape_.size;
    return clip_[((channel * 2 * times + t) * 2 * height + y) * 2 * width + x];
  }

  double want_at(const Array& weights, std::int64_t output, const Size3& at) const {
    const std::int64_t kernel = shape_.kernel, pad = (kernel - shape_.stride) / 2;
    const float* weight = weights.row(output);
    double sum = bias_[output];
    for (std::int64_t i = 0; i < shape_.inputs; ++i) {
      for (std::int64_t k = 0; k < kernel * kernel * kernel; ++k) {
        const Size3 tap{k / kernel / kernel, k / kernel % kernel, k % kernel};
        Size3 from{};
        for (std::size_t axis = 0; axis < 3; ++axis) {
          from[axis] = shape_.stride * at[axis] + tap[axis] - pad;
        }
        sum += *weight++ * source_at(i, from);
      }
    }
    return std::max(0., sum);
  }

  const ConvKernels& kernels_;
  const Shape& shape_;
  Floats clip_, source_values_, result_values_, bias_, weights_, scratch_;
  Volume source_, result_;
  WinogradConvolution winograd_;
  std::optional<co2net::OnednnConvolution> onednn_;
};

class Direct {
 public:
  explicit Direct(const Shape& shape) {
    using dims = memory::dims;
    const auto kFloat = memory::data_type::f32;
    const auto kAny = memory::format_tag::any;
    const auto [t, y, x] = shape.size;
    const std::int64_t s = shape.stride, k = shape.kernel, before = (k - s) / 2;
    const memory::desc source({1, shape.inputs, s * t, s * y, s * x}, kFloat, kAny);
    const memory::desc weights({shape.outputs, shape.inputs, k, k, k}, kFloat, kAny);
    const memory::desc bias({shape.outputs}, kFloat, memory::format_tag::x);
    const memory::desc result({1, shape.outputs, t, y, x}, kFloat, kAny);
    const dims strides{s, s, s}, begin(3, before), end(3, k - s - before);
    dnnl::post_ops relu;
    dnnl::primitive_attr attributes;
#if DNNL_VERSION_MAJOR >= 3
    relu.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(relu);
    const dnnl::convolution_forward::primitive_desc desc(
        engine_, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
        weights, bias, result, strides, begin, end, attributes);
#else
    relu.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
    attributes.set_post_ops(relu);
    const dnnl::convolution_forward::primitive_desc desc(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source, weights,
         bias, result, strides, begin, end},
        attributes, engine_);
#endif
    convolution_ = dnnl::convolution_forward(desc);
    for (const auto& [argument, what] : {std::pair{DNNL_ARG_SRC, desc.src_desc()},
                                         {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                         {DNNL_ARG_BIAS, desc.bias_desc()},
                                         {DNNL_ARG_DST, desc.dst_desc()}}) {
      memory values(what, engine_);
      auto* floats = static_cast<float*>(values.get_data_handle());
      std::generate_n(floats, what.get_size() / sizeof(float), next_random);
      arguments_.emplace(argument, values);
    }
  }

  void run() {
    convolution_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::convolution_forward convolution_;
  std::unordered_map<int, memory> arguments_;
};

}  // namespace

int main(int argc, char** argv) {
  co2net::use_one_thread_a_call();
  const int channels = argc > 1 ? std::stoi(argv[1]) : 3,
            rounds = argc > 2 ? std::stoi(argv[2]) : 15;
  const ConvKernels* kernels = &co2net::conv_kernels().front();
  for (const ConvKernels& some : co2net::conv_kernels()) {
    if (argc > 3 && some.name == std::string(argv[3])) kernels = &some;
  }
  const std::vector<Shape> shapes = i3d_shapes(channels);
  std::vector<Ours> ours;
  std::vector<Direct> direct;
  std::vector<double> errors;
  double preparing = 0;
  for (const Shape& shape : shapes) {
    const std::int64_t k = shape.kernel;
    Array weights({shape.outputs, shape.inputs, k, k, k});
    std::generate(weights.values.begin(), weights.values.end(), next_random);
    preparing += seconds_of([&] { ours.emplace_back(*kernels, shape, weights); });
    direct.emplace_back(shape);
    ours.back().run();
    errors.push_back(ours.back().error(weights));
  }
  std::vector<double> their_best(shapes.size(), 1e9), our_best = their_best;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      their_best[i] = std::min(their_best[i], seconds_of([&] { direct[i].run(); }));
    }
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      our_best[i] = std::min(our_best[i], seconds_of([&] { ours[i].run(); }));
    }
  }
  double theirs_sum = 0, ours_sum = 0;
  std::printf("%s, prepared in %.2f s\n", kernels->name, preparing);
  std::printf("layer    GMAC  oneDNN ms  ours ms  ratio    error\n");
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Shape& s = shapes[i];
    const double gmac = 1e-9 * s.size[0] * s.size[1] * s.size[2] * s.kernel * s.kernel * s.kernel *
                        s.inputs * s.outputs;
    std::printf("%-6s %6.3f %10.2f %8.2f %6.2f  %.1e\n", s.name.c_str(), gmac, 1e3 * their_best[i],
                1e3 * our_best[i], their_best[i] / our_best[i], errors[i]);
    theirs_sum += their_best[i];
    ours_sum += our_best[i];
  }
  std::printf("all           %10.1f %8.1f %6.2f\n", 1e3 * theirs_sum, 1e3 * ours_sum,
              theirs_sum / ours_sum);
}
