#include "samples/trainable_i3d.h"

#include <torch/torch.h>

#include "samples/tensors.h"

namespace co2net {
namespace {

namespace F = torch::nn::functional;

constexpr double kNormMomentum = 0.1, kNormEpsilon = 0.001;

bool is_statistic(const std::string& name) { return name.find("running") != std::string::npos; }

}  // namespace

// One pass. Activations are [N, T, H, W, C], the layout in which libtorch's 2-D layers are fastest.
struct TrainableI3d::Forward {
  std::map<std::string, torch::Tensor>& parameters;
  bool training;

  // Applies a layer that takes [N, C, H, W] to each frame.
  template <class Layer>
  static torch::Tensor framewise(const torch::Tensor& x, const Layer& layer) {
    return layer(x.flatten(0, 1).permute({0, 3, 1, 2}))
        .permute({0, 2, 3, 1})
        .unflatten(0, {x.size(0), x.size(1)});
  }

  // Zeros, which never are the largest of what a ReLU gives.
  static torch::Tensor with_frames_around(const torch::Tensor& x, std::int64_t before,
                                          std::int64_t after) {
    return F::pad(x, F::PadFuncOptions({0, 0, 0, 0, 0, 0, before, after}));
  }

  // Each `stride`th run of `kernel` frames, as the channels of one; zeros before the first and
  // after the last frame.
  static torch::Tensor stacked(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride) {
    const std::int64_t before = (kernel - stride) / 2;
    const torch::Tensor padded = with_frames_around(x, before, kernel - stride - before);
    const std::int64_t last = x.size(1) - stride;
    std::vector<torch::Tensor> seen;
    for (std::int64_t k = 0; k < kernel; ++k) {
      seen.push_back(padded.slice(1, k, k + last + 1, stride));
    }
    return torch::cat(seen, 4);
  }

  torch::Tensor unit(const std::string& name, torch::Tensor x, std::int64_t stride = 1) {
    const torch::Tensor weight = parameters.at(name + ".conv3d.weight");
    const std::int64_t kernel = weight.size(2);
    const std::int64_t before = (kernel - stride) / 2, after = kernel - stride - before;
    if (kernel > 1) x = stacked(x, kernel, stride);
    if (before != after) x = F::pad(x, F::PadFuncOptions({0, 0, before, after, before, after}));
    const auto norm = [&](const char* part) { return parameters.at(name + ".bn." + part); };
    return framewise(x, [&](const torch::Tensor& frames) {
      torch::Tensor y = torch::conv2d(frames, weight.transpose(1, 2).flatten(1, 2), {}, stride,
                                      before == after ? before : 0);
      y = torch::batch_norm(y, norm("weight"), norm("bias"), norm("running_mean"),
                            norm("running_var"), training, kNormMomentum, kNormEpsilon, false);
      return torch::relu_(y);
    });
  }

  static torch::Tensor max_pool(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride,
                                std::int64_t padding = 0) {
    return framewise(x, [&](const torch::Tensor& frames) {
      return torch::max_pool2d(frames, kernel, stride, padding, 1, true);
    });
  }

  torch::Tensor mixed(const std::string& name, const torch::Tensor& x) {
    const torch::Tensor padded = with_frames_around(x, 1, 1);
    const torch::Tensor neighbours =
        torch::maximum(padded.slice(1, 0, x.size(1)), padded.slice(1, 2, x.size(1) + 2));
    const torch::Tensor pooled = max_pool(torch::maximum(x, neighbours), 3, 1, 1);
    return torch::cat({unit(name + ".b0", x), unit(name + ".b1b", unit(name + ".b1a", x)),
                       unit(name + ".b2b", unit(name + ".b2a", x)), unit(name + ".b3b", pooled)},
                      4);
  }

  // Halves the frames: the largest of each two, and of the one that follows them if `overlapping`.
  static torch::Tensor temporal_max_pool(const torch::Tensor& x, bool overlapping) {
    const std::int64_t time = x.size(1);
    const torch::Tensor two = torch::maximum(x.slice(1, 0, time, 2), x.slice(1, 1, time, 2));
    if (!overlapping) return two;
    return torch::maximum(two, with_frames_around(x.slice(1, 2, time, 2), 0, 1));
  }

  torch::Tensor run(const torch::Tensor& clips) {
    torch::Tensor x = clips.permute({0, 2, 3, 4, 1}).contiguous();
    x = max_pool(unit("Conv3d_1a_7x7", x, 2), 3, 2);
    x = max_pool(unit("Conv3d_2c_3x3", unit("Conv3d_2b_1x1", x)), 3, 2);
    for (const char* name : {"Mixed_3b", "Mixed_3c"}) x = mixed(name, x);
    x = temporal_max_pool(max_pool(x, 3, 2), true);
    for (const char* name : {"Mixed_4b", "Mixed_4c", "Mixed_4d", "Mixed_4e", "Mixed_4f"}) {
      x = mixed(name, x);
    }
    x = temporal_max_pool(max_pool(x, 2, 2), false);
    for (const char* name : {"Mixed_5b", "Mixed_5c"}) x = mixed(name, x);
    return x.mean({1, 2, 3});
  }
};

TrainableI3d::TrainableI3d(const I3dArchitecture& architecture, std::uint64_t seed) {
  const ParameterFill initial = he_uniform(seed);
  for (const auto& [name, shape] : i3d_parameters(architecture)) {
    parameters_[name] = trainable(initial, name, shape).set_requires_grad(!is_statistic(name));
  }
}

torch::Tensor TrainableI3d::features(const torch::Tensor& clips, bool training) {
  return Forward{parameters_, training}.run(clips);
}

std::vector<torch::Tensor> TrainableI3d::trained() const {
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : parameters_) {
    if (!is_statistic(name)) tensors.push_back(tensor);
  }
  return tensors;
}

std::vector<torch::Tensor> TrainableI3d::tensors() const {
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : parameters_) tensors.push_back(tensor);
  return tensors;
}

ParameterFill TrainableI3d::values() const {
  return [this](const std::string& name, const Shape&) { return array_of(parameters_.at(name)); };
}

}  // namespace co2net
