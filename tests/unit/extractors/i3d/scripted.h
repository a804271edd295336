#pragma once

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "extractors/i3d/cpu_net.h"
#include "pipeline/formats/array.h"

namespace co2net::test {

using Parameters = std::map<std::string, torch::Tensor>;

// A module whose forward(self, x: Tensor) has the given lines, which may call the methods.
inline torch::jit::Module module_of(const std::string& lines, const Parameters& parameters,
                                    const std::string& methods = "") {
  torch::jit::Module module("Network");
  for (const auto& [name, value] : parameters) module.register_parameter(name, value, false);
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_attribute("count", c10::IntType::get(), 0);
  module.register_attribute("stride", c10::ListType::ofInts(), std::vector<std::int64_t>{1, 1});
  std::istringstream body(lines);
  std::string source = "def forward(self, x: Tensor):\n";
  for (std::string line; std::getline(body, line);) source += "    " + line + "\n";
  module.define(methods + source);
  module.eval();
  return module;
}

inline Array array_of(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.contiguous();
  const float* data = values.data_ptr<float>();
  return {values.sizes().vec(), {data, data + values.numel()}};
}

inline torch::Tensor tensor_of(const Array& array) {
  return torch::tensor(array.values).reshape(array.shape);
}

// What torch.jit.load and forward give for a clip, without libtorch's optimizer.
inline torch::Tensor features_in_libtorch(const std::string& file, const torch::Tensor& clip) {
  const torch::NoGradGuard no_grad;
  const torch::jit::GraphOptimizerEnabledGuard as_written(false);
  torch::jit::Module module = torch::jit::load(file);
  module.eval();
  return module.get_method("forward")({clip.clone()}).toTensor().contiguous();
}

inline std::ptrdiff_t threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

// Why convolutions that are left to oneDNN do not run on this CPU; "" where they do.
inline std::string what_onednn_lacks() {
  ConvNet net{{ConvLayer{}, ConvLayer{}}, 1, {1, 1, 1, 1, 1}};
  for (ConvLayer& layer : net.layers) {
    layer.channels = 1;
    layer.size = {1, 1, 1};
  }
  ConvLayer& of_the_clip = net.layers[1];
  of_the_clip.kind = ConvLayer::Kind::kConvolution;
  of_the_clip.inputs = {0};
  of_the_clip.weights = Array({1, 1, 1, 1, 1});
  of_the_clip.bias = Array({1});
  try {
    const CpuNet compiled(net);
    return "";
  } catch (const UnsupportedNetwork& e) {
    return e.what();
  }
}

}  // namespace co2net::test
