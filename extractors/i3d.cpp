#include "extractors/i3d.h"

#include <spdlog/spdlog.h>
#include <torch/cuda.h>
#include <torch/script.h>
#include <torch/version.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string_view>

#include "extractors/onednn_net.h"
#include "extractors/threads.h"
#include "extractors/torchscript_conv_net.h"
#include "pipeline/error.h"

namespace co2net {
namespace {

constexpr int kFrames = 16;
constexpr int kSide = 224;

// What went wrong, without libtorch's backtrace or the interpreter's trace of the network's code.
std::string reason(const std::exception& e) {
  const std::string message = e.what();
  constexpr std::string_view kMark = "Error: ";
  const std::size_t mark = message.rfind(kMark);
  const std::size_t begin = mark == std::string::npos ? 0 : mark + kMark.size();
  return message.substr(begin, message.find('\n', begin) - begin);
}

torch::Device device_named(const std::string& name) {
  const std::size_t gpus = torch::cuda::device_count();
  try {
    const torch::Device device(name);
    const auto index = static_cast<std::size_t>(device.has_index() ? device.index() : 0);
    if (device.is_cpu() || (device.is_cuda() && index < gpus)) return device;
  } catch (const c10::Error&) {  // no device's name
  }
  throw Error(ErrorKind::kUsage, "device " + name + " is not here: give cpu, or one of the " +
                                     std::to_string(gpus) + " CUDA devices that libtorch sees");
}

std::string description(const torch::Tensor& tensor) {
  return std::string(c10::toString(tensor.scalar_type())) + " " + to_string(tensor.sizes().vec());
}

}  // namespace

struct I3d::Network {
  torch::Device device;
  torch::jit::Module module;          // not kept beside `compiled`
  std::optional<OnednnNet> compiled;  // on the CPU, where the module can be

  torch::Tensor forward(const torch::Tensor& input) {
    if (!compiled) return module.get_method("forward")({input}).toTensor().cpu().contiguous();
    torch::Tensor output = torch::empty(compiled->output_shape());
    compiled->run(input.data_ptr<float>(), output.data_ptr<float>());
    return output;
  }

  // Replaces the module by what runs faster on the CPU.
  void compile(const std::string& name, const Shape& input_shape) {
    module.eval();
    module = torch::jit::freeze(module);
    try {
      compiled.emplace(read_conv_net(module, input_shape));
      module = {};
    } catch (const UnsupportedNetwork& e) {
      spdlog::warn("{}: runs in libtorch, which is slower than oneDNN: {}", name, e.what());
      module = torch::jit::optimize_for_inference(module);
    }
  }
};

bool cuda_is_available() { return torch::cuda::is_available(); }

I3d::I3d(const std::filesystem::path& file, const I3dOptions& options)
    : name_(file.string()), options_(options) {
  const torch::Device device = device_named(options.device);
  use_one_thread_a_call();
  try {
    network_ = std::make_unique<Network>(Network{device, torch::jit::load(name_, device), {}});
    if (device.is_cpu()) network_->compile(name_, {1, options_.channels, kFrames, kSide, kSide});
  } catch (const std::exception& e) {
    throw Error(ErrorKind::kModel, name_ + ": cannot be loaded as TorchScript, which " +
                                       "torch.jit.save writes: " + reason(e));
  }
}

I3d::I3d(I3d&&) noexcept = default;
I3d& I3d::operator=(I3d&&) noexcept = default;
I3d::~I3d() = default;

std::string I3d::library_version() {
  return std::string("libtorch ") + TORCH_VERSION + ", " + OnednnNet::library_version();
}

Array I3d::features(const Array& clips) const {
  expect_shape(clips, {-1, options_.channels, kFrames, kSide, kSide}, "i3d clips");
  use_one_thread_here();
  Array features({clips.dim(0), options_.feature_size});
  for (std::int64_t n = 0; n < clips.dim(0); ++n) {
    run(clips.row(n), features.row(n));
  }
  return features;
}

void I3d::run(const float* clip, float* feature) const {
  const torch::InferenceMode no_grad;
  // Copied, since a network may work in place.
  const torch::Tensor input =
      torch::from_blob(const_cast<float*>(clip), {1, options_.channels, kFrames, kSide, kSide})
          .to(network_->device, /*non_blocking=*/false, /*copy=*/true);
  torch::Tensor output;
  try {
    output = network_->forward(input);
  } catch (const std::exception& e) {
    throw Error(ErrorKind::kModel, name_ + ": fails on clips " + description(input) +
                                       ", is it for the other stream? " + reason(e));
  }
  if (output.scalar_type() != torch::kFloat ||
      output.sizes() != at::IntArrayRef({1, options_.feature_size})) {
    throw Error(ErrorKind::kModel, name_ + ": want a feature of Float " +
                                       to_string({1, options_.feature_size}) + ", got " +
                                       description(output) +
                                       "; the model's feature size does not match its network");
  }
  // oneDNN's ReLU makes zeros of a clip's NaNs. The sum is finite only if all of its values are.
  if (!output.isfinite().all().item<bool>() || !input.sum().isfinite().item<bool>()) {
    throw Error(ErrorKind::kModel, name_ + ": gives a feature that is not finite; " +
                                       "its weights or the clip are damaged");
  }
  std::copy_n(output.data_ptr<float>(), options_.feature_size, feature);
}

}  // namespace co2net
