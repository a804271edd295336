#pragma once

#include <initializer_list>
#include <opencv2/core/mat.hpp>
#include <span>

namespace co2net {

using Picture = cv::Mat_<cv::Vec3b>;
using Colour = cv::Vec3b;  // blue, green, red

// Shapes with smooth borders in integers alone, so that every release and instruction set draws the
// same: OpenCV's own, which round differently from release to release, are not used. Points and
// radii are in sixteenths of a pixel, at most 2^10 pixels away; opacity is from 0 to
// kOpaque.
constexpr int kSubpixels = 16;
constexpr int kOpaque = 256;

// All that is at most `radius` from the line between two points; a disc where they are one.
void draw_capsule(Picture& picture, cv::Point a, cv::Point b, int radius, const Colour& colour,
                  int opacity = kOpaque);
// The corners go around a convex shape, either way.
void draw_polygon(Picture& picture, std::span<const cv::Point> corners, const Colour& colour,
                  int opacity = kOpaque);

// Where the scene's pixels are in the picture.
struct Camera {
  double zoom = 1, x = 0, y = 0;  // the picture's is zoom * the scene's + (x, y)
};

// Draws in the scene's coordinates, in pixels.
class Brush {
 public:
  Brush(Picture& picture, const Camera& camera) : picture_(picture), camera_(camera) {}

  void line(cv::Point2d a, cv::Point2d b, double thickness, const Colour& colour) const;
  void disc(cv::Point2d centre, double radius, const Colour& colour) const;
  void polygon(std::initializer_list<cv::Point2d> corners, const Colour& colour) const;
  // One that lets some of what is behind it through.
  Brush with_opacity(int opacity) const;

 private:
  cv::Point placed(cv::Point2d scene_point) const;
  int scaled(double length) const;

  Picture& picture_;
  Camera camera_;
  int opacity_ = kOpaque;
};

}  // namespace co2net
