#include "tests/unit/extractors/flow/portable_flow.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace co2net::test {
namespace {

struct Image {
  int width = 0, height = 0;
  std::vector<float> values;

  Image() = default;
  Image(int w, int h) : width(w), height(h), values(static_cast<std::size_t>(w) * h, 0.f) {}
  float& at(int x, int y) { return values[static_cast<std::size_t>(y) * width + x]; }
  float at(int x, int y) const { return values[static_cast<std::size_t>(y) * width + x]; }
  // Beyond the image its edge is seen.
  float seen(int x, int y) const {
    return at(std::clamp(x, 0, width - 1), std::clamp(y, 0, height - 1));
  }
};

// 1. Pyramid.

Image resampled(const Image& from, int width, int height, float x_scale, float y_scale,
                float factor) {
  Image to(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float px = static_cast<float>(x) * x_scale, py = static_cast<float>(y) * y_scale;
      const int left = std::min(static_cast<int>(px), from.width - 1);
      const int top = std::min(static_cast<int>(py), from.height - 1);
      const float wx = px - static_cast<float>(left), wy = py - static_cast<float>(top);
      const float upper = from.at(left, top) * (1.f - wx) + from.seen(left + 1, top) * wx;
      const float lower = from.seen(left, top + 1) * (1.f - wx) + from.seen(left + 1, top + 1) * wx;
      to.at(x, y) = (upper * (1.f - wy) + lower * wy) * factor;
    }
  }
  return to;
}

std::vector<Image> pyramid_of(const cv::Mat& gray, const Recipe::Flow& flow) {
  Image finest(gray.cols, gray.rows);
  for (int y = 0; y < gray.rows; ++y) {
    for (int x = 0; x < gray.cols; ++x) finest.at(x, y) = gray.at<std::uint8_t>(y, x);
  }
  std::vector<Image> levels = {finest};
  while (static_cast<int>(levels.size()) < flow.scales) {
    const Image& last = levels.back();
    const int width = static_cast<int>(std::nearbyint(last.width * flow.scale_step));
    const int height = static_cast<int>(std::nearbyint(last.height * flow.scale_step));
    if (width < 16 || height < 16) break;
    const bool is_same = width == last.width && height == last.height;
    const float scale = is_same ? 1.f : static_cast<float>(1 / flow.scale_step);
    levels.push_back(resampled(last, width, height, scale, scale, 1));
  }
  return levels;
}

// 2. Warp.

struct Gradient {
  Image x, y;
};

Gradient gradient_of(const Image& image) {
  Gradient g{Image(image.width, image.height), Image(image.width, image.height)};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      g.x.at(x, y) = 0.5f * (image.seen(x + 1, y) - image.seen(x - 1, y));
      g.y.at(x, y) = 0.5f * (image.seen(x, y + 1) - image.seen(x, y - 1));
    }
  }
  return g;
}

float near_weight(float x) { return (x * x) * (1.5f * x - 2.5f) + 1.f; }
float far_weight(float x) { return x * (x * (-0.5f * x + 2.5f) - 4.f) + 2.f; }

struct Window {
  int first;
  float weights[4];

  Window(float position, int size) {
    const float clamped = std::min(std::max(position, -3.f), static_cast<float>(size) + 1.f);
    const float whole = std::floor(clamped), t = clamped - whole;
    first = static_cast<int>(whole) - 1;
    weights[0] = far_weight(1.f + t);
    weights[1] = near_weight(t);
    weights[2] = near_weight(1.f - t);
    weights[3] = far_weight(2.f - t);
  }
};

float weighted(const Image& image, const Window& across, const Window& down) {
  float sum = 0, weight_sum = 0;
  for (int j = 0; j < 4; ++j) {
    float row = 0;
    for (int i = 0; i < 4; ++i) {
      const float weight = down.weights[j] * across.weights[i];
      row += image.seen(across.first + i, down.first + j) * weight;
      weight_sum += weight;
    }
    sum += row;
  }
  return sum * (1.f / weight_sum);
}

struct State {
  Image u1, u2, p11, p12, p21, p22;
};

struct Data {
  Image gx, gy, rho, inverse;
};

Data warped(const Image& first, const Image& second, const State& state) {
  const int width = first.width, height = first.height;
  const Gradient gradient = gradient_of(second);
  Data data{Image(width, height), Image(width, height), Image(width, height), Image(width, height)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float u1 = state.u1.at(x, y), u2 = state.u2.at(x, y);
      const Window across(static_cast<float>(x) + u1, width);
      const Window down(static_cast<float>(y) + u2, height);
      const float gx = weighted(gradient.x, across, down), gy = weighted(gradient.y, across, down);
      const float moved = weighted(second, across, down);
      data.gx.at(x, y) = gx;
      data.gy.at(x, y) = gy;
      data.rho.at(x, y) = ((moved - gx * u1) - gy * u2) - first.at(x, y);
      data.inverse.at(x, y) = 1.f / std::max(gx * gx + gy * gy, 0x1p-23f);
    }
  }
  return data;
}

// 3. Iteration.

// Returns the flow's change.
std::int64_t iterate(State& s, const Data& data, const Recipe::Flow& flow) {
  const float l_t = static_cast<float>(flow.lambda * flow.theta);
  const float taut = static_cast<float>(flow.tau / flow.theta);
  const float theta = static_cast<float>(flow.theta);
  const int width = s.u1.width, height = s.u1.height;
  const State old = s;
  const auto before = [](const Image& p, int x, int y) {
    return x < 0 || y < 0 ? 0.f : p.at(x, y);
  };
  std::int64_t change = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float u1 = s.u1.at(x, y), u2 = s.u2.at(x, y);
      const float gx = data.gx.at(x, y), gy = data.gy.at(x, y);
      const float rho = gy * u2 + (gx * u1 + data.rho.at(x, y));
      const float factor = std::min(std::max(rho * data.inverse.at(x, y), -l_t), l_t);
      const auto step = [&](float u, float g, const Image& px, const Image& py) {
        const float divergence =
            (px.at(x, y) - before(px, x - 1, y)) + (py.at(x, y) - before(py, x, y - 1));
        return (((u - factor * g) + theta * divergence) + 12.f) - 12.f;
      };
      s.u1.at(x, y) = step(u1, gx, old.p11, old.p12);
      s.u2.at(x, y) = step(u2, gy, old.p21, old.p22);
      const float d1 = s.u1.at(x, y) - u1, d2 = s.u2.at(x, y) - u2;
      change += static_cast<std::int64_t>(std::min(d1 * d1 + d2 * d2, 4.f) * 0x1p20f);
    }
  }
  const auto dual_step = [&](const Image& u, Image& px, Image& py, int x, int y) {
    const float ux = x + 1 < width ? u.at(x + 1, y) - u.at(x, y) : 0.f;
    const float uy = y + 1 < height ? u.at(x, y + 1) - u.at(x, y) : 0.f;
    const float scale = 1.f / (1.f + taut * std::sqrt(ux * ux + uy * uy));
    px.at(x, y) = (px.at(x, y) + taut * ux) * scale;
    py.at(x, y) = (py.at(x, y) + taut * uy) * scale;
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      dual_step(s.u1, s.p11, s.p12, x, y);
      dual_step(s.u2, s.p21, s.p22, x, y);
    }
  }
  return change;
}

// 4. When it ends.

void iterate_until_it_rests(State& state, const Data& data, const Recipe::Flow& flow) {
  const double pixels = static_cast<double>(state.u1.width) * state.u1.height;
  const auto threshold =
      static_cast<std::int64_t>(std::min(flow.epsilon * flow.epsilon, 4.) * pixels * 0x1p20);
  std::int64_t credit = 0;
  for (std::int64_t i = 0; i < std::int64_t{flow.outer_iterations} * flow.inner_iterations; ++i) {
    const bool looks = i % 2 == 1 && credit < threshold;
    const std::int64_t change = iterate(state, data, flow);
    if (looks && change <= threshold) return;
    credit = looks ? change : credit - threshold;
  }
}

}  // namespace

cv::Mat portable_flow(const Recipe::Flow& flow, const cv::Mat& from, const cv::Mat& to) {
  const std::vector<Image> first = pyramid_of(from, flow), second = pyramid_of(to, flow);
  State state;
  for (std::size_t level = first.size(); level-- > 0;) {
    const int width = first[level].width, height = first[level].height;
    const Image zero(width, height);
    const auto taken_up = [&](const Image& coarse) {
      if (coarse.values.empty()) return zero;
      const float x_scale = static_cast<float>(static_cast<double>(coarse.width) / width);
      const float y_scale = static_cast<float>(static_cast<double>(coarse.height) / height);
      return resampled(coarse, width, height, x_scale, y_scale,
                       static_cast<float>(1 / flow.scale_step));
    };
    state = {taken_up(state.u1), taken_up(state.u2), zero, zero, zero, zero};
    for (int warp = 0; warp < flow.warps; ++warp) {
      iterate_until_it_rests(state, warped(first[level], second[level], state), flow);
    }
  }
  cv::Mat result(from.size(), CV_32FC2);
  for (int y = 0; y < result.rows; ++y) {
    for (int x = 0; x < result.cols; ++x) {
      result.at<cv::Vec2f>(y, x) = {state.u1.at(x, y), state.u2.at(x, y)};
    }
  }
  return result;
}

}  // namespace co2net::test
