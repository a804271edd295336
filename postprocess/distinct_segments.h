#pragma once

#include <cstddef>
#include <vector>

#include "postprocess/exporters.h"

namespace co2net {

// What people look at, of the candidates that are kept for mAP.

// Of segments that are the same but for their score the best, best first, at most so many.
std::vector<Segment> distinct_best(std::vector<Segment> segments, std::size_t most);

// Those of a class that share no time, best first: in the place of final segments where a file has
// none.
std::vector<Segment> without_overlaps(std::vector<Segment> segments);

}  // namespace co2net
