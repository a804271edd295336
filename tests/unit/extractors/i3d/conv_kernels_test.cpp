// Each instruction set's kernels, against plain loops in double precision.

#include "extractors/i3d/conv_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "extractors/i3d/phases.h"
#include "tests/support.h"

namespace co2net {
namespace {

constexpr float kUntouched = 12345;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::mt19937 chance(1);

std::int64_t between(std::int64_t first, std::int64_t last) {
  return std::uniform_int_distribution<std::int64_t>(first, last)(chance);
}
float signed_value() { return std::uniform_real_distribution<float>(-1, 1)(chance); }

// Memory for a volume whose positions are `gap` floats further apart than they need be.
struct Held {
  Held(const Size3& size, std::int64_t channels, std::int64_t gap, float fill)
      : volume{nullptr, size, round_up(channels, kPanel), round_up(channels, kPanel) + gap},
        count(channels) {
    values.assign(volume.positions() * volume.step, fill);
    volume.data = values.data();
  }
  Held(const Held&) = delete;

  void fill_with_random_values() {
    for (std::int64_t i = 0; i < volume.positions(); ++i) {
      std::generate_n(volume.data + i * volume.step, count, signed_value);
    }
  }

  // At one of the positions, or 0 outside.
  double at(std::int64_t t, std::int64_t y, std::int64_t x, std::int64_t channel) const {
    const auto [times, height, width] = volume.size;
    const bool exists = 0 <= t && t < times && 0 <= y && y < height && 0 <= x && x < width;
    return exists ? volume.at(t, y, x)[channel] : 0;
  }

  Floats values;
  Volume volume;
  std::int64_t count;  // of the channels that mean something
};

// Calls work(t, y, x) for all positions.
template <class Work>
void for_each_position(const Size3& size, const Work& work) {
  for (std::int64_t t = 0; t < size[0]; ++t) {
    for (std::int64_t y = 0; y < size[1]; ++y) {
      for (std::int64_t x = 0; x < size[2]; ++x) work(t, y, x);
    }
  }
}

struct Shape {
  Size3 kernel, pad, source, result;
  std::int64_t inputs, outputs, stride = 1;
};

void PrintTo(const Shape& s, std::ostream* out) {
  const auto text = [](const Size3& size) {
    return to_string(co2net::Shape(size.begin(), size.end()));
  };
  *out << text(s.kernel) << " pad " << text(s.pad) << ", " << s.inputs << " x " << text(s.source)
       << " -> " << s.outputs << " x " << text(s.result);
}

// [outputs][positions], without ReLU.
std::vector<double> convolve(const Shape& s, const Held& source, const Array& weights,
                             const Floats& bias) {
  std::vector<double> sums;
  for (std::int64_t o = 0; o < s.outputs; ++o) {
    for_each_position(s.result, [&](std::int64_t t, std::int64_t y, std::int64_t x) {
      double sum = bias[o];
      const float* weight = weights.row(o);
      for (std::int64_t i = 0; i < s.inputs; ++i) {
        for_each_position(s.kernel, [&](std::int64_t dt, std::int64_t dy, std::int64_t dx) {
          sum += *weight++ * source.at(s.stride * t + dt - s.pad[0], s.stride * y + dy - s.pad[1],
                                       s.stride * x + dx - s.pad[2], i);
        });
      }
      sums.push_back(sum);
    });
  }
  return sums;
}

// The largest difference over the largest value.
double error_of(const Held& got, const std::vector<double>& want) {
  double largest = 1e-30, difference = 0;
  std::size_t i = 0;
  for (std::int64_t o = 0; o < got.count; ++o) {
    for_each_position(got.volume.size, [&](std::int64_t t, std::int64_t y, std::int64_t x) {
      const double error = std::abs(got.at(t, y, x, o) - want[i]);
      difference = std::isnan(error) ? error : std::max(difference, error);
      largest = std::max(largest, std::abs(want[i++]));
    });
  }
  return difference / largest;
}

// Channels that fill up a panel are zero, and what lies between positions is as it was.
void expect_nothing_beside(const Held& result) {
  for (std::int64_t i = 0; i < result.volume.positions(); ++i) {
    const float* values = result.volume.data + i * result.volume.step;
    for (std::int64_t c = result.count; c < result.volume.step; ++c) {
      ASSERT_EQ(values[c], c < result.volume.channels ? 0 : kUntouched) << "position " << i;
    }
  }
}

class ConvKernelsOf : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto is_wanted = [](const ConvKernels& kernels) { return kernels.name == GetParam(); };
    const auto found = std::ranges::find_if(conv_kernels(), is_wanted);
    if (found == conv_kernels().end()) GTEST_SKIP() << test::kMachineLacks << GetParam();
    kernels_ = &*found;
  }

  const ConvKernels* kernels_ = nullptr;
};

Array random_weights(const Shape& s) {
  Array weights({s.outputs, s.inputs, s.kernel[0], s.kernel[1], s.kernel[2]});
  std::generate(weights.values.begin(), weights.values.end(), signed_value);
  return weights;
}

Floats random_bias(std::int64_t outputs) {
  Floats bias(round_up(outputs, kPanel));
  std::generate_n(bias.begin(), outputs, signed_value);
  return bias;
}

// Into memory that held NaN.
void convolve_by_winograd(const ConvKernels& kernels, WinogradConvolution& convolution,
                          const Array& weights, const Held& source, const Held& result) {
  convolution.taps = weights.dim(2);
  convolution.source = source.volume.size;
  convolution.result = result.volume.size;
  convolution.depth = source.count;
  convolution.channels = result.volume.channels;
  plan_winograd(convolution);
  fill_weights(convolution, weights);
  Floats scratch(scratch_of(convolution).total(), kNan);
  kernels.winograd(convolution, source.volume, result.volume, scratch.data());
}

// The error of a convolution without ReLU (up to 5e-6 was seen with three taps, 9e-6 with four);
// checks that one with it is its positive part.
double winograd_error(const ConvKernels& kernels, const Shape& s) {
  Held source(s.source, s.inputs, kPanel * between(0, 1), kNan);
  source.fill_with_random_values();
  const Array weights = random_weights(s);
  WinogradConvolution convolution{.pad = s.pad, .bias = random_bias(s.outputs)};
  const std::int64_t gap = kPanel * between(0, 2);
  Held result(s.result, s.outputs, gap, kUntouched), positive(s.result, s.outputs, gap, kUntouched);
  convolve_by_winograd(kernels, convolution, weights, source, result);
  convolution.relu = true;
  convolve_by_winograd(kernels, convolution, weights, source, positive);

  expect_nothing_beside(result);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    EXPECT_EQ(positive.values[i], std::max(0.f, result.values[i]));
  }
  return error_of(result, convolve(s, source, weights, convolution.bias));
}

// Of a convolution of stride 2 by its phases.
double phases_error(const ConvKernels& kernels, const Shape& s) {
  Held clip(s.source, s.inputs, 0, 0);
  clip.fill_with_random_values();
  std::vector<float> planes;
  for (std::int64_t c = 0; c < s.inputs; ++c) {
    for_each_position(s.source, [&](std::int64_t t, std::int64_t y, std::int64_t x) {
      planes.push_back(clip.volume.at(t, y, x)[c]);
    });
  }
  Held phases(phases_size(s.source), kPhases * s.inputs, kPanel, kNan);
  split_phases(planes.data(), s.inputs, s.source, phases.volume);
  const Array weights = random_weights(s);
  WinogradConvolution convolution{.pad = phases_pad(s.pad), .bias = random_bias(s.outputs)};
  Held result(s.result, s.outputs, 0, kUntouched);
  convolve_by_winograd(kernels, convolution, phases_weights(weights, s.pad), phases, result);
  expect_nothing_beside(result);
  return error_of(result, convolve(s, clip, weights, convolution.bias));
}

Shape same(std::int64_t inputs, std::int64_t outputs, const Size3& size) {
  return {{3, 3, 3}, {1, 1, 1}, size, size, inputs, outputs};
}

// With paddings of 0 to 2.
Shape random_shape(std::int64_t taps) {
  Shape s{{taps, taps, taps}, {}, {}, {}, between(1, 40), between(1, 100)};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    s.source[axis] = between(1, axis == 0 ? 9 : 15);
    s.pad[axis] = between(0, 2);
    s.result[axis] =
        std::max<std::int64_t>(1, s.source[axis] + s.pad[axis] + between(0, 2) - taps + 1);
  }
  return s;
}

TEST_P(ConvKernelsOf, ConvolveThreeTapsAsInDoublePrecision) {
  std::vector<Shape> shapes = {
      same(1, 1, {1, 1, 1}),    same(17, 16, {2, 2, 2}),  same(1, 17, {3, 5, 5}),
      same(16, 48, {4, 7, 7}),  same(24, 64, {2, 7, 7}),  same(17, 80, {4, 14, 14}),
      same(32, 32, {8, 28, 5}), same(3, 17, {9, 1, 28}),  same(20, 33, {5, 13, 29}),
      same(8, 96, {6, 14, 3}),  same(64, 16, {7, 4, 16}),
  };
  for (int i = 0; i < 15; ++i) shapes.push_back(random_shape(3));
  for (const Shape& shape : shapes) {
    EXPECT_LT(winograd_error(*kernels_, shape), 8e-6) << testing::PrintToString(shape);
  }
}

TEST_P(ConvKernelsOf, ConvolveFourTapsAsInDoublePrecision) {
  std::vector<Shape> shapes = {
      {{4, 4, 4}, {1, 1, 1}, {8, 28, 28}, {8, 28, 28}, 24, 64},
      {{4, 4, 4}, {2, 2, 2}, {8, 28, 28}, {8, 28, 28}, 16, 64},
  };
  for (int i = 0; i < 15; ++i) shapes.push_back(random_shape(4));
  for (const Shape& shape : shapes) {
    EXPECT_LT(winograd_error(*kernels_, shape), 2e-5) << testing::PrintToString(shape);
  }
}

TEST_P(ConvKernelsOf, ConvolveSevenTapsOfStrideTwoByPhasesAsInDoublePrecision) {
  for (int i = 0; i < 12; ++i) {
    Shape s{{7, 7, 7}, {}, {}, {}, between(1, 4), between(1, 40), 2};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      s.pad[axis] = between(0, 4);
      s.source[axis] = between(axis == 0 ? 5 : 9, axis == 0 ? 9 : 31);
      const std::int64_t pad_end = between(2, 3);
      s.result[axis] = (s.source[axis] + s.pad[axis] + pad_end - 7) / 2 + 1;
    }
    EXPECT_LT(phases_error(*kernels_, s), 2e-5) << testing::PrintToString(s);
  }
}

TEST_P(ConvKernelsOf, MultiplyAsInDoublePrecision) {
  for (int i = 0; i < 40; ++i) {
    const Size3 size{between(1, 3), between(1, 9), between(1, 9)};
    const Shape s{{1, 1, 1}, {}, size, size, between(1, 70), between(1, 100)};
    Held source(size, s.inputs, kPanel * between(0, 1), kNan);
    source.fill_with_random_values();
    const Array weights = random_weights(s);
    const Floats bias = random_bias(s.outputs);
    Held result(size, s.outputs, kPanel * between(0, 1), kUntouched);
    const std::int64_t channels = result.volume.channels;
    std::vector<PanelResult> panels;
    for (std::int64_t o = 0; o < channels; o += kPanel) {
      panels.push_back({result.volume.data + o, result.volume.step, &bias[o], -1.f});
    }
    const Floats packed = pack_pointwise(weights, channels);
    kernels_->pointwise(source.volume.data, source.volume.positions(), source.volume.step, s.inputs,
                        packed.data(), panels);
    std::vector<double> want = convolve(s, source, weights, bias);
    for (double& value : want) value = std::max(-1., value);
    EXPECT_LT(error_of(result, want), 1e-6) << testing::PrintToString(s);
    expect_nothing_beside(result);
  }
}

// What a pool gives for one channel's values in a window.
using PoolOf = double(const std::vector<double>&);

void expect_pool(decltype(ConvKernels::max_pool) pool, PoolOf* pool_of, std::int64_t most_pad) {
  for (int i = 0; i < 30; ++i) {
    PoolWindows windows{};
    Size3 size{}, result_size{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      windows.kernel[axis] = between(1, 3);
      windows.stride[axis] = between(1, 3);
      windows.pad[axis] = between(0, std::min(most_pad, windows.kernel[axis] / 2));
      size[axis] = between(windows.kernel[axis], 9);
      result_size[axis] =
          (size[axis] + 2 * windows.pad[axis] - windows.kernel[axis]) / windows.stride[axis] + 1;
    }
    Held source(size, between(1, 40), kPanel * between(0, 1), 0);
    source.fill_with_random_values();
    Held result(result_size, source.count, kPanel * between(0, 1), kUntouched);
    pool(windows, source.volume, result.volume);
    for_each_position(result_size, [&](std::int64_t t, std::int64_t y, std::int64_t x) {
      for (std::int64_t c = 0; c < source.count; ++c) {
        std::vector<double> values;
        for_each_position(windows.kernel, [&](std::int64_t dt, std::int64_t dy, std::int64_t dx) {
          const Size3 at{t * windows.stride[0] - windows.pad[0] + dt,
                         y * windows.stride[1] - windows.pad[1] + dy,
                         x * windows.stride[2] - windows.pad[2] + dx};
          const auto exists = [&](std::size_t axis) {
            return 0 <= at[axis] && at[axis] < size[axis];
          };
          if (exists(0) && exists(1) && exists(2)) {
            values.push_back(source.at(at[0], at[1], at[2], c));
          }
        });
        ASSERT_EQ(static_cast<float>(result.at(t, y, x, c)), static_cast<float>(pool_of(values)));
      }
    });
    expect_nothing_beside(result);
  }
}

TEST_P(ConvKernelsOf, TakeTheLargestOfEachWindow) {
  expect_pool(
      kernels_->max_pool,
      [](const std::vector<double>& values) { return std::ranges::max(values); }, 1);
}

TEST_P(ConvKernelsOf, AverageWindowsInDoublePrecision) {
  expect_pool(
      kernels_->average_pool,
      [](const std::vector<double>& values) {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
      },
      0);
}

INSTANTIATE_TEST_SUITE_P(Each, ConvKernelsOf, testing::ValuesIn(compiled_conv_kernels()),
                         [](const auto& name) { return name.param; });

TEST(ConvKernels, AreCompiledForPlainCode) {
  EXPECT_FALSE(conv_kernels().empty());
  EXPECT_LE(conv_kernels().size(), compiled_conv_kernels().size());
}

}  // namespace
}  // namespace co2net
