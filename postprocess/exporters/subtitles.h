#pragma once

#include <string>

#include "postprocess/exporters/timeline.h"

namespace co2net {

// "00:01:02.500", with that mark before the milliseconds.
std::string clock_time(double seconds, char mark);

}  // namespace co2net
