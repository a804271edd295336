#include "postprocess/exporters/formats.h"
#include "postprocess/exporters/subtitles.h"

namespace co2net {

std::string webvtt_text(const Timelines& videos) {
  std::string text = "WEBVTT\n";
  for (const Segment& segment : by_start(videos.front().segments)) {
    text +=
        "\n" + clock_time(segment.start_s, '.') + " --> " + clock_time(segment.end_s, '.') + "\n" +
        replaced(one_line(segment.label), {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}}) + "\n";
  }
  return text;
}

}  // namespace co2net
