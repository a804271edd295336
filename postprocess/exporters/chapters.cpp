#include "postprocess/exporters/formats.h"

namespace co2net {

std::string chapters_text(const Timelines& videos) {
  std::string text = ";FFMETADATA1\n";
  for (const Segment& segment : by_start(videos.front().segments)) {
    text += "\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=" + std::to_string(milliseconds(segment.start_s)) +
            "\nEND=" + std::to_string(milliseconds(segment.end_s)) + "\ntitle=" +
            replaced(one_line(segment.label),
                     {{'\\', "\\\\"}, {'=', "\\="}, {';', "\\;"}, {'#', "\\#"}}) +
            "\n";
  }
  return text;
}

}  // namespace co2net
