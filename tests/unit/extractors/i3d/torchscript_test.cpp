// Networks that are no I3D, through I3d, against libtorch as it is.

#include <gtest/gtest.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/script.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "extractors/i3d/i3d.h"
#include "extractors/i3d/torchscript_conv_net.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/unit/extractors/i3d/scripted.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using torch::jit::Module;

constexpr double kTolerance = 1e-5;  // of the largest feature
constexpr int kSide = 12;

torch::Tensor random(const Shape& shape) { return torch::rand(shape) * 2 - 1; }

test::Parameters parameters() {
  torch::manual_seed(1);
  return {
      {"w", random({5, 3, 3, 3, 3})}, {"b", random({5})},
      {"v", random({5, 5, 3, 3, 3})}, {"one", random({5, 3, 1, 1, 1})},
      {"scale", random({5}) + 2},     {"shift", random({5})},
      {"average", random({5})},       {"variance", random({5}) + 2},
      {"linear", random({6, 5})},     {"many", random({5, 80, 1, 3, 3})},
  };
}

// Saves networks, of which all have the same parameters, and runs them.
class StrangersNetwork : public testing::Test {
 protected:
  torch::Tensor clip_ = random({1, 3, 16, kSide, kSide});

  // What was saved last.
  I3d load(std::int64_t features) {
    return I3d(file_, {.channels = 3, .feature_size = static_cast<int>(features), .side = kSide});
  }
  I3d load(const Module& module) {
    module.save(file_);
    return load(5);
  }
  I3d load(const std::string& lines) { return load(test::module_of(lines, parameters())); }

  torch::Tensor features(const I3d& i3d) {
    return test::tensor_of(i3d.features(test::array_of(clip_)));
  }

  std::string failure_of(const std::string& lines, const test::Parameters& changed = {}) {
    test::Parameters all = parameters();
    for (const auto& [name, value] : changed) all[name] = value;
    try {
      features(load(test::module_of(lines, all)));
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kModel);
      const std::string message = e.what();
      EXPECT_TRUE(message.starts_with(file_ + ": ")) << message;
      return message.substr(file_.size() + 2);
    }
    return "none";
  }

  static void expect_near(const torch::Tensor& got, const torch::Tensor& want) {
    ASSERT_EQ(got.sizes(), want.sizes());
    EXPECT_LE((got - want).abs().max().item<double>(),
              kTolerance * want.abs().max().item<double>());
  }

  TempDir dir_;
  const std::string file_ = (dir_.path() / "i3d.pt").string();
  test::LogCapture log_;
};

// Of a network, to be called by its forward.
constexpr const char* kMethods = R"(
def conv(self, x: Tensor):
    return torch.conv3d(x, self.w)
def norm(self, x: Tensor):
    return torch.batch_norm(x, self.scale, self.shift, self.average, self.variance, False, 0.1,
                            0.001, False)
def norm_in_training(self, x: Tensor):
    return torch.batch_norm(x, self.scale, self.shift, self.average, self.variance, True, 0.1,
                            0.001, False)
def mean(self, x: Tensor):
    return x.mean([2, 3, 4])
)";

// What a reader of graphs may take for something else. Where it can, all that follows is what
// oneDNN computes.
constexpr const char* kNetworks[] = {
    // In place, of what is seen elsewhere.
    "x = self.conv(x)\ny = torch.relu_(x)\nreturn self.mean(torch.cat([x, y], 1))",
    "x = self.conv(x)\ny = torch.relu(x)\nreturn self.mean(torch.cat([x, y], 1))",
    "x = self.conv(x)\nreturn self.mean(torch.cat([x, torch.relu_(x)], 1))",
    "x = self.conv(x)\ny = x.detach()\ntorch.relu_(y)\nreturn self.mean(x)",
    "x = self.conv(x)\ny = x.contiguous()\ntorch.relu_(y)\nreturn self.mean(x)",
    "x = self.conv(x)\ny = x.to(6)\ntorch.relu_(y)\nreturn self.mean(x)",
    "x = self.conv(x)\ny = x.clone()\ntorch.relu_(y)\nreturn self.mean(x)",
    "x = self.conv(x)\ny = x.unsqueeze(0).squeeze(0)\ntorch.relu_(x)\nreturn self.mean(y)",
    "x = self.conv(x)\nl = [x]\ntorch.relu_(x)\nreturn self.mean(torch.cat(l, 1))",
    "x = self.conv(x)\nl = [x]\ny = torch.relu(x)\n"
    "return self.mean(torch.cat([y, torch.cat(l, 1)], 1))",
    "x = self.conv(x)\nl = [x]\nl.append(torch.relu(x))\nreturn self.mean(torch.cat(l, 1))",
    "x = self.conv(x)\nx.add_(1.0)\nreturn self.mean(x)",
    "x = self.conv(x)\ny = x\nx += y\nreturn self.mean(torch.relu_(x))",
    "torch.relu_(x)\nreturn self.mean(self.conv(x))",
    "y = self.conv(x)\nx.mul_(2.0)\nreturn self.mean(torch.cat([y, self.conv(x)], 1))",
    "x = self.conv(x)\nl = [x]\ny = torch.relu_(x)\nif x.size(0) > 1:\n    return self.mean(y)\n"
    "return self.mean(torch.cat(l, 1))",
    "w = self.w.clone()\nw.mul_(2.0)\nreturn self.mean(torch.conv3d(x, w))",
    // Normalisation.
    "return self.mean(torch.relu(self.norm_in_training(self.conv(x))))",
    "x = torch.batch_norm(self.conv(x), None, None, None, None, True, 0.1, 0.001, False)\n"
    "return self.mean(torch.relu(x))",
    "x = torch.batch_norm(self.conv(x), None, None, self.average, self.variance, False, 0.1, 0.1, "
    "False)\n"
    "return self.mean(x)",
    "return self.mean(torch.relu(self.norm(self.norm(self.conv(x)))))",
    "return self.mean(self.norm(torch.relu(self.conv(x))))",
    "x = torch.constant_pad_nd(self.conv(x), [1, 1])\nreturn self.mean(torch.conv3d(self.norm(x), "
    "self.v))",
    "x = torch.constant_pad_nd(self.norm(self.conv(x)), [1, 1])\nreturn "
    "self.mean(torch.conv3d(torch.relu(x), self.v))",
    "x = self.conv(x)\ny = torch.conv3d(x, self.v)\nz = torch.conv3d(self.norm(x), self.v)\n"
    "return self.mean(torch.cat([y, z], 1))",
    "x = self.conv(x)\ny = torch.max_pool3d(x, 3, 1, 1)\nreturn self.mean(torch.cat([y, "
    "torch.relu(x)], 1))",
    "x = self.conv(x)\nreturn self.mean(torch.cat([x, self.norm(x)], 1))",
    "x = self.norm(self.conv(x))\nreturn self.mean(torch.cat([x, torch.relu(x)], 1))",
    "y = self.conv(x)\nx = self.conv(x)\nfor i in range(2):\n    y = self.norm(x)\n"
    "return self.mean(y)",
    "x = self.conv(x)\nfor i in range(2):\n    x = self.norm(x)\nreturn self.mean(x)",
    // Weights and arguments that are computed, and branches.
    "w = self.w.reshape([1, 5, -1])\nw = torch.batch_norm(w, None, None, None, None, True, 0.1, "
    "0.001, False)\nreturn self.mean(torch.conv3d(x, w.reshape([5, 3, 3, 3, 3])))",
    "sizes = [1]\nfor i in range(2):\n    sizes.append(2)\nreturn self.mean(torch.conv3d(x, "
    "self.w, None, sizes))",
    "sizes = [1]\nsame = sizes\nsame += [2, 3]\nreturn self.mean(torch.conv3d(x, self.w, None, "
    "sizes))",
    "w = self.w - self.w.mean()\nreturn self.mean(torch.conv3d(x, w / w.std(), self.b * 2))",
    "return self.mean(torch.conv3d(x, self.w, self.b, 2, x.size(3) // 12))",
    "return self.mean(self.conv(x * 2 - 1))",
    "x = self.conv(x)\nfor i in range(2):\n    x = torch.relu(torch.conv3d(x, self.v, self.b))\n"
    "return self.mean(x)",
    "if bool(x.sum() > 0):\n    x = -x\nreturn self.mean(self.conv(x))",
    "x = self.conv(x)\nif x.size(2) > 3:\n    return self.mean(torch.relu(x))\n"
    "return self.mean(x)",
    // Convolutions.
    "return self.mean(torch.conv3d(x, self.w, None, 1, 'same'))",
    "return self.mean(torch.conv3d(x, self.w, None, 3, 'valid'))",
    "return self.mean(torch.conv3d(x, self.one, self.b, [4, 3, 2], [0, 2, 1]))",
    "return self.mean(torch.conv3d(x, self.w, None, 1, 2, 2))",
    "return self.mean(torch.conv3d(x, self.b.expand([3, 1, 1, 1, 5]), None, 1, 0, 1, 3))",
    "return self.mean(torch.convolution(x, self.w.transpose(0, 1), None, [1, 1, 1], [0, 0, 0], "
    "[1, 1, 1], True, [0, 0, 0], 1))",
    "return self.conv(x.squeeze(0)).mean([1, 2, 3]).unsqueeze(0)",
    "x = torch.conv3d(x, self.w, None, 1, 1).view([1, 80, 1, 12, 12])\n"
    "return self.mean(torch.conv3d(x, self.many))",
    "x = self.conv(x).transpose(3, 4)\nreturn self.mean(torch.conv3d(x, self.v))",
    "return self.mean(self.conv(x.flip([2])))",
    // Padding.
    "return self.mean(self.conv(torch.pad(x, [1, 2, 0, 1, 3, 0], 'reflect')))",
    "return self.mean(self.conv(torch.pad(x, [1, 2, 0, 1, 3, 0], 'replicate')))",
    "return self.mean(self.conv(torch.pad(x, [1, 2, 0, 1, 3, 0], 'circular')))",
    "return self.mean(self.conv(torch.pad(x, [1, 2], 'constant', 0.5)))",
    "return self.mean(self.conv(torch.constant_pad_nd(x, [-1, 2, 0, -2])))",
    "x = torch.constant_pad_nd(torch.constant_pad_nd(x, [1, 0]), [0, 2, 1, 1])\n"
    "return self.mean(torch.conv3d(x, self.w, None, 2, 1))",
    "x = torch.constant_pad_nd(self.conv(x), [1, 1, 1, 1])\n"
    "return self.mean(torch.conv3d(torch.relu(x), self.v))",
    "x = torch.constant_pad_nd(torch.relu(self.conv(x)), [1, 1, 1, 1])\n"
    "return self.mean(torch.conv3d(torch.relu(x), self.v))",
    "x = torch.constant_pad_nd(self.conv(x), [1, 1, 1, 1])\n"
    "return self.mean(torch.max_pool3d(x, 2))",
    "x = torch.constant_pad_nd(torch.relu(self.conv(x)), [2, 2, 2, 2])\n"
    "return self.mean(torch.max_pool3d(x, 2))",
    "x = torch.constant_pad_nd(self.conv(x), [1, 1, 1, 1])\n"
    "return self.mean(torch.avg_pool3d(x, 2))",
    "return self.mean(torch.constant_pad_nd(self.conv(x), [1, 1, 1, 1]))",
    // Pools.
    "return self.mean(torch.avg_pool3d(self.conv(x), 3, 2, 1, True, False))",
    "return self.mean(torch.avg_pool3d(self.conv(x), 3, 2, 1, False, True))",
    "return self.mean(torch.avg_pool3d(self.conv(x), 3, 2, 0, False, True, 5))",
    "return self.mean(torch.avg_pool3d(self.conv(x), 3, 2, 0, True, True))",
    "return self.mean(torch.max_pool3d(self.conv(x), 3, 2, 1, 2))",
    "return self.mean(torch.max_pool3d_with_indices(self.conv(x), 3)[0])",
    "return self.mean(torch.adaptive_avg_pool3d(self.conv(x), [3, 4, 7]))",
    "return self.mean(self.conv(torch.max_pool3d(x, 2)))",
    // Means, and shapes.
    "return self.conv(x).mean([2, 3, 4], dtype=7).to(6)",
    "return self.conv(x).mean([2, 3, 4], dtype=15).to(6)",
    "return self.conv(x).to(15).to(6).mean([2, 3, 4])",
    "return self.conv(x).mean([0, 2, 3, 4]).unsqueeze(0)",
    "x = self.conv(x)\nreturn self.mean((x - x.mean()).square())",
    "x = self.conv(x)\nreturn x.mean([2, 3, 4]) + x.mean([], True).view(1, 1)",
    "x = torch.adaptive_avg_pool3d(torch.conv3d(x, self.w, None, 1, [0, 1, 1])[:, :, 4:], 1)\n"
    "return x.reshape([5, 1, 1]).mean([1, 2]).unsqueeze(0)",
    "x = torch.avg_pool3d(self.conv(x), [2, 2, 2])\n"
    "return x.reshape([5, 5, 7, 1, 5]).mean([1, 2, 3, 4]).unsqueeze(0)",
    "x = torch.avg_pool3d(self.conv(x), [2, 2, 2])\n"
    "return x.reshape([1, 7, 5, 5, 5]).mean([2, 3, 4])",
    "x = torch.avg_pool3d(self.conv(x), [2, 2, 2])\n"
    "return x.view([1, 5, 7, 25]).mean(3).mean(2)",
    "return torch.linear(self.mean(self.conv(x)), self.linear, None)",
    "x = self.conv(x)\nreturn self.mean(torch.cat([x, torch.ones([1, 5, 14, 10, 10])], -4))",
    "x = self.conv(x)\nreturn self.mean(torch.cat([x, x], 2))",
};

TEST_F(StrangersNetwork, HasLibtorchsFeatures) {
  for (const std::string lines : kNetworks) {
    test::module_of(lines, parameters(), kMethods).save(file_);
    const torch::Tensor want = test::features_in_libtorch(file_, clip_);
    const I3d i3d = load(want.size(1));
    SCOPED_TRACE(lines + (i3d.is_compiled() ? "\ncompiled" : "\nby libtorch"));
    expect_near(features(i3d), want);
  }
}

// Half of the precision.

constexpr const char* kCompiled =
    "return torch.relu(torch.conv3d(x, self.w, self.b)).mean([2, 3, 4])";
constexpr const char* kNotCompiled =
    "return torch.sigmoid(torch.conv3d(x, self.w, self.b)).mean([2, 3, 4])";

test::Parameters converted(test::Parameters all, torch::ScalarType type) {
  for (auto& [name, value] : all) value = value.to(type);
  return all;
}

class ReducedPrecision : public StrangersNetwork,
                         public testing::WithParamInterface<torch::ScalarType> {
 protected:
  // The features of the network's weights in float32.
  torch::Tensor wanted(const std::string& lines) {
    const auto weights = converted(converted(parameters(), GetParam()), torch::kFloat);
    test::module_of(lines, weights).save(file_);
    return test::features_in_libtorch(file_, clip_);
  }
};

TEST_P(ReducedPrecision, OfWeightsIsReadAsFloat32) {
  for (const std::string lines : {kCompiled, kNotCompiled}) {
    const torch::Tensor want = wanted(lines);
    expect_near(features(load(test::module_of(lines, converted(parameters(), GetParam())))), want);
  }
}

TEST_P(ReducedPrecision, ThatTheCodeNamesBesideSuchWeightsIsReadAsFloat32) {
  const std::string type = std::to_string(static_cast<int>(GetParam()));
  for (const std::string lines : {kCompiled, kNotCompiled}) {
    const torch::Tensor want = wanted(lines);
    const std::string cast =
        "x = torch.to(x, " + type + ") + torch.zeros([1], dtype=" + type + ")\n" + lines + ".to(6)";
    expect_near(features(load(test::module_of(cast, converted(parameters(), GetParam())))), want);
  }
}

TEST_P(ReducedPrecision, ThatTheCodeNamesBesideFloat32WeightsStays) {
  const std::string type = std::to_string(static_cast<int>(GetParam()));
  const std::string lines = "return torch.conv3d(x, self.w).mean([2, 3, 4]).to(" + type + ").to(6)";
  const torch::Tensor got = features(load(lines));
  EXPECT_TRUE(got.equal(got.to(GetParam()).to(torch::kFloat)));
  EXPECT_TRUE(got.equal(test::features_in_libtorch(file_, clip_)));
}

INSTANTIATE_TEST_SUITE_P(Types, ReducedPrecision, testing::Values(torch::kHalf, torch::kBFloat16),
                         [](const auto& type) { return c10::toString(type.param); });

TEST_F(StrangersNetwork, GivesAClipTheSameBytesEachTimeAloneOrWithOthersOnAnyThread) {
  const I3d i3d = load(
      "y = torch.sigmoid(torch.conv3d(x, self.w, self.b))\n"
      "y = torch.tanh(y * 2 + 1).mean([2, 3, 4])\n"
      "return torch.linear(torch.mm(y, self.linear.t()), self.linear.t(), self.b)");
  ASSERT_FALSE(i3d.is_compiled());
  const Array clips = test::array_of(torch::cat({random(clip_.sizes().vec()), clip_}));
  std::vector<Array> results(4);
  for (int repetition = 0; repetition < 3; ++repetition) {
    std::vector<std::thread> threads;
    for (Array& result : results) threads.emplace_back([&] { result = i3d.features(clips); });
    for (std::thread& thread : threads) thread.join();
    const Array alone = i3d.features(test::array_of(clip_));
    for (const Array& result : results) {
      EXPECT_EQ(Array({1, 5}, {result.row(1), result.row(1) + 5}), alone);
      EXPECT_EQ(result, results[0]);
    }
  }
}

// Networks that give no features.

TEST_F(StrangersNetwork, IsRefusedIfItGivesSomethingElseThanOneTensor) {
  const auto returning = [&](const std::string& result) {
    return failure_of("x = torch.conv3d(x, self.w).mean([2, 3, 4])\nreturn " + result);
  };
  const std::string remedy = ", and not one Tensor; save a network that returns the features alone";
  EXPECT_EQ(returning("x, x"), "forward returns Tuple[Tensor, Tensor]" + remedy);
  EXPECT_EQ(returning("[x, x]"), "forward returns List[Tensor]" + remedy);
  EXPECT_EQ(returning("{'features': x}"), "forward returns Dict[str, Tensor]" + remedy);
  EXPECT_EQ(returning("x.size(0)"), "forward returns int" + remedy);
}

TEST_F(StrangersNetwork, IsRefusedIfItGivesAnotherFeatureTheSecondTime) {
  const std::string why =
      "gives another feature when it sees a clip again; save a network without dropout in "
      "training mode, other random numbers, or buffers that it changes";
  const std::string mean = "x = torch.conv3d(x, self.w, self.b).mean([2, 3, 4])\n";
  EXPECT_EQ(failure_of(mean + "return torch.dropout(x, 0.5, True)"), why);
  EXPECT_EQ(failure_of(mean + "return x + torch.rand([5])"), why);
  EXPECT_EQ(failure_of("return torch.conv3d(x, self.w, torch.rand([5])).mean([2, 3, 4])"), why);
  EXPECT_EQ(failure_of(mean + "self.shift.add_(1.0)\nreturn x + self.shift"), why);
  EXPECT_EQ(failure_of(mean + "return torch.dropout(x, 0.5, False)"), "none");
}

TEST_F(StrangersNetwork, IsRefusedByTheNameOfTheOperatorWhoseWeightsDoNotFit) {
  const std::string lines =
      "x = torch.conv3d(x, self.w, self.b)\n"
      "x = torch.batch_norm(x, self.scale, self.shift, self.average, self.variance, False, 0.1, "
      "0.001, False)\n"
      "return torch.linear(x.mean([2, 3, 4]), self.linear, None)[:, :5]";
  ASSERT_EQ(failure_of(lines), "none");
  const auto failure_with = [&](const std::string& name, const Shape& shape) {
    return failure_of(lines, {{name, random(shape)}});
  };
  EXPECT_EQ(failure_with("b", {4}),
            "fails on clips Float [1, 3, 16, 12, 12], is it for the other stream? Given weight of "
            "size [5, 3, 3, 3, 3], expected bias to be 1-dimensional with 5 elements, but got bias "
            "of size [4] instead, in: x0 = torch.conv3d(x, w, b)");
  for (const std::string name : {"b", "scale", "shift", "average", "variance"}) {
    const std::string operation = name == "b" ? "torch.conv3d(" : "torch.batch_norm(";
    for (const Shape& shape : {Shape{1}, Shape{4}, Shape{6}, Shape{4096}, Shape{}}) {
      const std::string failure = failure_with(name, shape);
      EXPECT_NE(failure.find(operation), std::string::npos) << name << to_string(shape) << failure;
    }
  }
  for (const Shape& shape : {Shape{5, 4, 3, 3, 3}, Shape{5, 3, 3, 3}, Shape{0, 3, 3, 3, 3}}) {
    const std::string failure = failure_with("w", shape);
    EXPECT_NE(failure.find("torch.conv3d("), std::string::npos) << to_string(shape) << failure;
  }
  for (const Shape& shape : {Shape{6, 4}, Shape{6, 5, 1}}) {
    const std::string failure = failure_with("linear", shape);
    EXPECT_NE(failure.find("torch.linear("), std::string::npos) << to_string(shape) << failure;
  }
}

// Networks with side effects.

TEST_F(StrangersNetwork, PrintsIntoTheLog) {
  testing::internal::CaptureStdout();
  features(load("print('seen', x.size(2))\nreturn torch.conv3d(x, self.w).mean([2, 3, 4])"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_NE(log_.lines().find("info: printed by a network: seen 16\n"), std::string::npos)
      << log_.lines();
}

// With torch.jit.fork, as Python has it and saved code.
struct ResolverWithFork : torch::jit::NativeResolver {
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(
      const std::string& name, torch::jit::GraphFunction& function,
      const torch::jit::SourceRange& where) override {
    if (name == "fork") return torch::jit::SpecialFormValue::create(c10::prim::fork);
    return NativeResolver::resolveValue(name, function, where);
  }
};

TEST_F(StrangersNetwork, ForksNoThread) {
  for (const char* branch : {kCompiled, kNotCompiled}) {
    Module module("Forking");
    module.register_module("branch", test::module_of(branch, parameters()));
    module.define(
        "def forward(self, x: Tensor):\n"
        "    y = fork(self.branch.forward, x)\n"
        "    return torch.wait(y)\n",
        std::make_shared<ResolverWithFork>());
    const I3d i3d = load(module);
    const auto before = test::threads_of_this_process();
    const torch::Tensor got = features(i3d);
    EXPECT_EQ(test::threads_of_this_process(), before);
    EXPECT_EQ(i3d.is_compiled(), branch == kCompiled && test::what_onednn_lacks().empty());
    expect_near(got, test::features_in_libtorch(file_, clip_));
  }
}

}  // namespace
}  // namespace co2net
