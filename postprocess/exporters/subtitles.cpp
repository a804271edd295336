#include "postprocess/exporters/subtitles.h"

#include <iomanip>
#include <sstream>

namespace co2net {

std::string clock_time(double seconds, char mark) {
  const std::int64_t all = milliseconds(seconds);
  std::ostringstream text;
  text << std::setfill('0') << std::setw(2) << all / 3'600'000 << ':' << std::setw(2)
       << all / 60'000 % 60 << ':' << std::setw(2) << all / 1000 % 60 << mark << std::setw(3)
       << all % 1000;
  return text.str();
}

}  // namespace co2net
