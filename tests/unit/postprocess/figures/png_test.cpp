#include "postprocess/figures/png.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "tests/unit/expect_error.h"
#include "tests/unit/postprocess/figures/drawn.h"

namespace co2net::test {
namespace {

constexpr int kWidth = 1080;  // three pixels a point

cv::Mat decoded(const std::string& png) {
  return cv::imdecode(std::vector<char>(png.begin(), png.end()), cv::IMREAD_COLOR);
}

// As "#rrggbb", at a place in points.
std::string colour_at(const cv::Mat& picture, double x, double y) {
  const double scale = static_cast<double>(picture.cols) / kFigureWidth;
  const auto pixel =
      picture.at<cv::Vec3b>(static_cast<int>(y * scale), static_cast<int>(x * scale));
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "#%02X%02X%02X", pixel[2], pixel[1], pixel[0]);
  return text.data();
}

std::string red_jpeg() {
  std::vector<unsigned char> jpeg;
  cv::imencode(".jpg", cv::Mat(40, 160, CV_8UC3, cv::Scalar(0, 0, 255)), jpeg);
  return {jpeg.begin(), jpeg.end()};
}

TEST(Png, HasASegmentWhereItIsAndNoneWhereNoneIs) {
  const Drawn drawn(figure_of(20, {{"run", 0.5, 5, 10}}));
  const cv::Mat picture = decoded(png_of(drawn.svg, kWidth));
  ASSERT_EQ(picture.cols, kWidth);
  EXPECT_NEAR(picture.rows, drawn.height() * kWidth / kFigureWidth, 1);
  const TimeScale scale(drawn, "0", "20");
  const pugi::xml_node bar = drawn.bar("run, 5 to 10 s, score 0.50");
  const double y = number(bar, "y") + number(bar, "height") / 2;
  const std::string colour = bar.attribute("fill").value();
  for (const double time_s : {5.1, 9.9}) {
    EXPECT_EQ(colour_at(picture, scale.at(time_s), y), colour) << time_s;
  }
  for (const double time_s : {4.8, 10.2}) {
    EXPECT_EQ(colour_at(picture, scale.at(time_s), y), "#F1F1F1") << time_s;
  }
  EXPECT_EQ(colour_at(picture, 1, 1), "#FFFFFF");
  EXPECT_EQ(colour_at(picture, scale.at(7), drawn.height() - 1), "#FFFFFF");
}

TEST(Png, HasThePicturesOfTheStrip) {
  Figure figure = figure_of(20, {});
  figure.strip = FigureStrip{.jpeg = red_jpeg(), .width = 160, .height = 40, .duration_s = 10};
  const Drawn drawn(figure);
  const cv::Mat picture = decoded(png_of(drawn.svg, kWidth));
  const pugi::xml_node image = drawn.all("//image").at(0);
  const double y = number(image, "y") + number(image, "height") / 2;
  const TimeScale scale(drawn, "0", "20");
  EXPECT_EQ(colour_at(picture, scale.at(5), y), "#FE0000");
  EXPECT_EQ(colour_at(picture, scale.at(15), y), "#FFFFFF") << "the video is shorter";
}

TEST(Png, HasText) {
  const Drawn drawn(figure_of(20, {}));
  const cv::Mat picture = decoded(png_of(drawn.svg, kWidth));
  const pugi::xml_node title = drawn.text("clip");
  const double size = number(title, "font-size"), y = number(title, "y");
  const double scale = static_cast<double>(kWidth) / kFigureWidth;
  const cv::Mat place = picture(cv::Rect(cv::Point2d(number(title, "x"), y - size) * scale,
                                         cv::Size2d(2 * size, size) * scale));
  double darkest = 255;
  cv::minMaxLoc(place.reshape(1), &darkest);
  EXPECT_LT(darkest, 64);
}

TEST(Png, IsTheSameEveryTime) {
  const std::string svg = figure_svg(figure_of(20, {{"run", 0.5, 5, 10}}));
  EXPECT_EQ(png_of(svg, 300), png_of(svg, 300));
}

TEST(Png, WhatCannotBeDrawnIsAnError) {
  expect_error(ErrorKind::kInternal, {"draw a picture"}, [] { png_of("no svg", 100); });
  const std::string high = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1000"></svg>)";
  expect_error(ErrorKind::kInput, {"100 x 100000", "smaller"}, [&] { png_of(high, 100); });
}

TEST(Fonts, AreThereForLettersAndTheirAbsenceIsTold) {
  expect_fonts();
  EXPECT_EQ(without_font("Ground truth: 1.5\u2026"), "");
  const std::string nobodys = "\U0010FFFD";  // for private use
  EXPECT_EQ(without_font("a" + nobodys + "b" + nobodys), nobodys);
}

}  // namespace
}  // namespace co2net::test
