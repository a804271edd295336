#pragma once

#include "postprocess/predictions.h"

namespace co2net {

// Puts the final segments in the candidates' place, in the order of time. Of a video without any in
// its file these are the best of which no two of a class overlap; the log says so.
void keep_final(Predictions& results);

}  // namespace co2net
