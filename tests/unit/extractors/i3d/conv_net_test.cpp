// TorchScript -> ConvNet -> CpuNet, against libtorch.

#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "extractors/i3d/conv_kernels.h"
#include "extractors/i3d/cpu_net.h"
#include "extractors/i3d/i3d.h"
#include "extractors/i3d/i3d_network.h"
#include "extractors/i3d/torchscript_conv_net.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"
#include "tests/support.h"
#include "tests/unit/extractors/i3d/scripted.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using test::LogCapture;
using test::module_of;
using test::Parameters;

torch::Tensor random(const Shape& shape) {
  torch::manual_seed(1);
  return torch::rand(shape) * 2 - 1;
}

ConvNet read(const torch::jit::Module& module, const Shape& input_shape) {
  return read_conv_net(module, input_shape);
}

constexpr double kTolerance = 1e-5, kWinogradTolerance = 5e-5;

// Runs a clip by each of this CPU's kernels: the largest difference from libtorch's result must be
// small beside its largest value.
void expect_libtorchs_result(const torch::jit::Module& module, const Shape& input_shape) {
  use_one_thread_a_call();
  const torch::InferenceMode no_grad;
  const torch::Tensor input = random(input_shape);
  const torch::Tensor want = module.get_method("forward")({input.clone()}).toTensor();
  for (const ConvKernels& kernels : conv_kernels()) {
    const CpuNet net(read(module, input_shape), kernels);
    torch::Tensor got = torch::empty(net.output_shape());
    net.run(input.data_ptr<float>(), got.data_ptr<float>());
    ASSERT_EQ(got.sizes(), want.sizes());
    EXPECT_LT(((got - want).abs().max() / want.abs().max()).item<double>(),
              net.winograd_layers() > 0 ? kWinogradTolerance : kTolerance)
        << kernels.name;
  }
}

struct Case {
  std::string name, lines;
  Shape input;
  int winograd_layers = 0;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

// Of odd numbers of channels, so that no layer fills blocks, and of 16 and 32, which do.
const Parameters& parameters() {
  static const Parameters kParameters = {
      {"w5", random({5, 3, 3, 3, 3})},    {"w1", random({20, 3, 1, 1, 1})},
      {"w20", random({7, 20, 3, 3, 3})},  {"w16", random({16, 3, 1, 1, 1})},
      {"w32", random({32, 16, 3, 3, 3})}, {"w25", random({9, 25, 1, 1, 1})},
      {"stem", random({8, 3, 7, 7, 7})},  {"bias", random({5})},
      {"scale", random({5}) + 2},         {"shift", random({5})},
      {"average", random({5})},           {"variance", random({5}) + 2},
      {"w55", random({5, 5, 1, 1, 1})},   {"w515", random({15, 5, 1, 1, 1})},
      {"w55k", random({5, 5, 1, 3, 3})},
  };
  return kParameters;
}

#define SKIP_WITHOUT_ONEDNN()                                                \
  if (const std::string lacks = test::what_onednn_lacks(); !lacks.empty()) { \
    GTEST_SKIP() << test::kMachineLacks << "what oneDNN needs: " << lacks;   \
  }                                                                          \
  static_assert(true)

// Skips its tests on a CPU that lacks what oneDNN needs.
template <class Parameter>
class CpuNetTest : public testing::TestWithParam<Parameter> {
 protected:
  void SetUp() override { SKIP_WITHOUT_ONEDNN(); }
};

using EqualsLibtorch = CpuNetTest<Case>;

TEST_P(EqualsLibtorch, WithinTheTolerance) {
  const Case& network = GetParam();
  expect_libtorchs_result(module_of(network.lines, parameters()), network.input);
}

TEST_P(EqualsLibtorch, ByWinogradWhereTheShapeAllows) {
  const Case& network = GetParam();
  const CpuNet net(read(module_of(network.lines, parameters()), network.input));
  EXPECT_EQ(net.winograd_layers(), network.winograd_layers);
}

const Case kNetworks[] = {
    {"Convolution",
     "return torch.conv3d(x, self.w5, self.bias, [1, 2, 2], [1, 0, 1])",
     {1, 3, 6, 11, 9}},
    {"TracedConvolutionWithoutBias",
     "return torch._convolution(x, self.w5, None, [1, 1, 1], [1, 1, 1], [1, 1, 1], False, "
     "[0, 0, 0], 1, False, False, True, True)",
     {1, 3, 4, 9, 9}},
    {"ConvolutionWithNamedPadding",
     "return torch.conv3d(x, self.w5, padding='same')",
     {1, 3, 4, 9, 9}},
    {"Stem",
     "x = torch.constant_pad_nd(x, [2, 3, 2, 3, 2, 3], 0.0)\n"
     "return torch.relu(torch.conv3d(x, self.stem, None, [2, 2, 2]))",
     {1, 3, 8, 20, 20},
     1},
    {"StemWithEqualPadding",
     "return torch.relu(torch.conv3d(x, self.stem, None, [2, 2, 2], [3, 3, 3]))",
     {1, 3, 7, 23, 18},
     1},
    {"SamePaddingFromTheSize",
     "pads = [0]\n"
     "pads.clear()\n"
     "for i in range(3):\n"
     "    size = x.size(4 - i)\n"
     "    if size % 2 == 0:\n"
     "        total = max(3 - 2, 0)\n"
     "    else:\n"
     "        total = max(3 - size % 2, 0)\n"
     "    pads += [total // 2, total - total // 2]\n"
     "x = torch.constant_pad_nd(x, pads, 0.0)\n"
     "return torch.relu(torch.conv3d(x, self.w5, None, [2, 2, 2]))",
     {1, 3, 6, 11, 8}},
    {"UnpackedSize",
     "n, c, t, h, w = x.size()\n"
     "x = torch.conv3d(x, self.w5, self.bias)\n"
     "return x.view([n, 5 * (t - 2), (h - 2) * (w - 2)])",
     {1, 3, 4, 6, 6}},
    {"BatchNormalisation",
     "x = torch.conv3d(x, self.w5)\n"
     "x = torch.batch_norm(x, self.scale, self.shift, self.average, self.variance, False, 0.1, "
     "0.001, False)\n"
     "return torch.relu_(x)",
     {1, 3, 4, 8, 8}},
    {"WinogradWithTapsOfTimeOneByOne",
     "x = torch.relu(torch.conv3d(x, self.w16))\n"
     "return torch.relu(torch.conv3d(x, self.w32, None, [1, 1, 1], [1, 1, 1]))",
     {1, 3, 3, 30, 29},
     1},
    {"WinogradOverTime",
     "x = torch.conv3d(x, self.w16)\n"
     "return torch.conv3d(x, self.w32, None, [1, 1, 1], [1, 1, 1])",
     {1, 3, 8, 14, 14},
     1},
    {"WinogradOfChannelsThatDoNotFillPanels",
     "x = torch.relu(torch.conv3d(x, self.w1))\n"
     "return torch.conv3d(x, self.w20, None, [1, 1, 1], [1, 1, 1])",
     {1, 3, 2, 9, 9},
     1},
    {"WinogradOfAConcatenationWithGaps",
     "a = torch.conv3d(x, self.w5, None, 1, 1)\n"
     "b = torch.conv3d(a, self.w515)\n"
     "return torch.conv3d(torch.cat([a, b], 1), self.w20, None, 1, 1)",
     {1, 3, 6, 9, 11},
     1},
    {"StridedConvolutionsOfAndIntoAConcatenation",
     "a = torch.conv3d(x, self.w5, None, 2, 1)\n"
     "b = torch.conv3d(a, self.w515, None, 1, 0)\n"
     "c = torch.conv3d(a, self.w55k, None, 1, [0, 1, 1])\n"
     "return torch.cat([a, b, c, torch.conv3d(c, self.w55k, None, 1, [0, 1, 1])], 1)",
     {1, 3, 6, 9, 11}},
    {"MaxPoolOfSignedValues",
     "x = torch.conv3d(x, self.w5)\n"
     "return torch.max_pool3d(x, [3, 3, 3], [2, 2, 2], [1, 1, 1])",
     {1, 3, 7, 12, 11}},
    {"MaxPoolThatOverhangs",
     "x = torch.conv3d(x, self.w5)\n"
     "return torch.max_pool3d(x, [1, 3, 3], [1, 2, 2], ceil_mode=True)",
     {1, 3, 5, 12, 11}},
    {"MaxPoolWhoseLastWindowWouldBeginOutside",
     "x = torch.conv3d(x, self.w5)\n"
     "return torch.max_pool3d(x, [2, 2, 2], [2, 2, 2], [1, 1, 1], ceil_mode=True)",
     {1, 3, 5, 11, 11}},
    {"MaxPoolOfPaddedValues",
     "x = torch.relu(torch.conv3d(x, self.w5))\n"
     "x = torch.constant_pad_nd(x, [0, 1, 0, 1, 1, 1], 0.0)\n"
     "return torch.max_pool3d(x, [3, 3, 3], [1, 2, 2])",
     {1, 3, 5, 12, 12}},
    {"TheClipItself", "return x.flatten(1)", {1, 3, 2, 4, 5}},
    {"Branches",
     "a = torch.conv3d(x, self.w1)\n"
     "b = torch.relu(torch.conv3d(x, self.w5, None, [1, 1, 1], [1, 1, 1]))\n"
     "return torch.conv3d(torch.cat([a, b], 1), self.w25)",
     {1, 3, 3, 6, 6}},
    {"NestedAndRepeatedBranches",
     "a = torch.conv3d(x, self.w1)\n"
     "b = torch.conv3d(x, self.w5, None, [1, 1, 1], [1, 1, 1])\n"
     "inner = torch.cat([b, a, torch.max_pool3d(a, [3, 3, 3], [1, 1, 1], [1, 1, 1])], 1)\n"
     "return torch.cat([a, inner, b, b, torch.cat([a, b], 1)], 1)",
     {1, 3, 3, 6, 6}},
    {"AveragePoolAndFlatten",
     "return torch.avg_pool3d(torch.conv3d(x, self.w5), [2, 6, 6]).flatten(1)",
     {1, 3, 4, 8, 8}},
    {"AveragePoolOfOverlappingWindows",
     "x = torch.avg_pool3d(torch.conv3d(x, self.w5), [2, 3, 3], [1, 1, 1])\n"
     "return x.squeeze(0)",
     {1, 3, 4, 8, 8}},
    {"AdaptiveAveragePool",
     "return torch.adaptive_avg_pool3d(torch.conv3d(x, self.w5), [1, 2, 3]).squeeze(2)",
     {1, 3, 4, 8, 8}},
    {"MeanOfAllAtOnce", "return torch.conv3d(x, self.w5).mean([2, 3, -1])", {1, 3, 4, 8, 8}},
    {"MeanKeepingAxes", "return torch.conv3d(x, self.w5).mean([2, 4], True)", {1, 3, 4, 8, 9}},
    {"MeanAxisByAxis", "return torch.conv3d(x, self.w5).mean(3).mean(3).mean(2)", {1, 3, 4, 8, 9}},
    {"MeanAfterSqueeze",
     "x = torch.avg_pool3d(torch.conv3d(x, self.w5), [1, 6, 6])\n"
     "return torch.dropout(x.squeeze(4).squeeze(3), 0.5, False).mean(2)",
     {1, 3, 5, 8, 8}},
    {"MeanOfThousandsOfValues",
     "return torch.conv3d(x, self.w5, self.bias, 1, 8).mean([2, 3, 4])",
     {1, 3, 16, 48, 48}},
    {"ReluOfWhatIsNotNegative",
     "x = torch.max_pool3d(torch.relu(torch.conv3d(x, self.w5)), [2, 2, 2])\n"
     "return torch.relu(torch.cat([x, x], 1))",
     {1, 3, 4, 8, 8}},
};
INSTANTIATE_TEST_SUITE_P(Networks, EqualsLibtorch, testing::ValuesIn(kNetworks), name_of);

TEST(ConvNet, FoldsBatchNormalisationAndReluIntoTheConvolution) {
  const Case& network = kNetworks[7];
  ASSERT_EQ(network.name, "BatchNormalisation");
  const ConvNet net = read(module_of(network.lines, parameters()), network.input);
  ASSERT_EQ(net.layers.size(), 2u);
  EXPECT_EQ(net.layers[1].kind, ConvLayer::Kind::kConvolution);
  EXPECT_TRUE(net.layers[1].relu);
}

TEST(ConvNet, PutsPaddingIntoTheConvolution) {
  const Case& network = kNetworks[3];
  ASSERT_EQ(network.name, "Stem");
  const ConvNet net = read(module_of(network.lines, parameters()), network.input);
  ASSERT_EQ(net.layers.size(), 2u);
  EXPECT_EQ(net.layers[1].pad_begin, (Size3{2, 2, 2}));
  EXPECT_EQ(net.layers[1].pad_end, (Size3{3, 3, 3}));
  EXPECT_EQ(net.layers[1].size, (Size3{4, 10, 10}));
}

std::string refusal_of(const std::string& lines) {
  try {
    const CpuNet net(read(module_of(lines, parameters()), {1, 3, 4, 8, 8}));
  } catch (const UnsupportedNetwork& e) {
    return e.what();
  }
  return "none";
}

TEST(ConvNet, NamesTheOperatorThatItCannotExpress) {
  const std::string convolution = "x = torch.conv3d(x, self.w5)\n";
  EXPECT_EQ(refusal_of(convolution + "return torch.sigmoid(x)"),
            "aten::sigmoid: an operator that is not known");
  EXPECT_EQ(refusal_of(convolution + "return torch.cat([x, torch.relu(x)], 1)"),
            "prim::ListConstruct: takes what an operator before it has become part of");
  EXPECT_EQ(refusal_of(convolution +
                       "y = torch.conv3d(x, self.w55)\nreturn torch.cat([y, torch.relu(x)], 1)"),
            "aten::relu: does not directly follow a convolution of its own");
  EXPECT_EQ(refusal_of("self.w5.mul_(2)\n" + convolution + "return x"),
            "aten::mul_: changes a constant");
  EXPECT_EQ(refusal_of("self.count = 1\n" + convolution + "return x"),
            "prim::SetAttr: changes the network");
  EXPECT_EQ(refusal_of("self.stride.append(1)\nreturn torch.conv3d(x, self.w5, None, self.stride)"),
            "prim::GetAttr: is a list, of which some are changed");
  EXPECT_EQ(refusal_of("return torch.relu(x)"),
            "aten::relu: does not directly follow a convolution of its own");
  EXPECT_EQ(refusal_of(convolution + "return torch.cat([x, x], 2)"),
            "aten::cat: joins something else than channels");
  EXPECT_EQ(refusal_of(convolution + "return x.mean(1)"), "aten::mean: over channels");
  EXPECT_EQ(refusal_of(convolution + "return torch.constant_pad_nd(x, [1, 1], 0.0)"),
            "prim::Return: follows a padding");
  EXPECT_EQ(refusal_of(convolution + "return torch.dropout(x, 0.5, True)"),
            "aten::dropout: in training mode");
  EXPECT_EQ(refusal_of("x = torch.constant_pad_nd(x, [1, 1], 1.0)\n" + convolution + "return x"),
            "aten::constant_pad_nd: pads with something else than zeros");
  EXPECT_EQ(refusal_of(convolution + "x = torch.constant_pad_nd(x, [1, 1], 0.0)\n"
                                     "return torch.max_pool3d(x, [2, 2, 2])"),
            "aten::max_pool3d: zeros around values that may be negative");
  EXPECT_EQ(refusal_of(convolution + "if bool(x.sum() > 0):\n    x = torch.sigmoid(x)\nreturn x"),
            "aten::sum: an operator that is not known");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w20)"),
            "aten::conv3d: weight is [7, 20, 3, 3, 3] where [*, 3, *, *, *] is wanted");
}

TEST(ConvNet, NamesTheOperatorWhoseArgumentsItDoesNotTake) {
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, self.w1)"),
            "aten::conv3d: bias is [20, 3, 1, 1, 1] where [5] is wanted");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, self.bias[:4])"),
            "aten::conv3d: bias is [4] where [5] is wanted");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5.double())"),
            "aten::conv3d: weight is CPUDoubleType");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5[:0])"),
            "aten::conv3d: weight is [0, 3, 3, 3, 3] where [*, 3, *, *, *] is wanted");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, [1, 0, 1])"),
            "aten::conv3d: stride of 0");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, 1, [0, -1, 0])"),
            "aten::conv3d: padding of -1");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, 1, 4611686018427387904)"),
            "aten::conv3d: padding of 4611686018427387904");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, 1, 1000)"),
            "aten::conv3d: a result [1, 5, 2002, 2006, 2006]");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, 2, 'same')"),
            "aten::conv3d: padding 'same'");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, None, 1, 'full')"),
            "aten::conv3d: padding 'full'");
  EXPECT_EQ(refusal_of("return torch.conv3d(x, self.w5, torch.rand([5]))"),
            "aten::rand: gives random numbers");
  const std::string convolution = "x = torch.conv3d(x, self.w5)\n";
  EXPECT_EQ(refusal_of(convolution + "return torch.max_pool3d(x, 0)"),
            "aten::max_pool3d: kernel_size of 0");
  EXPECT_EQ(refusal_of(convolution + "return torch.max_pool3d(x, 2, 0)"),
            "aten::max_pool3d: stride of 0");
  EXPECT_EQ(refusal_of(convolution + "return torch.max_pool3d(x, 2, 1, [0, 2, 1])"),
            "aten::max_pool3d: a window outside of its input [1, 5, 2, 6, 6]");
  EXPECT_EQ(refusal_of(convolution + "return torch.max_pool3d(x, [1, 3, 3], 1, [0, 2, 1])"),
            "aten::max_pool3d: pads by more than half of a window");
  EXPECT_EQ(refusal_of(convolution + "return torch.avg_pool3d(x, 2, -1)"),
            "aten::avg_pool3d: stride of -1");
  EXPECT_EQ(refusal_of(convolution + "return torch.constant_pad_nd(x, [1])"),
            "aten::constant_pad_nd: pads 1 ends of [1, 5, 2, 6, 6]");
  EXPECT_EQ(refusal_of(convolution + "return x.mean([2], dtype=7)"),
            "aten::mean: changes the type");
  EXPECT_EQ(refusal_of(convolution + "return torch.batch_norm(x, self.scale, self.shift, "
                                     "self.average, self.variance, True, 0.1, 0.001, False)"),
            "aten::batch_norm: in training mode");
  EXPECT_EQ(refusal_of(convolution + "return torch.batch_norm(x, self.scale, self.shift, "
                                     "self.average[:2], self.variance, False, 0.1, 0.001, False)"),
            "aten::batch_norm: running_mean is [2] where [5] is wanted");
}

TEST(ConvNet, NamesTheModuleWhoseOperatorItCannotExpress) {
  torch::jit::Module gate("Gate"), network("Network");
  gate.define("def forward(self, x: Tensor):\n    return torch.sigmoid(x)\n");
  network.register_module("gate", gate);
  network.define("def forward(self, x: Tensor):\n    return self.gate.forward(x)\n");
  network.register_attribute("training", c10::BoolType::get(), false);
  try {
    read(network, {1, 3, 4, 8, 8});
    FAIL();
  } catch (const UnsupportedNetwork& e) {
    EXPECT_STREQ(e.what(), "aten::sigmoid in gate(Gate): an operator that is not known");
  }
}

TEST(ConvNet, IsNotRunWithWeightsThatAreNotFinite) {
  const torch::Tensor weights = random({5, 3, 3, 3, 3});
  weights[0][0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  const ConvNet net =
      read(module_of("return torch.conv3d(x, self.w)", {{"w", weights}}), {1, 3, 4, 8, 8});
  EXPECT_THROW(CpuNet{net}, UnsupportedNetwork);
}

TEST(I3d, ComputesOnTheCallingThreadAlone) {
  const TempDir dir;
  const auto file = dir.path() / "i3d.pt";
  save_i3d(file, {.channels = 2, .width = 1. / 16}, he_uniform(1));
  const Array clip({1, 2, 16, 224, 224});
  std::ptrdiff_t before = 0, after = 0;
  std::thread([&] {
    const I3d i3d(file, {.channels = 2, .feature_size = 64});
    std::thread([&] {
      before = test::threads_of_this_process();
      i3d.features(clip);
      after = test::threads_of_this_process();
    }).join();
  }).join();
  EXPECT_EQ(before, after);
}

// A small I3D as TorchScript reads it.
ConvNet small_i3d() {
  const TempDir dir;
  const auto file = dir.path() / "i3d.pt";
  save_i3d(file, {.channels = 2, .width = 1. / 16}, he_uniform(1));
  return read(torch::jit::load(file.string()), {1, 2, 16, 224, 224});
}

std::vector<float> result_of(const CpuNet& net, const torch::Tensor& clip) {
  std::vector<float> result(static_cast<std::size_t>(element_count(net.output_shape())));
  net.run(clip.data_ptr<float>(), result.data());
  return result;
}

TEST(CpuNet, GivesTheSameBytesOnManyThreadsAtOnce) {
  use_one_thread_a_call();
  const CpuNet net(small_i3d());
  const torch::Tensor clip = random({1, 2, 16, 224, 224});
  const std::vector<float> want = result_of(net, clip);
  std::vector<std::vector<float>> got(4);
  std::vector<std::thread> threads;
  for (std::vector<float>& result : got) {
    threads.emplace_back([&] { result = result_of(net, clip); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : got) EXPECT_EQ(result, want);
}

TEST(CpuNet, GivesTheSameBytesWhereverOtherNetworksLeftNan) {
  SKIP_WITHOUT_ONEDNN();
  use_one_thread_a_call();
  const torch::Tensor nan =
      torch::full({1, 3, 16, 224, 224}, std::numeric_limits<double>::quiet_NaN());
  const CpuNet filling(
      read(module_of("return torch.conv3d(x, self.w1)", parameters()), nan.sizes().vec()));
  const ConvNet i3d = small_i3d();
  const torch::Tensor clip = random({1, 2, 16, 224, 224});
  for (const ConvKernels& kernels : conv_kernels()) {
    const CpuNet net(i3d, kernels);
    ASSERT_GE(filling.workspace_bytes(), net.workspace_bytes());
    std::vector<float> want;
    std::thread([&] { want = result_of(net, clip); }).join();  // in new memory
    result_of(filling, nan);
    EXPECT_EQ(result_of(net, clip), want) << kernels.name;
  }
}

class WholeI3d : public testing::TestWithParam<I3dArchitecture> {};

TEST_P(WholeI3d, EqualsLibtorchWithinTheTolerance) {
  const TempDir dir;
  const auto file = dir.path() / "i3d.pt";
  save_i3d(file, GetParam(), he_uniform(3));
  expect_libtorchs_result(torch::jit::load(file.string()), {1, GetParam().channels, 16, 224, 224});
}

INSTANTIATE_TEST_SUITE_P(Widths, WholeI3d,
                         testing::Values(I3dArchitecture{.channels = 2, .width = 1. / 16},
                                         I3dArchitecture{.channels = 3, .width = 0.3},
                                         I3dArchitecture{.channels = 2},
                                         I3dArchitecture{.channels = 3}),
                         [](const auto& network) {
                           return std::string(network.param.channels == 2 ? "Flow" : "Rgb") +
                                  std::to_string(std::lround(1000 * network.param.width));
                         });

void expect_libtorchs_features(const I3d& i3d, const torch::jit::Module& module,
                               std::int64_t size) {
  const torch::Tensor clip = random({1, 3, 16, 224, 224});
  const float* values = clip.data_ptr<float>();
  const Array got = i3d.features({clip.sizes().vec(), {values, values + clip.numel()}});
  const torch::Tensor want = module.get_method("forward")({clip}).toTensor().contiguous();
  for (std::int64_t d = 0; d < size; ++d) {
    EXPECT_NEAR(got.row(0)[d], want.data_ptr<float>()[d], kTolerance);
  }
}

TEST(I3d, RunsANetworkWithAnotherOperatorInLibtorchAndNamesIt) {
  const torch::jit::Module module = module_of(
      "x = torch.conv3d(x, self.w5, self.bias, [4, 4, 4])\n"
      "return torch.sigmoid(x).mean([2, 3, 4])",
      parameters());
  const TempDir dir;
  const std::string file = (dir.path() / "i3d.pt").string();
  module.save(file);
  const LogCapture log;
  const I3d i3d(file, {.channels = 3, .feature_size = 5});
  EXPECT_EQ(log.lines(), "warning: " + file +
                             ": runs in libtorch, which is slower: aten::sigmoid: an "
                             "operator that is not known\n");

  expect_libtorchs_features(i3d, module, 5);
}

TEST(I3d, EvaluatesANetworkThatWasSavedInTrainingMode) {
  torch::jit::Module module = module_of(
      "x = torch.conv3d(x, self.w5, self.bias, [4, 32, 32])\n"
      "x = torch.batch_norm(x, self.scale, self.shift, self.average, self.variance, "
      "self.training, 0.1, 0.001, False)\n"
      "return torch.sigmoid(x).mean([2, 3, 4])",
      parameters());
  const TempDir dir;
  const std::string file = (dir.path() / "i3d.pt").string();
  module.train();
  module.save(file);
  module.eval();
  expect_libtorchs_features(I3d(file, {.channels = 3, .feature_size = 5}), module, 5);
}

TEST(I3d, NamesTheLibrariesThatRun) {
  EXPECT_TRUE(I3d::library_version().starts_with("libtorch "));
  EXPECT_NE(I3d::library_version().find(conv_kernels().front().name), std::string::npos);
  EXPECT_NE(I3d::library_version().find(", oneDNN "), std::string::npos);
}

}  // namespace
}  // namespace co2net
