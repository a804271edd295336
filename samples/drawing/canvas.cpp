#include "samples/drawing/canvas.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace co2net {
namespace {

using Wide = std::int64_t;

// Half-open, in pixels.
struct Area {
  int left, top, right, bottom;
};

// The pixels of the picture that a shape within these limits may touch.
Area area_of(const Picture& picture, int left, int top, int right, int bottom) {
  const auto floor = [](int at) { return at >> 4; };
  return {std::max(0, floor(left) - 1), std::max(0, floor(top) - 1),
          std::min(picture.cols, floor(right) + 2), std::min(picture.rows, floor(bottom) + 2)};
}

cv::Point middle_of(int x, int y) { return {x * kSubpixels + 8, y * kSubpixels + 8}; }

// How much of a pixel is covered, from 0 to 256, whose middle is so far inside the border.
int coverage_at(Wide depth) { return static_cast<int>(std::clamp<Wide>(128 + 16 * depth, 0, 256)); }

void blend(Colour& pixel, const Colour& colour, int share) {
  for (int channel = 0; channel < 3; ++channel) {
    const int before = pixel[channel];
    pixel[channel] = static_cast<std::uint8_t>(
        before + (((colour[channel] - before) * share + (1 << 15)) >> 16));
  }
}

}  // namespace

void draw_capsule(Picture& picture, cv::Point a, cv::Point b, int radius, const Colour& colour,
                  int opacity) {
  const int reach = std::max(radius, kSubpixels / 2);  // half a pixel at least
  const Area area = area_of(picture, std::min(a.x, b.x) - reach, std::min(a.y, b.y) - reach,
                            std::max(a.x, b.x) + reach, std::max(a.y, b.y) + reach);
  const Wide way_x = b.x - a.x, way_y = b.y - a.y, length_square = way_x * way_x + way_y * way_y;
  const Wide reach_square = Wide{reach} * reach;
  const Wide outside_square = Wide{reach + kSubpixels} * (reach + kSubpixels);
  for (int y = area.top; y < area.bottom; ++y) {
    Colour* row = picture[y];
    for (int x = area.left; x < area.right; ++x) {
      const cv::Point at = middle_of(x, y);
      const Wide from_x = at.x - a.x, from_y = at.y - a.y;
      const Wide forward = from_x * way_x + from_y * way_y;
      Wide square = from_x * from_x + from_y * from_y;  // of the distance
      if (forward >= length_square) {
        const Wide x_of_b = at.x - b.x, y_of_b = at.y - b.y;
        square = x_of_b * x_of_b + y_of_b * y_of_b;
      } else if (forward > 0) {
        const Wide across = from_x * way_y - from_y * way_x;
        square = across * across / length_square;
      }
      if (square >= outside_square) continue;
      // Near the border, (r^2 - d^2) / 2r is r - d.
      const int share = coverage_at((reach_square - square) / (2 * reach));
      if (share > 0) blend(row[x], colour, share * opacity);
    }
  }
}

void draw_polygon(Picture& picture, std::span<const cv::Point> corners, const Colour& colour,
                  int opacity) {
  const auto [left, right] = std::ranges::minmax(corners, {}, &cv::Point::x);
  const auto [top, bottom] = std::ranges::minmax(corners, {}, &cv::Point::y);
  const Area area = area_of(picture, left.x, top.y, right.x, bottom.y);
  struct Edge {
    cv::Point from;
    Wide x, y, length;
  };
  std::vector<Edge> edges;
  Wide turn = 0;  // twice the area, whose sign is the direction
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const cv::Point from = corners[i], to = corners[(i + 1) % corners.size()];
    const Wide x = to.x - from.x, y = to.y - from.y;
    const Wide length = std::lround(std::sqrt(static_cast<double>(x * x + y * y)));
    turn += Wide{from.x} * to.y - Wide{from.y} * to.x;
    if (length > 0) edges.push_back({from, x, y, length});
  }
  const Wide side = turn < 0 ? -1 : 1;
  for (int y = area.top; y < area.bottom; ++y) {
    Colour* row = picture[y];
    for (int x = area.left; x < area.right; ++x) {
      const cv::Point at = middle_of(x, y);
      int share = kOpaque;
      for (const Edge& edge : edges) {
        const Wide inside = edge.x * (at.y - edge.from.y) - edge.y * (at.x - edge.from.x);
        share = std::min(share, coverage_at(side * inside / edge.length));
      }
      if (share > 0) blend(row[x], colour, share * opacity);
    }
  }
}

void Brush::line(cv::Point2d a, cv::Point2d b, double thickness, const Colour& colour) const {
  draw_capsule(picture_, placed(a), placed(b), scaled(thickness / 2), colour, opacity_);
}

void Brush::disc(cv::Point2d centre, double radius, const Colour& colour) const {
  draw_capsule(picture_, placed(centre), placed(centre), scaled(radius), colour, opacity_);
}

void Brush::polygon(std::initializer_list<cv::Point2d> corners, const Colour& colour) const {
  std::vector<cv::Point> placed_corners;
  for (const cv::Point2d& corner : corners) placed_corners.push_back(placed(corner));
  draw_polygon(picture_, placed_corners, colour, opacity_);
}

Brush Brush::with_opacity(int opacity) const {
  Brush other = *this;
  other.opacity_ = opacity;
  return other;
}

cv::Point Brush::placed(cv::Point2d scene_point) const {
  const auto rounded = [](double at) { return static_cast<int>(std::lround(kSubpixels * at)); };
  return {rounded(camera_.zoom * scene_point.x + camera_.x),
          rounded(camera_.zoom * scene_point.y + camera_.y)};
}

int Brush::scaled(double length) const {
  return static_cast<int>(std::lround(kSubpixels * camera_.zoom * length));
}

}  // namespace co2net
