#include "samples/drawing/figure.h"

#include <algorithm>
#include <cmath>

#include "samples/drawing/curves.h"
#include "samples/drawing/difficulty.h"

namespace co2net {
namespace {

// Lengths are fractions of the body's height.
constexpr double kTorso = 0.30, kNeck = 0.11, kHead = 0.07, kArm = 0.16, kThigh = 0.24;

struct Limb {
  cv::Point2d root, middle, end;
};

// A figure's points, in the scene's pixels.
struct Skeleton {
  Limb legs[2], arms[2];  // the left one first
  cv::Point2d hips, chest, head;
  cv::Point2d up;  // along the trunk, one pixel
  double body;
};

Limb limb_of(cv::Point2d root, double angle, double bend, double length) {
  const cv::Point2d middle = root + along(angle, length);
  return {root, middle, middle + along(angle + bend, length)};
}

// Points start relative to the hips' centre and are placed so that the lowest foot is on the
// ground.
Skeleton skeleton_of(const Figure& figure, const Pose& pose) {
  const cv::Point2d up = along(180 - pose[kLean], 1), across(-up.y, up.x);
  Skeleton bones;
  bones.body = figure.body;
  bones.chest = kTorso * up;
  bones.head = bones.chest + kNeck * up;
  bones.legs[0] = limb_of({0.05, 0}, pose[kLeftThigh], pose[kLeftKnee], kThigh);
  bones.legs[1] = limb_of({-0.05, 0}, pose[kRightThigh], pose[kRightKnee], kThigh);
  bones.arms[0] = limb_of(bones.chest + 0.09 * across, pose[kLeftArm], pose[kLeftElbow], kArm);
  bones.arms[1] = limb_of(bones.chest - 0.09 * across, pose[kRightArm], pose[kRightElbow], kArm);
  const double foot = std::max(bones.legs[0].end.y, bones.legs[1].end.y);
  const int side = figure.is_mirrored ? -1 : 1;
  const auto place = [&](cv::Point2d& point) {
    point = {figure.x + figure.body * side * (point.x + pose[kShift]),
             figure.ground + figure.body * (point.y - foot)};
  };
  for (cv::Point2d* point : {&bones.hips, &bones.chest, &bones.head}) place(*point);
  for (Limb* limb : {&bones.legs[0], &bones.legs[1], &bones.arms[0], &bones.arms[1]}) {
    for (cv::Point2d* point : {&limb->root, &limb->middle, &limb->end}) place(*point);
  }
  bones.up = {side * up.x, up.y};
  return bones;
}

void draw_between_hands(const Brush& brush, const Skeleton& bones, double reach_share,
                        double thickness, const Colour& colour) {
  const cv::Point2d left = bones.arms[0].end, right = bones.arms[1].end;
  const cv::Point2d reach = reach_share * (left - right);
  brush.line(left + reach, right - reach, thickness * bones.body, colour);
}

void draw_barbell(const Brush& brush, const Skeleton& bones) {
  draw_between_hands(brush, bones, 0.35, 0.025, {60, 60, 60});
  const cv::Point2d left = bones.arms[0].end, right = bones.arms[1].end;
  const cv::Point2d reach = 0.35 * (left - right);
  for (const cv::Point2d& end : {left + reach, right - reach}) {
    brush.disc(end, 0.075 * bones.body, {40, 30, 30});
  }
}

void draw_paddle(const Brush& brush, const Skeleton& bones, const Colour& colour) {
  const cv::Point2d hand = bones.arms[0].end, elbow = bones.arms[0].middle;
  brush.disc(hand + 0.45 * (hand - elbow), 0.085 * bones.body, colour);
}

// A cloth at the end of a pole, as long as the forearm that it goes on.
void draw_flag(const Brush& brush, const Skeleton& bones, const Colour& colour) {
  const cv::Point2d hand = bones.arms[0].end, pole = hand - bones.arms[0].middle;
  const cv::Point2d top = hand + 1.2 * pole, low = hand + 0.4 * pole,
                    cloth(-0.9 * pole.y, 0.9 * pole.x);
  brush.line(hand, top, 0.02 * bones.body, {50, 70, 90});
  brush.polygon({top, low, low + cloth, top + cloth}, colour);
}

void draw_hat(const Brush& brush, const Skeleton& bones, const Colour& colour) {
  const cv::Point2d across(-bones.up.y, bones.up.x);
  const cv::Point2d brim = bones.head + 0.05 * bones.body * bones.up;
  const cv::Point2d crown = brim + 0.1 * bones.body * bones.up;
  const cv::Point2d wide = 0.1 * bones.body * across, narrow = 0.06 * bones.body * across;
  brush.line(brim - wide, brim + wide, 0.03 * bones.body, colour);
  brush.polygon({brim - narrow, brim + narrow, crown + narrow, crown - narrow}, colour);
}

cv::Point2d between_hands(const Skeleton& bones) {
  return 0.5 * (bones.arms[0].end + bones.arms[1].end);
}

void draw_box(const Brush& brush, const Skeleton& bones) {
  const cv::Point2d middle = between_hands(bones);
  const double half_width = 0.14 * bones.body, half_height = 0.08 * bones.body;
  const cv::Point2d across(half_width, half_height), against(half_width, -half_height);
  brush.polygon({middle - across, middle + against, middle + across, middle - against},
                {70, 130, 180});
}

void draw_prop(const Brush& brush, const Skeleton& bones, Prop prop) {
  switch (prop) {
    case Prop::kNone:
      return;
    case Prop::kRedPaddle:
      return draw_paddle(brush, bones, {40, 30, 225});
    case Prop::kGreenPaddle:
      return draw_paddle(brush, bones, {60, 200, 40});
    case Prop::kBarbell:
      return draw_barbell(brush, bones);
    case Prop::kBlueFlag:
      return draw_flag(brush, bones, {220, 90, 30});
    case Prop::kYellowFlag:
      return draw_flag(brush, bones, {40, 220, 235});
    case Prop::kBlueHat:
      return draw_hat(brush, bones, {200, 70, 40});
    case Prop::kWhiteHat:
      return draw_hat(brush, bones, {240, 240, 240});
    case Prop::kBall:
      return brush.disc(between_hands(bones), 0.09 * bones.body, {30, 140, 250});
    case Prop::kBox:
      return draw_box(brush, bones);
    case Prop::kStick:
      return draw_between_hands(brush, bones, 1.2, 0.03, {40, 90, 140});
  }
}

bool is_behind_arms(Prop prop) { return prop == Prop::kBarbell || prop == Prop::kBox; }

Colour shade_of(const Colour& colour, double share) {
  Colour shade;
  for (int channel = 0; channel < 3; ++channel) {
    shade[channel] = static_cast<std::uint8_t>(std::lround(colour[channel] * share));
  }
  return shade;
}

}  // namespace

Colour some_colour(Dice& dice, int low, int high) {
  Colour colour;
  for (int channel = 0; channel < 3; ++channel) {
    colour[channel] = static_cast<std::uint8_t>(dice.whole(low, high));
  }
  return colour;
}

Figure some_figure(double body, double ground, double x, Dice& dice) {
  Figure figure;
  figure.body = body;
  figure.ground = ground;
  figure.x = x;
  figure.tempo = dice.uniform(difficulty::kSlowest, difficulty::kFastest);
  figure.stoutness = dice.uniform(0.85, 1.2);
  figure.is_mirrored = dice.happens(0.5);
  figure.skin = shade_of({160, 190, 240}, dice.uniform(0.5, 1));
  figure.shirt = some_colour(dice, 10, 150);
  figure.trousers = some_colour(dice, 10, 110);
  return figure;
}

void draw_figure(const Brush& brush, const Figure& figure, const Pose& pose, Prop prop,
                 int opacity) {
  const Skeleton bones = skeleton_of(figure, pose);
  const auto line = [&](cv::Point2d a, cv::Point2d b, double thickness, const Colour& colour) {
    brush.line(a, b, thickness * figure.stoutness * figure.body, colour);
  };
  for (const Limb& leg : bones.legs) {
    line(leg.root, leg.middle, 0.08, figure.trousers);
    line(leg.middle, leg.end, 0.07, figure.trousers);
  }
  line(bones.hips, bones.chest, 0.17, figure.shirt);
  brush.disc(bones.head, kHead * figure.body, figure.skin);
  const Brush prop_brush = brush.with_opacity(opacity);
  if (is_behind_arms(prop)) draw_prop(prop_brush, bones, prop);
  for (const Limb& arm : bones.arms) {
    line(arm.root, arm.middle, 0.06, figure.shirt);
    line(arm.middle, arm.end, 0.05, figure.skin);
  }
  if (!is_behind_arms(prop)) draw_prop(prop_brush, bones, prop);
}

}  // namespace co2net
