#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "samples/drawing/canvas.h"
#include "samples/drawing/curves.h"
#include "samples/drawing/figure.h"
#include "samples/drawing/scenery.h"
#include "samples/drawing/script.h"

namespace co2net {

struct Bystander {
  Figure figure;
  std::vector<Spell> spells;
};

// Somebody who walks through the picture before everything else.
struct Passer {
  Figure figure;
  double start_s, x_per_s;
};

// Something that moves behind the figures.
struct Distractor {
  enum class Kind { kBall, kCart, kFan, kPendulum } kind;
  double start_s, end_s, x_per_s;  // the first two kinds cross the picture
  double x, y, size;
  double period_s;  // of the others; negative: the other way round
  Colour colour;
};

// What stands before the figure, from one point to another.
struct Obstacle {
  cv::Point2d from, to;
  double thickness;
  Colour colour;
};

// From a time on, light is so strong.
struct LightChange {
  double start_s, gain;
};

// All of a video but what its figure does.
struct Scene {
  Picture background;
  Figure figure;
  std::vector<Bystander> bystanders;
  std::vector<Passer> passers;
  std::vector<Distractor> distractors;
  std::vector<Obstacle> obstacles;
  Sway pan, tilt, shake_x, shake_y, zoom;  // the camera's
  Sway light, tint;
  std::vector<LightChange> light_changes;  // by time
  std::vector<std::int8_t> noise;          // longer than a picture
  int crf;                                 // x264's
};

Scene some_scene(Scenery scenery, int frames, Dice& dice);

// The picture of a frame of this scene, in which its figure goes by the script.
Picture draw_frame(const Scene& scene, const Script& script, int frame);

}  // namespace co2net
