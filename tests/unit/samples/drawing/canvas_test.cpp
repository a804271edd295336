#include "samples/drawing/canvas.h"

#include <gtest/gtest.h>

#include <numbers>
#include <opencv2/core.hpp>
#include <vector>

namespace co2net {
namespace {

const Colour kWhite(255, 255, 255);

Picture black() { return Picture(60, 80, Colour(0, 0, 0)); }

// How many pixels are covered, parts of pixels too.
double covered(const Picture& picture) { return cv::sum(picture)[0] / 255; }

TEST(Canvas, DrawsADiscOfItsArea) {
  for (const int radius : {8, 24, 100, 333}) {
    Picture picture = black();
    draw_capsule(picture, {640, 480}, {640, 480}, radius, kWhite);
    const double pixels = radius / 16.;
    EXPECT_NEAR(covered(picture), std::numbers::pi * pixels * pixels, 0.6 + 0.2 * pixels) << radius;
    EXPECT_EQ(picture(0, 0), Colour(0, 0, 0));
  }
}

TEST(Canvas, DrawsALineWithRoundEnds) {
  Picture picture = black();
  draw_capsule(picture, {320, 160}, {960, 640}, 64, kWhite);  // 50 pixels, 8 wide
  EXPECT_NEAR(covered(picture), 50 * 8 + std::numbers::pi * 16, 4);
  EXPECT_EQ(picture(25, 40), kWhite);
}

TEST(Canvas, DrawsAPolygonWhicheverWayItsCornersGo) {
  std::vector<cv::Point> corners = {{160, 160}, {480, 160}, {480, 320}, {160, 320}};
  Picture picture = black(), reversed = black();
  draw_polygon(picture, corners, kWhite);
  EXPECT_EQ(covered(picture), 20 * 10);
  EXPECT_EQ(picture(10, 10), kWhite);
  EXPECT_EQ(picture(9, 10), Colour(0, 0, 0));
  std::ranges::reverse(corners);
  draw_polygon(reversed, corners, kWhite);
  EXPECT_EQ(cv::norm(picture, reversed, cv::NORM_INF), 0);
}

TEST(Canvas, CutsWhatIsOutsideOfThePicture) {
  Picture picture = black();
  draw_capsule(picture, {-16000, 480}, {16000, 480}, 80, kWhite);
  EXPECT_NEAR(covered(picture), 80 * 10, 16);
  EXPECT_EQ(picture(30, 0), kWhite);
  draw_polygon(picture, std::vector<cv::Point>{{-9000, -9000}, {-9000, -100}, {-100, -100}},
               kWhite);
  EXPECT_NEAR(covered(picture), 80 * 10, 16);
}

TEST(Brush, LetsThroughWhatIsBehindAsItsOpacitySays) {
  Picture picture = black();
  const Brush brush(picture, {2, 10, -5});
  brush.with_opacity(64).disc({15, 20}, 8, {200, 100, 40});  // at (40, 35)
  EXPECT_EQ(picture(35, 40), Colour(50, 25, 10));
  brush.with_opacity(0).disc({15, 20}, 8, kWhite);
  EXPECT_EQ(picture(35, 40), Colour(50, 25, 10));
}

}  // namespace
}  // namespace co2net
