#pragma once

#include <cstdint>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace co2net::test {

inline bool same_bytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && a.isContinuous() && b.isContinuous() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

// Gray smooth noise of any size; to be solved for, `to` is moved, faded and has noise of its own.
struct Frames {
  cv::Mat from, to;
};

inline Frames moving_texture(cv::Size size, std::uint64_t seed) {
  cv::Mat noise(size.height + 20, size.width + 20, CV_8UC1), own(size, CV_8UC1);
  cv::RNG rng(seed);
  rng.fill(noise, cv::RNG::UNIFORM, 0, 256);
  rng.fill(own, cv::RNG::UNIFORM, 0, 6);
  cv::GaussianBlur(noise, noise, {7, 7}, 1.5);
  cv::normalize(noise, noise, 0, 255, cv::NORM_MINMAX);
  cv::Mat to;
  cv::warpAffine(noise, to, cv::Matx23d(1.01, 0.02, 1.7, -0.01, 0.98, -2.3), noise.size());
  return {noise(cv::Rect({8, 8}, size)).clone(), 0.95 * to(cv::Rect({8, 8}, size)) + own};
}

}  // namespace co2net::test
