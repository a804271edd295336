#include "extractors/i3d/i3d_network.h"

#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace co2net {
namespace {

using torch::jit::Module;

// Output channels of a Mixed layer's convolutions, in the port's naming: b0 is the 1x1x1 branch,
// b1a-b1b and b2a-b2b reduce and then convolve 3x3x3, b3b follows the branch's max pool.
struct Mixed {
  const char* name;
  int b0, b1a, b1b, b2a, b2b, b3b;
};

constexpr Mixed kMixed[] = {
    {"Mixed_3b", 64, 96, 128, 16, 32, 32},     {"Mixed_3c", 128, 128, 192, 32, 96, 64},
    {"Mixed_4b", 192, 96, 208, 16, 48, 64},    {"Mixed_4c", 160, 112, 224, 24, 64, 64},
    {"Mixed_4d", 128, 128, 256, 24, 64, 64},   {"Mixed_4e", 112, 144, 288, 32, 64, 64},
    {"Mixed_4f", 256, 160, 320, 32, 128, 128}, {"Mixed_5b", 256, 160, 320, 32, 128, 128},
    {"Mixed_5c", 384, 192, 384, 48, 128, 128},
};

// TensorFlow's "same" padding, for sizes that the stride divides: kernel - stride in all, the odd
// unit at the end. A max pool's zeros never win over the outputs of a ReLU, so that ceil_mode,
// which lets the last window overhang, stands for them.
constexpr const char* kStemUnit = R"(
def forward(self, x: Tensor) -> Tensor:
    x = torch.constant_pad_nd(x, [2, 3, 2, 3, 2, 3], 0.0)
    x = torch.conv3d(x, self.conv3d.weight, None, [2, 2, 2])
    return torch.relu_(self.bn.forward(x))
)";

constexpr const char* kUnit = R"(
def forward(self, x: Tensor) -> Tensor:
    w = self.conv3d.weight
    same = (w.size(2) - 1) // 2
    x = torch.conv3d(x, w, None, [1, 1, 1], [same, same, same])
    return torch.relu_(self.bn.forward(x))
)";

constexpr const char* kBatchNorm = R"(
def forward(self, x: Tensor) -> Tensor:
    return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var,
                            False, 0.0, 0.001, False)
)";

constexpr const char* kMixedForward = R"(
def forward(self, x: Tensor) -> Tensor:
    pooled = torch.max_pool3d(x, [3, 3, 3], [1, 1, 1], [1, 1, 1])
    return torch.cat([
        self.b0.forward(x),
        self.b1b.forward(self.b1a.forward(x)),
        self.b2b.forward(self.b2a.forward(x)),
        self.b3b.forward(pooled)], 1)
)";

constexpr const char* kNetwork = R"(
def forward(self, clips: Tensor) -> Tensor:
    x = self.Conv3d_1a_7x7.forward(clips)
    x = torch.max_pool3d(x, [1, 3, 3], [1, 2, 2], ceil_mode=True)
    x = self.Conv3d_2c_3x3.forward(self.Conv3d_2b_1x1.forward(x))
    x = torch.max_pool3d(x, [1, 3, 3], [1, 2, 2], ceil_mode=True)
    x = self.Mixed_3c.forward(self.Mixed_3b.forward(x))
    x = torch.max_pool3d(x, [3, 3, 3], [2, 2, 2], ceil_mode=True)
    x = self.Mixed_4d.forward(self.Mixed_4c.forward(self.Mixed_4b.forward(x)))
    x = self.Mixed_4f.forward(self.Mixed_4e.forward(x))
    x = torch.max_pool3d(x, [2, 2, 2], [2, 2, 2])
    x = self.Mixed_5c.forward(self.Mixed_5b.forward(x))
    return torch.mean(x, [2, 3, 4])
)";

int scaled(int channels, double width) {
  return std::max(1, static_cast<int>(std::lround(channels * width)));
}

int output_channels(const Mixed& mixed, double width) {
  return scaled(mixed.b0, width) + scaled(mixed.b1b, width) + scaled(mixed.b2b, width) +
         scaled(mixed.b3b, width);
}

// Builds the modules; those of one class share its type, so that its code is compiled once.
class Builder {
 public:
  Builder(const I3dArchitecture& architecture, const ParameterFill& fill)
      : channels_(architecture.channels), width_(architecture.width), fill_(fill) {}

  Module network() const {
    Module net = instance_of("I3d");
    const int stem = scaled(64, width_);
    int in = scaled(192, width_);
    net.register_module("Conv3d_1a_7x7",
                        unit("Conv3d_1a_7x7", {stem, channels_, 7, 7, 7}, "StemUnit", kStemUnit));
    net.register_module("Conv3d_2b_1x1", unit("Conv3d_2b_1x1", {stem, stem, 1, 1, 1}));
    net.register_module("Conv3d_2c_3x3", unit("Conv3d_2c_3x3", {in, stem, 3, 3, 3}));
    for (const Mixed& layer : kMixed) {
      net.register_module(layer.name, mixed(layer, in));
      in = output_channels(layer, width_);
    }
    define_forward(net, kNetwork);
    return net;
  }

 private:
  Module mixed(const Mixed& layer, int in) const {
    Module module = instance_of("Mixed");
    const auto add = [&](const std::string& name, int inputs, int outputs, int kernel) {
      const Shape shape{scaled(outputs, width_), inputs, kernel, kernel, kernel};
      module.register_module(name, unit(layer.name + ("." + name), shape));
    };
    add("b0", in, layer.b0, 1);
    add("b1a", in, layer.b1a, 1);
    add("b1b", scaled(layer.b1a, width_), layer.b1b, 3);
    add("b2a", in, layer.b2a, 1);
    add("b2b", scaled(layer.b2a, width_), layer.b2b, 3);
    add("b3b", in, layer.b3b, 1);
    define_forward(module, kMixedForward);
    return module;
  }

  // A convolution without bias, batch normalisation and ReLU.
  Module unit(const std::string& name, const Shape& weight, const char* type = "Unit",
              const char* forward = kUnit) const {
    const Shape per_channel{weight[0]};
    Module convolution = instance_of("Conv3d"), norm = instance_of("BatchNorm");
    convolution.register_parameter("weight", filled(name + ".conv3d.weight", weight), false);
    norm.register_parameter("weight", filled(name + ".bn.weight", per_channel), false);
    norm.register_parameter("bias", filled(name + ".bn.bias", per_channel), false);
    norm.register_buffer("running_mean", filled(name + ".bn.running_mean", per_channel));
    norm.register_buffer("running_var", filled(name + ".bn.running_var", per_channel));
    norm.register_buffer("num_batches_tracked", torch::zeros({}, torch::kLong));
    define_forward(norm, kBatchNorm);
    Module module = instance_of(type);
    module.register_module("conv3d", convolution);
    module.register_module("bn", norm);
    define_forward(module, forward);
    return module;
  }

  torch::Tensor filled(const std::string& name, const Shape& shape) const {
    const Array values = fill_(name, shape);
    if (values.shape != shape) {
      throw Error(ErrorKind::kInput, "parameter " + name + ": want float32 " + to_string(shape) +
                                         ", got " + to_string(values.shape));
    }
    return torch::tensor(values.values).reshape(shape);
  }

  Module instance_of(const std::string& type) const {
    const c10::QualifiedName name("__torch__." + type);
    const auto known = classes_->get_class(name);
    return known ? Module(classes_, known) : Module(name, classes_);
  }

  static void define_forward(Module& module, const char* source) {
    if (!module.find_method("forward")) module.define(source);
  }

  int channels_;
  double width_;
  const ParameterFill& fill_;
  std::shared_ptr<torch::jit::CompilationUnit> classes_ =
      std::make_shared<torch::jit::CompilationUnit>();
};

}  // namespace

int i3d_feature_size(const I3dArchitecture& architecture) {
  return output_channels(*std::rbegin(kMixed), architecture.width);
}

ParameterFill he_uniform(std::uint64_t seed) {
  return [seed](const std::string& name, const Shape& shape) {
    Array values(shape);
    if (shape.size() == 1) {
      const bool is_scale = name.ends_with("bn.weight") || name.ends_with("running_var");
      std::fill(values.values.begin(), values.values.end(), is_scale ? 1.f : 0.f);
      return values;
    }
    std::vector<std::uint64_t> seeds(name.begin(), name.end());
    seeds.insert(seeds.end(), {seed & 0xffffffffu, seed >> 32});
    std::seed_seq sequence(seeds.begin(), seeds.end());
    std::mt19937_64 random(sequence);
    const double fan_in = static_cast<double>(element_count(shape) / shape.at(0));
    const double bound = std::sqrt(6 / fan_in);
    for (float& value : values.values) {
      const double unit = static_cast<double>(random() >> 40) * 0x1p-24;
      value = static_cast<float>(bound * (2 * unit - 1));
    }
    return values;
  };
}

std::map<std::string, Shape> i3d_parameters(const I3dArchitecture& architecture) {
  std::map<std::string, Shape> shapes;
  const ParameterFill record = [&](const std::string& name, const Shape& shape) {
    shapes[name] = shape;
    return Array(shape);
  };
  Builder(architecture, record).network();
  return shapes;
}

std::string script_i3d(const I3dArchitecture& architecture, const ParameterFill& fill) {
  if (architecture.channels < 1 || !(architecture.width > 0)) {
    throw Error(ErrorKind::kUsage, "an I3D needs at least one channel and a positive width, got " +
                                       std::to_string(architecture.channels) + " and " +
                                       std::to_string(architecture.width));
  }
  // Through a stream: the archive that torch writes to a path contains the file's name.
  std::ostringstream bytes;
  Builder(architecture, fill).network().save(bytes);
  return std::move(bytes).str();
}

void save_i3d(const std::filesystem::path& path, const I3dArchitecture& architecture,
              const ParameterFill& fill) {
  write_file(path, script_i3d(architecture, fill));
}

}  // namespace co2net
