#include "samples/drawing/scene.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "samples/drawing/difficulty.h"

namespace co2net {
namespace {

Sway some_sway(double amplitude, double shortest_s, double longest_s, Dice& dice) {
  return {dice.uniform(0, amplitude), dice.uniform(shortest_s, longest_s), dice.uniform(0, 20)};
}

Figure main_figure(Dice& dice) {
  const double height =
      kHeight * dice.uniform(difficulty::kSmallestFigure, difficulty::kLargestFigure);
  // The feet of large ones are near to the lower border, those of small ones anywhere below.
  const double ground = std::max(height + 15, kHeight - dice.uniform(6, 60));
  return some_figure(height, std::min(ground, kHeight - 4.),
                     kWidth * (0.5 + dice.uniform(-difficulty::kOffCentre, difficulty::kOffCentre)),
                     dice);
}

Bystander some_bystander(const Figure& main, int frames, Dice& dice) {
  const double body = main.body * dice.uniform(0.45, 0.9);
  const double x = main.x + dice.either_side(0.5, 1.1) * main.body;
  const double ground = main.ground - dice.uniform(4, 22);
  return {some_figure(body, ground, x, dice), plan_pastimes(frames, dice)};
}

std::vector<Passer> some_passers(const Figure& main, double length_s, Dice& dice) {
  std::vector<Passer> passers;
  for (double start_s = dice.uniform(-2, 15); start_s < length_s; start_s += dice.uniform(8, 25)) {
    const double body = main.body * dice.uniform(1.05, 1.4);
    const double ground = main.ground + dice.uniform(10, 40);
    const Figure figure = some_figure(body, ground, 0, dice);
    passers.push_back({figure, start_s, dice.either_side(0.45, 0.9) * body});
  }
  return passers;
}

Distractor some_distractor(double start_s, double length_s, double ground, Dice& dice) {
  using Kind = Distractor::Kind;
  constexpr std::array kKinds = {Kind::kBall, Kind::kCart, Kind::kFan, Kind::kPendulum};
  Distractor thing;
  thing.kind = dice.one_of(kKinds);
  thing.start_s = start_s;
  thing.x_per_s = dice.either_side(40, 140);
  thing.x = dice.uniform(0, kWidth);
  thing.y = dice.uniform(0.1, 0.8) * kHeight;
  thing.size = dice.uniform(7, 22);
  thing.period_s = dice.either_side(1, 2.5);
  thing.colour = some_colour(dice, 20, 230);
  if (thing.kind == Kind::kCart) thing.y = ground - dice.uniform(0, 25);
  const bool stays = thing.kind == Kind::kFan || thing.kind == Kind::kPendulum;
  thing.end_s = stays ? std::min(length_s, start_s + dice.uniform(5, 30)) : length_s;
  return thing;
}

std::vector<Obstacle> some_obstacles(const Figure& main, Dice& dice) {
  std::vector<Obstacle> obstacles;
  const double near = -2. * kMargin, far = kHeight + 2. * kMargin;
  if (dice.happens(difficulty::kPoleShare)) {
    const double x = main.x + dice.uniform(-0.45, 0.45) * main.body;
    const double thickness = main.body * dice.uniform(0.05, 0.13);
    obstacles.push_back({{x, near}, {x, far}, thickness, some_colour(dice, 30, 200)});
  }
  if (dice.happens(difficulty::kFenceShare)) {
    const double y = main.ground - dice.uniform(0.1, 0.4) * main.body;
    const double thickness = main.body * dice.uniform(0.06, 0.14);
    obstacles.push_back({{-100, y}, {kWidth + 100, y}, thickness, some_colour(dice, 30, 200)});
  }
  return obstacles;
}

std::vector<LightChange> some_light_changes(double length_s, Dice& dice) {
  std::vector<LightChange> changes;
  if (!dice.happens(difficulty::kSuddenLightShare)) return changes;
  for (double start_s = dice.uniform(0, 10); start_s < length_s; start_s += dice.uniform(3, 20)) {
    changes.push_back({start_s, dice.uniform(0.6, 1.25)});
  }
  return changes;
}

constexpr int kBytes = 3 * kWidth * kHeight;  // of a picture
constexpr int kNoiseOffsets = 1 << 14;        // at which a frame's noise may begin

// Near to a normal law: the sum of four even ones, whose deviation is 1/sqrt(3) each.
std::vector<std::int8_t> some_noise(double deviation, Dice& dice) {
  std::vector<std::int8_t> noise(kBytes + kNoiseOffsets);
  const int factor = static_cast<int>(std::lround(deviation * 256 / 148));  // of the sum's 148
  for (std::size_t i = 0; i < noise.size(); i += 2) {
    std::uint64_t bits = dice.bits();
    for (std::size_t k = i; k < i + 2 && k < noise.size(); ++k) {
      int sum = -4 * 255 / 2;
      for (int part = 0; part < 4; ++part, bits >>= 8) sum += static_cast<int>(bits & 255);
      noise[k] = static_cast<std::int8_t>(std::clamp(sum * factor / 256, -127, 127));
    }
  }
  return noise;
}

Camera camera_at(const Scene& scene, double seconds) {
  const double zoom = 1 + scene.zoom.at(seconds);
  const double x = scene.pan.at(seconds) + scene.shake_x.at(seconds);
  const double y = scene.tilt.at(seconds) + scene.shake_y.at(seconds);
  return {zoom, kWidth / 2. * (1 - zoom) + x, kHeight / 2. * (1 - zoom) + y};
}

void draw_distractor(const Brush& brush, const Distractor& thing, double seconds) {
  if (seconds < thing.start_s || seconds >= thing.end_s) return;
  const double turn = 360 * (seconds - thing.start_s) / thing.period_s;
  const double crossed = thing.x_per_s * (seconds - thing.start_s);
  const double x = (thing.x_per_s > 0 ? -80 : kWidth + 80) + crossed;
  if (std::abs(x) > 2 * kWidth) return;
  const cv::Point2d fixed(thing.x, thing.y);
  switch (thing.kind) {
    case Distractor::Kind::kBall:
      return brush.disc({x, thing.y}, thing.size, thing.colour);
    case Distractor::Kind::kCart:
      return brush.line({x - thing.size, thing.y}, {x + thing.size, thing.y}, 1.4 * thing.size,
                        thing.colour);
    case Distractor::Kind::kFan:
      for (int blade = 0; blade < 3; ++blade) {
        brush.line(fixed, fixed + along(turn + 120 * blade, 1.6 * thing.size), 0.35 * thing.size,
                   thing.colour);
      }
      return;
    case Distractor::Kind::kPendulum: {
      const cv::Point2d end = fixed + along(45 * sine(turn / 360), 2.5 * thing.size);
      brush.line(fixed, end, 0.2 * thing.size, thing.colour);
      return brush.disc(end, 0.5 * thing.size, thing.colour);
    }
  }
}

void draw_passer(const Brush& brush, const Passer& passer, double seconds) {
  const double walked_s = seconds - passer.start_s;
  if (walked_s < 0) return;
  const double outside = 0.4 * passer.figure.body + kMargin;
  Figure figure = passer.figure;
  figure.x = (passer.x_per_s > 0 ? -outside : kWidth + outside) + passer.x_per_s * walked_s;
  if (figure.x < -outside || figure.x > kWidth + outside) return;
  draw_figure(brush, figure, walk(figure.tempo * walked_s));
}

double light_at(const Scene& scene, double seconds) {
  double gain = 1 + scene.light.at(seconds);
  const auto next =
      std::ranges::upper_bound(scene.light_changes, seconds, {}, &LightChange::start_s);
  if (next != scene.light_changes.begin()) gain *= std::prev(next)->gain;
  return gain;
}

// Makes a picture brighter or darker, warmer or colder, and noisy.
void light(Picture& picture, double gain, double tint, const std::int8_t* noise) {
  const int factor = static_cast<int>(std::lround(256 * gain));
  const int shift = static_cast<int>(std::lround(tint));
  std::array<std::array<int, 256>, 3> lit;
  for (int value = 0; value < 256; ++value) {
    const int brighter = value * factor >> 8;
    const auto at = static_cast<std::size_t>(value);
    lit[0][at] = brighter + shift;
    lit[1][at] = brighter;
    lit[2][at] = brighter - shift;
  }
  auto* byte = picture.ptr<std::uint8_t>();
  for (int i = 0; i < kBytes; i += 3) {
    for (std::size_t channel = 0; channel < 3; ++channel, ++byte, ++noise) {
      *byte = static_cast<std::uint8_t>(std::clamp(lit[channel][*byte] + *noise, 0, 255));
    }
  }
}

// Where a frame's noise begins: anywhere, by the frame alone.
std::size_t noise_offset(int frame) {
  const std::uint64_t spread = (static_cast<std::uint64_t>(frame) + 1) * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(spread >> 50);
}

}  // namespace

Scene some_scene(Scenery scenery, int frames, Dice& dice) {
  const double length_s = static_cast<double>(frames) / kFps;
  Scene scene;
  scene.figure = main_figure(dice);
  const Figure& main = scene.figure;
  scene.background = draw_scenery(scenery, main.ground, dice);
  if (dice.happens(difficulty::kBystanderShare)) {
    scene.bystanders.push_back(some_bystander(main, frames, dice));
    if (dice.happens(difficulty::kSecondBystanderShare)) {
      scene.bystanders.push_back(some_bystander(main, frames, dice));
    }
  }
  if (dice.happens(difficulty::kPassersShare)) scene.passers = some_passers(main, length_s, dice);
  const double gap_s = difficulty::kDistractorGap_s;
  for (double start_s = dice.uniform(-gap_s, gap_s); start_s < length_s;
       start_s += dice.uniform(0.4 * gap_s, 1.6 * gap_s)) {
    scene.distractors.push_back(some_distractor(start_s, length_s, main.ground, dice));
  }
  scene.obstacles = some_obstacles(main, dice);
  scene.pan = some_sway(difficulty::kPan, 5, 15, dice);
  scene.tilt = some_sway(difficulty::kTilt, 5, 15, dice);
  scene.shake_x = some_sway(difficulty::kShake, 0.2, 0.6, dice);
  scene.shake_y = some_sway(difficulty::kShake, 0.2, 0.6, dice);
  scene.zoom = some_sway(difficulty::kZoom, 4, 15, dice);
  scene.light = some_sway(difficulty::kLight, 3, 12, dice);
  scene.tint = some_sway(difficulty::kTint, 5, 15, dice);
  scene.light_changes = some_light_changes(length_s, dice);
  scene.noise = some_noise(dice.uniform(difficulty::kLeastNoise, difficulty::kMostNoise), dice);
  scene.crf = dice.whole(difficulty::kBestCrf, difficulty::kWorstCrf + 1);
  return scene;
}

Picture draw_frame(const Scene& scene, const Script& script, int frame) {
  const double seconds = static_cast<double>(frame) / kFps;
  const Camera camera = camera_at(scene, seconds);
  Picture picture = seen(scene.background, camera);
  const Brush brush(picture, camera);
  for (const Distractor& thing : scene.distractors) draw_distractor(brush, thing, seconds);
  for (const Bystander& bystander : scene.bystanders) {
    draw_figure(brush, bystander.figure, pose_at(frame, bystander.spells, bystander.figure));
  }
  const ShownProp prop = prop_at(frame, script.props);
  draw_figure(brush, scene.figure, pose_at(frame, script.spells, scene.figure), prop.prop,
              prop.opacity);
  for (const Obstacle& obstacle : scene.obstacles) {
    brush.line(obstacle.from, obstacle.to, obstacle.thickness, obstacle.colour);
  }
  for (const Passer& passer : scene.passers) draw_passer(brush, passer, seconds);
  light(picture, light_at(scene, seconds), scene.tint.at(seconds),
        scene.noise.data() + noise_offset(frame));
  return picture;
}

}  // namespace co2net
