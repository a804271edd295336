#include "cli/workflows/final_choice.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/text.h"
#include "postprocess/distinct_segments.h"
#include "postprocess/exporters/timeline.h"

namespace co2net {

void keep_final(Predictions& results) {
  std::vector<std::string> without;
  for (VideoPredictions& video : results) {
    if (!video.final_segments) without.push_back(video.id);
    video.segments = video.final_segments ? *video.final_segments
                                          : by_start(without_overlaps(std::move(video.segments)));
  }
  if (without.empty()) return;
  spdlog::warn(
      "no final segments are known of {}, hence no operating point: taken are the best of which no "
      "two of a class overlap, however little they score",
      counted("videos", without));
}

}  // namespace co2net
