#include "samples/drawing/scenery.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "samples/drawing/curves.h"
#include "samples/drawing/difficulty.h"
#include "samples/drawing/figure.h"

namespace co2net {
namespace {

constexpr int kFullWidth = kWidth + 2 * kMargin, kFullHeight = kHeight + 2 * kMargin;
constexpr double kLeft = -kMargin, kRight = kWidth + kMargin;
constexpr double kTop = -kMargin, kBottom = kHeight + kMargin;

// Coarse and fine spots of random colours.
Picture draw_texture(Dice& dice) {
  Picture texture(kFullHeight, kFullWidth, Colour(0, 0, 0));
  struct Layer {
    int columns, rows, share;  // of 256
  };
  for (const Layer& layer : {Layer{8, 6, 170}, Layer{56, 46, 36}, Layer{224, 184, 24}}) {
    const bool is_coarse = layer.columns == 8;
    Picture spots(layer.rows, layer.columns), grown;
    for (Colour& spot : spots) {
      spot = is_coarse ? some_colour(dice, 50, 210) : some_colour(dice, 0, 256);
    }
    cv::resize(spots, grown, texture.size(), 0, 0, cv::INTER_LINEAR_EXACT);
    for (int y = 0; y < texture.rows; ++y) {
      Colour* to = texture[y];
      const Colour* from = grown[y];
      for (int x = 0; x < texture.cols; ++x) {
        for (int channel = 0; channel < 3; ++channel) {
          to[x][channel] =
              static_cast<std::uint8_t>(to[x][channel] + (from[x][channel] * layer.share >> 8));
        }
      }
    }
  }
  return texture;
}

void draw_box(const Brush& brush, double left, double top, double right, double bottom,
              const Colour& colour) {
  brush.polygon({{left, top}, {right, top}, {right, bottom}, {left, bottom}}, colour);
}

Colour near(const Colour& colour, Dice& dice) {
  Colour other;
  for (int channel = 0; channel < 3; ++channel) {
    other[channel] =
        static_cast<std::uint8_t>(std::clamp(colour[channel] + dice.whole(-35, 36), 0, 255));
  }
  return other;
}

void draw_road(const Brush& brush, double ground, Dice& dice) {
  const Colour asphalt = near({90, 90, 90}, dice), white = near({210, 215, 215}, dice);
  draw_box(brush, kLeft, ground - 30, kRight, kBottom, asphalt);
  for (double x = kLeft + dice.uniform(0, 50); x < kRight; x += 52) {
    draw_box(brush, x, ground - 12, x + 26, ground - 6, white);
  }
  for (double x = kLeft + dice.uniform(0, 80); x < kRight; x += dice.uniform(60, 130)) {
    brush.line({x, ground - 30}, {x, ground - 62}, 5, white);  // posts
  }
}

void draw_gym(const Brush& brush, double ground, Dice& dice) {
  const Colour floor = near({70, 130, 180}, dice), wood = near({60, 110, 160}, dice);
  draw_box(brush, kLeft, ground - 20, kRight, kBottom, floor);
  for (int bars = dice.whole(1, 4); bars > 0; --bars) {
    const double x = dice.uniform(kLeft, kRight - 60), top = ground - dice.uniform(110, 170);
    for (double y = top; y < ground - 24; y += 14) brush.line({x, y}, {x + 60, y}, 4, wood);
    for (const double side : {x, x + 60}) brush.line({side, top}, {side, ground - 20}, 6, wood);
  }
}

void draw_workshop(const Brush& brush, double ground, Dice& dice) {
  const Colour wood = near({50, 80, 120}, dice), steel = near({150, 140, 130}, dice);
  draw_box(brush, kLeft, ground - 15, kRight, kBottom, near({80, 85, 95}, dice));
  const double x = dice.uniform(kLeft, kRight - 150), top = ground - dice.uniform(50, 80);
  draw_box(brush, x, top, x + 150, top + 10, wood);
  for (const double leg : {x + 10, x + 140}) brush.line({leg, top}, {leg, ground - 15}, 8, wood);
  for (int tools = dice.whole(4, 10); tools > 0; --tools) {
    const double at = dice.uniform(kLeft, kRight), height = ground - dice.uniform(110, 190);
    brush.line({at, height}, cv::Point2d(at, height) + along(dice.uniform(0, 180), 24), 5, steel);
  }
}

void draw_mill(const Brush& brush, double ground, Dice& dice) {
  draw_box(brush, kLeft, ground - 35, kRight, kBottom, near({50, 130, 80}, dice));
  const double x = dice.uniform(kLeft + 40, kRight - 40), top = ground - dice.uniform(110, 150);
  brush.polygon({{x - 18, top}, {x + 18, top}, {x + 34, ground - 30}, {x - 34, ground - 30}},
                near({150, 165, 175}, dice));
  const Colour sail = near({60, 70, 80}, dice);
  const double turn = dice.uniform(0, 90);
  for (int i = 0; i < 4; ++i) {
    brush.line({x, top}, cv::Point2d(x, top) + along(turn + 90 * i, 60), 7, sail);
  }
}

void draw_park(const Brush& brush, double ground, Dice& dice) {
  draw_box(brush, kLeft, ground - 40, kRight, kBottom, near({60, 150, 90}, dice));
  for (int trees = dice.whole(1, 5); trees > 0; --trees) {
    const double x = dice.uniform(kLeft, kRight), foot = ground - dice.uniform(15, 40);
    const double radius = dice.uniform(22, 42);
    brush.line({x, foot}, {x, foot - 80}, 10, near({40, 60, 80}, dice));
    brush.disc({x, foot - 100}, radius, near({50, 110, 50}, dice));
  }
}

void draw_room(const Brush& brush, double ground, Dice& dice) {
  draw_box(brush, kLeft, ground - 25, kRight, kBottom, near({110, 120, 140}, dice));
  for (int windows = dice.whole(1, 4); windows > 0; --windows) {
    const double x = dice.uniform(kLeft, kRight - 60), top = ground - dice.uniform(120, 190);
    draw_box(brush, x, top, x + 54, top + 62, near({230, 225, 215}, dice));
    brush.line({x + 27, top}, {x + 27, top + 62}, 4, near({90, 100, 110}, dice));
  }
}

void draw_clutter(const Brush& brush, double ground, Dice& dice) {
  for (double things = dice.uniform(0, difficulty::kClutterMost); things > 1; --things) {
    const double x = dice.uniform(kLeft, kRight), y = dice.uniform(kTop, ground + 20);
    const double width = dice.uniform(10, 70), height = dice.uniform(10, 70);
    const Colour colour = some_colour(dice, 30, 220);
    if (dice.happens(0.3)) {
      brush.disc({x, y}, width / 2, colour);
    } else {
      draw_box(brush, x, y - height, x + width, y, colour);
    }
  }
}

// Where a row or column of the picture lies between two of the background's.
struct Place {
  int before;   // the next one follows it
  int between;  // how near to the next, of 256
};

Place place_of(int pixel, double zoom, double shift, int count) {
  const double at = (pixel + 0.5 - shift) / zoom + kMargin - 0.5;
  const int fixed = std::clamp(static_cast<int>(std::lround(256 * at)), 0, (count - 1) * 256 - 1);
  return {fixed >> 8, fixed & 255};
}

}  // namespace

Picture draw_scenery(Scenery scenery, double ground, Dice& dice) {
  Picture background = draw_texture(dice);
  const Brush brush(background, {1, kMargin, kMargin});
  const Brush thin = brush.with_opacity(200);  // the texture stays
  switch (scenery) {
    case Scenery::kRoad:
      draw_road(thin, ground, dice);
      break;
    case Scenery::kGym:
      draw_gym(thin, ground, dice);
      break;
    case Scenery::kWorkshop:
      draw_workshop(thin, ground, dice);
      break;
    case Scenery::kMill:
      draw_mill(thin, ground, dice);
      break;
    case Scenery::kPark:
      draw_park(thin, ground, dice);
      break;
    case Scenery::kRoom:
      draw_room(thin, ground, dice);
      break;
  }
  draw_clutter(thin, ground, dice);
  return background;
}

Picture seen(const Picture& background, const Camera& camera) {
  std::array<Place, kWidth> columns;
  for (int x = 0; x < kWidth; ++x) {
    columns[static_cast<std::size_t>(x)] = place_of(x, camera.zoom, camera.x, background.cols);
  }
  Picture picture(kHeight, kWidth);
  std::vector<int> blended(static_cast<std::size_t>(3 * background.cols));  // times 256
  for (int y = 0; y < kHeight; ++y) {
    const Place row = place_of(y, camera.zoom, camera.y, background.rows);
    const auto* above = background.ptr<std::uint8_t>(row.before);
    const auto* below = background.ptr<std::uint8_t>(row.before + 1);
    for (std::size_t i = 0; i < blended.size(); ++i) {
      blended[i] = above[i] * (256 - row.between) + below[i] * row.between;
    }
    auto* to = picture.ptr<std::uint8_t>(y);
    for (const Place& column : columns) {
      const int* from = blended.data() + 3 * column.before;
      for (int channel = 0; channel < 3; ++channel) {
        const int sum = from[channel] * (256 - column.between) + from[channel + 3] * column.between;
        *to++ = static_cast<std::uint8_t>((sum + (1 << 15)) >> 16);
      }
    }
  }
  return picture;
}

}  // namespace co2net
