#include "pipeline/formats/csv.h"

#include <algorithm>

#include "postprocess/exporters/formats.h"

namespace co2net {
namespace {

std::string number(double value) { return Json(value).dump(); }

std::string annotation_rows(const Timeline& video) {
  const std::string id = csv_field(video.id) + ',', subset = ',' + csv_field(video.subset) + '\n';
  if (video.segments.empty()) return id + ",," + subset;
  std::string rows;
  for (const Segment& segment : video.segments) {
    rows += id + csv_field(segment.label) + ',' + number(segment.start_s) + ',' +
            number(segment.end_s) + subset;
  }
  return rows;
}

}  // namespace

std::string csv_text(const Timelines& videos) {
  const bool have_scores = std::ranges::any_of(videos, &Timeline::has_scores);
  std::string text(have_scores ? kCsvHeader : "id,label,start_s,end_s,subset\n");
  for (const Timeline& video : videos) {
    text += have_scores ? csv_rows({video.id, video.segments, {}}) : annotation_rows(video);
  }
  return text;
}

}  // namespace co2net
