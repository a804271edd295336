#include "extractors/i3d/i3d.h"

#include <spdlog/spdlog.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "extractors/i3d/cpu_net.h"
#include "extractors/i3d/torchscript_conv_net.h"
#include "extractors/i3d/torchscript_module.h"
#include "pipeline/base/error.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/gpu_memory.h"
#include "pipeline/devices/torch_device.h"

namespace co2net {
namespace {

constexpr int kFrames = 16;

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
  if (options.device.is_gpu()) {
    return options.precision == I3dPrecision::kFp16 ? torch::kHalf : torch::kBFloat16;
  }
  throw Error(ErrorKind::kUsage, "I3D on device " + to_string(options.device) +
                                     " cannot compute in " + name_of(options.precision) +
                                     "; give fp32, or fp16 or bf16 on a CUDA device");
}

[[noreturn]] void refuse(const std::string& network, const std::string& why) {
  throw Error(ErrorKind::kModel, network + ": " + why);
}

std::string type_and_shape(const torch::Tensor& tensor) {
  return std::string(c10::toString(tensor.scalar_type())) + " " + to_string(tensor.sizes().vec());
}

// One clip of noise in [-1, 1].
Array noise(const Shape& shape) {
  Array clip(shape);
  std::minstd_rand random(1);
  const auto range = static_cast<float>(std::minstd_rand::max());
  for (float& value : clip.values) value = 2 * (static_cast<float>(random()) / range) - 1;
  return clip;
}

}  // namespace

struct I3d::Network {
  std::string name;
  std::int64_t feature_size;
  torch::Device device;
  torch::ScalarType type;
  int clips_at_once;
  torch::jit::Module module;            // not kept beside `compiled`
  std::optional<CpuNet> compiled = {};  // on the CPU, where the module can be
  at::MemoryFormat format = at::MemoryFormat::Contiguous;
  std::mutex repeating = {};
  bool has_repeated = false;

  // Calls `work`; throws Error(kRetry) where fewer clips at once may fit the GPU's memory.
  template <class Work>
  auto in_memory(const Work& work) const {
    try {
      return work();
    } catch (const Error&) {
      throw;
    } catch (const std::exception& e) {
      if (!is_short_of_gpu_memory(e)) throw;
      const std::string where = " in the memory of " + device.str();
      if (clips_at_once > 1) {
        throw Error(ErrorKind::kRetry, name + ": there is no place for " +
                                           std::to_string(clips_at_once) + " clips at once" +
                                           where);
      }
      throw Error(ErrorKind::kInternal,
                  name + ": there is no place for a single clip" + where +
                      "; end what else uses it, or give --device cpu, which goes on from what is "
                      "cached");
    }
  }

  // The layers' inputs and weights, channels last or not.
  void use_format(at::MemoryFormat other) {
    constexpr int kFilterAxes = 5;
    for (torch::Tensor parameter : module.parameters()) {
      if (parameter.dim() == kFilterAxes) parameter.set_data(parameter.contiguous(other));
    }
    format = other;
  }

  // Throws as features(), for clips of zeros. What takes several at once does so channels last, as
  // GPUs are fastest, unless the network is written so that it can't.
  void try_out(const Shape& clips_shape) {
    const auto run = [&] {
      const auto options = torch::device(device).dtype(type);
      features(torch::zeros(clips_shape, options).contiguous(format));
    };
    if (clips_at_once > 1) {
      use_format(at::MemoryFormat::ChannelsLast3d);
      try {
        return run();
      } catch (const Error& e) {
        spdlog::debug("not with channels last: {}", e.what());
      }
      use_format(at::MemoryFormat::Contiguous);
    }
    run();
  }

  //   clips    float32 [count, ...], on the CPU
  //   returns  [clips_at_once, ...] on the device, filled up with zeros
  torch::Tensor batch_of(const float* clips, Shape shape, std::int64_t count) const {
    shape[0] = count;
    torch::Tensor given = torch::from_blob(const_cast<float*>(clips), shape);
    if (device.is_cuda()) given = given.pin_memory();
    torch::Tensor batch = given.to(device, /*non_blocking=*/true).to(type);
    if (count < clips_at_once) {
      shape[0] = clips_at_once - count;
      batch = torch::cat({batch, torch::zeros(shape, batch.options())});
    }
    return batch.contiguous(format);
  }

  // A feature a clip. Throws Error(kModel) if the network fails or gives anything else, and what
  // libtorch throws where memory is short.
  torch::Tensor features(const torch::Tensor& clips) {
    torch::Tensor output;
    try {
      output = forward(clips);
    } catch (const std::exception& e) {
      if (is_short_of_gpu_memory(e)) throw;
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
    network_.reset(new Network{name_, options.feature_size, device, type, options.clips_at_once,
                               load_torchscript(file, device, type)});
    if (device.is_cpu() && options.clips_at_once == 1) network_->compile(clips_shape(1));
  } catch (const Error& e) {
    throw e.within(name_);
  } catch (const std::exception& e) {
    throw Error(ErrorKind::kModel, name_ + ": cannot be loaded as TorchScript, which " +
                                       "torch.jit.save writes: " + reason(e));
  }
  expect_feature_size();
  if (options.precision != I3dPrecision::kFp32) tell_rounding(file);
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
  const std::int64_t step = options_.clips_at_once;
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
    network_->in_memory([&] { network_->try_out(clips_shape(options_.clips_at_once)); });
  }
}

bool I3d::is_compiled() const { return network_->compiled.has_value(); }

int I3d::winograd_layers() const {
  return is_compiled() ? network_->compiled->winograd_layers() : 0;
}

// On noise, since weights of every kind are to be judged before there is a video.
void I3d::tell_rounding(const std::filesystem::path& file) const {
  I3dOptions in_full = options_;
  in_full.precision = I3dPrecision::kFp32;
  in_full.clips_at_once = 1;
  const Array clip = noise(clips_shape(1));
  spdlog::info("{}: in {} the features of a clip of noise are off by {:.1e} of the largest", name_,
               name_of(options_.precision),
               largest_distance(features(clip), I3d(file, in_full).features(clip)));
}

double largest_distance(const Array& features, const Array& exact) {
  if (features.shape != exact.shape) {
    throw Error(ErrorKind::kInternal, "features of different shapes are compared");
  }
  double distance = 0, largest = 0;
  for (std::size_t i = 0; i < exact.values.size(); ++i) {
    distance = std::max(distance, std::abs(double{features.values[i]} - exact.values[i]));
    largest = std::max(largest, std::abs(double{exact.values[i]}));
  }
  return largest > 0 ? distance / largest : distance;
}

void I3d::run(const float* clips, std::int64_t count, float* features) const {
  const torch::InferenceMode no_grad;
  torch::Tensor input, output;
  network_->in_memory([&] {
    input = network_->batch_of(clips, clips_shape(count), count);
    output = network_->features(input).to(torch::kFloat);
  });
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
