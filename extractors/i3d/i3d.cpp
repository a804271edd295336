#include "extractors/i3d/i3d.h"

#include <spdlog/spdlog.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>
#include <torch/version.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "extractors/i3d/cpu_net.h"
#include "extractors/i3d/torchscript_conv_net.h"
#include "extractors/i3d/torchscript_module.h"
#include "pipeline/base/error.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/torch_device.h"

namespace co2net {
namespace {

constexpr int kFrames = 16;
constexpr int kClipsOnGpu = 16;

// The line of the network's code that failed: above the last mark in the interpreter's trace, which
// a trace of the code from before it was saved may follow.
std::string failed_line(const std::string& message) {
  const std::string trace = message.substr(0, message.find("original code"));
  const std::size_t mark = trace.rfind("<--- HERE");
  const std::size_t end = mark == std::string::npos ? mark : trace.rfind('\n', mark);
  if (end == std::string::npos || end == 0) return "";
  const std::string line = trace.substr(0, end).substr(trace.rfind('\n', end - 1) + 1);
  return line.substr(std::min(line.size(), line.find_first_not_of(' ')));
}

// What went wrong and where, without libtorch's backtrace and the rest of the interpreter's trace.
std::string reason(const std::exception& e) {
  const std::string message = e.what(), line = failed_line(message);
  constexpr std::string_view kMark = "Error: ";
  const std::size_t mark = message.rfind(kMark);
  const std::size_t begin = mark == std::string::npos ? 0 : mark + kMark.size();
  return message.substr(begin, message.find('\n', begin) - begin) +
         (line.empty() ? "" : ", in: " + line);
}

torch::ScalarType type_of(const I3dOptions& options) {
  if (options.precision == I3dPrecision::kFp32) return torch::kFloat;
  if (options.device.is_gpu()) return torch::kHalf;
  throw Error(ErrorKind::kUsage, "I3D on device " + to_string(options.device) +
                                     " cannot compute in " + name_of(options.precision) +
                                     "; give fp32, or fp16 on a CUDA device");
}

[[noreturn]] void refuse(const std::string& network, const std::string& why) {
  throw Error(ErrorKind::kModel, network + ": " + why);
}

std::string type_and_shape(const torch::Tensor& tensor) {
  return std::string(c10::toString(tensor.scalar_type())) + " " + to_string(tensor.sizes().vec());
}

}  // namespace

struct I3d::Network {
  std::string name;
  std::int64_t feature_size;
  torch::Device device;
  torch::ScalarType type;
  torch::jit::Module module;            // not kept beside `compiled`
  std::optional<CpuNet> compiled = {};  // on the CPU, where the module can be
  std::mutex repeating = {};
  bool has_repeated = false;

  // A feature a clip. Throws Error(kModel) if the network fails or gives anything else.
  torch::Tensor features(const torch::Tensor& clips) {
    torch::Tensor output;
    try {
      output = forward(clips);
    } catch (const std::exception& e) {
      refuse(name, "fails on clips " + type_and_shape(clips) + ", is it for the other stream? " +
                       reason(e));
    }
    expect_features(output, clips.size(0));
    return output;
  }

  void expect_features(const torch::Tensor& output, std::int64_t count) const {
    const Shape wanted{count, feature_size};
    if (output.scalar_type() == type && output.sizes() == at::IntArrayRef(wanted)) return;
    refuse(name, std::string("want a feature of ") + c10::toString(type) + " " + to_string(wanted) +
                     ", got " + type_and_shape(output) +
                     "; the model's feature size does not match its network");
  }

  torch::Tensor forward(const torch::Tensor& input) {
    if (!compiled) return run_in_libtorch(input);
    torch::Tensor output = torch::empty(compiled->output_shape());
    compiled->run(input.data_ptr<float>(), output.data_ptr<float>());
    return output;
  }

  // As the network was written: libtorch's optimizer rounds otherwise after some calls, its
  // freeze() folds batch normalisation that is in training mode and drops changes in place, and its
  // optimize_for_inference() computes clamping activations wrongly.
  torch::Tensor run_in_libtorch(const torch::Tensor& input) {
    const torch::jit::GraphOptimizerEnabledGuard as_written(false);
    // A copy, since a network may work in place.
    return module.get_method("forward")({input.clone()}).toTensor().cpu().contiguous();
  }

  // Whether the network gives the same bytes for the same clip, as was seen once. On a GPU it may
  // not, by rounding, and is not asked.
  bool repeats(const torch::Tensor& input, const torch::Tensor& output) {
    if (compiled || device.is_cuda()) return true;
    const std::lock_guard<std::mutex> lock(repeating);
    if (!has_repeated) has_repeated = run_in_libtorch(input).equal(output);
    return has_repeated;
  }

  // Replaces the module by what runs faster on the CPU.
  void compile(const Shape& input_shape) {
    try {
      compiled.emplace(read_conv_net(module, input_shape));
      module = {};
    } catch (const UnsupportedNetwork& e) {
      spdlog::warn("{}: runs in libtorch, which is slower: {}", name, e.what());
    }
  }
};

I3d::I3d(const std::filesystem::path& file, const I3dOptions& options)
    : name_(file.string()), options_(options) {
  use_device(options.device);
  const torch::Device device = torch_device(options.device);
  const torch::ScalarType type = type_of(options);
  use_one_thread_here();
  try {
    network_.reset(new Network{name_, options.feature_size, device, type,
                               load_torchscript(file, device, type)});
    if (device.is_cpu()) network_->compile(clips_shape(1));
  } catch (const Error& e) {
    throw e.within(name_);
  } catch (const std::exception& e) {
    throw Error(ErrorKind::kModel, name_ + ": cannot be loaded as TorchScript, which " +
                                       "torch.jit.save writes: " + reason(e));
  }
  expect_feature_size();
}

I3d::I3d(I3d&&) noexcept = default;
I3d& I3d::operator=(I3d&&) noexcept = default;
I3d::~I3d() = default;

std::string I3d::library_version() {
  return std::string("libtorch ") + TORCH_VERSION + ", " + CpuNet::library_version();
}

Shape I3d::clips_shape(std::int64_t count) const {
  return {count, options_.channels, kFrames, options_.side, options_.side};
}

Array I3d::features(const Array& clips) const {
  expect_shape(clips, {-1, options_.channels, kFrames, options_.side, options_.side}, "i3d clips");
  use_one_thread_here();
  Array features({clips.dim(0), options_.feature_size});
  const std::int64_t step = clips_at_once();
  for (std::int64_t n = 0; n < clips.dim(0); n += step) {
    run(clips.row(n), std::min(step, clips.dim(0) - n), features.row(n));
  }
  return features;
}

// A network that is not compiled tells its shape only by what it makes of clips.
void I3d::expect_feature_size() const {
  const torch::InferenceMode no_grad;
  if (network_->compiled) {
    network_->expect_features(torch::empty(network_->compiled->output_shape()), 1);
  } else {
    network_->features(torch::zeros(clips_shape(clips_at_once()),
                                    torch::device(network_->device).dtype(network_->type)));
  }
}

bool I3d::is_compiled() const { return network_->compiled.has_value(); }

int I3d::winograd_layers() const {
  return is_compiled() ? network_->compiled->winograd_layers() : 0;
}

int I3d::clips_at_once() const { return network_->device.is_cuda() ? kClipsOnGpu : 1; }

void I3d::run(const float* clips, std::int64_t count, float* features) const {
  const torch::InferenceMode no_grad;
  const std::int64_t batch = clips_at_once();
  torch::Tensor input = torch::from_blob(const_cast<float*>(clips), clips_shape(count))
                            .to(network_->device, network_->type);
  if (count < batch) {
    input = torch::cat({input, torch::zeros(clips_shape(batch - count), input.options())});
  }
  const torch::Tensor output = network_->features(input).to(torch::kFloat);
  // A ReLU makes numbers of a clip's NaNs. The sum is finite only if all of its values are.
  if (!output.isfinite().all().item<bool>() || !input.sum(torch::kFloat).isfinite().item<bool>()) {
    refuse(name_, "gives a feature that is not finite; its weights or the clip are damaged");
  }
  if (!network_->repeats(input, output)) {
    refuse(name_,
           "gives another feature when it sees a clip again; save a network without dropout in "
           "training mode, other random numbers, or buffers that it changes");
  }
  std::copy_n(output.data_ptr<float>(), count * options_.feature_size, features);
}

}  // namespace co2net
