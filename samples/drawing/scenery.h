#pragma once

#include "samples/drawing/canvas.h"
#include "samples/drawing/dice.h"
#include "samples/drawing/motions.h"

namespace co2net {

constexpr int kWidth = 320, kHeight = 240;  // of pictures
constexpr int kMargin = 64;                 // of backgrounds, around the picture

// What is behind everything: a picture with a margin on every side, its colours, textures and
// clutter by chance. `ground` is where a figure's feet are, in the scene's pixels.
Picture draw_scenery(Scenery scenery, double ground, Dice& dice);

// The part of a background that a camera sees, [kHeight, kWidth], interpolated in integers.
Picture seen(const Picture& background, const Camera& camera);

}  // namespace co2net
