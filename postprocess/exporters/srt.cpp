#include "postprocess/exporters/formats.h"
#include "postprocess/exporters/subtitles.h"

namespace co2net {
namespace {

// SubRip has no escapes. A word joiner, which nobody sees, keeps players from reading arrows and
// tags; what stands in braces they would hide.
const std::vector<Replacement> kUnread = {
    {'>', "\u2060>"}, {'<', "<\u2060"}, {'{', "("}, {'}', ")"}};

}  // namespace

std::string srt_text(const Timelines& videos) {
  std::string text;
  int number = 0;
  for (const Segment& segment : by_start(videos.front().segments)) {
    text += std::to_string(++number) + "\n" + clock_time(segment.start_s, ',') + " --> " +
            clock_time(segment.end_s, ',') + "\n" + replaced(one_line(segment.label), kUnread) +
            "\n\n";
  }
  return text;
}

}  // namespace co2net
