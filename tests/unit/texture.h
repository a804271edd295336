#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace co2net::test {

// Gray smooth noise, uint8 [72, 96], moved by `shift` pixels.
inline cv::Mat texture(const cv::Point2d& shift) {
  cv::Mat noise(72, 96, CV_8UC1), moved;
  cv::RNG(7).fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, noise, {9, 9}, 2);
  cv::normalize(noise, noise, 0, 255, cv::NORM_MINMAX);
  cv::warpAffine(noise, moved, cv::Matx23d(1, 0, shift.x, 0, 1, shift.y), noise.size());
  return moved;
}

// The mean of an image without its borders, where nothing enters or leaves the picture.
inline cv::Scalar mean_inside(const cv::Mat& image) {
  return cv::mean(image(cv::Rect(12, 12, image.cols - 24, image.rows - 24)));
}

}  // namespace co2net::test
