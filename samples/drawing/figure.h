#pragma once

#include "samples/drawing/canvas.h"
#include "samples/drawing/dice.h"
#include "samples/drawing/motions.h"

namespace co2net {

// A figure's looks and place.
struct Figure {
  double body, ground, x;  // height, level of the feet, and place, in the scene's pixels
  double tempo;            // of the movements; 1 is that of the motions' functions
  double stoutness;        // of the limbs; 1 is the usual
  bool is_mirrored;
  Colour skin, shirt, trousers;
};

Colour some_colour(Dice& dice, int low, int high);

// Of this height, its feet at this level, anywhere near to `x`.
Figure some_figure(double body, double ground, double x, Dice& dice);

// `opacity` is the prop's.
void draw_figure(const Brush& brush, const Figure& figure, const Pose& pose,
                 Prop prop = Prop::kNone, int opacity = kOpaque);

}  // namespace co2net
