#include <algorithm>

#include "pipeline/base/percent_encoding.h"
#include "postprocess/exporters/formats.h"

namespace co2net {
namespace {

constexpr double kMillisecondsRate = 1000;  // where the video's own is not known

Json rational_time(double seconds, double rate) {
  return {{"OTIO_SCHEMA", "RationalTime.1"}, {"rate", rate}, {"value", seconds * rate}};
}

Json time_range(double start_s, double end_s, double rate) {
  return {{"OTIO_SCHEMA", "TimeRange.1"},
          {"start_time", rational_time(start_s, rate)},
          {"duration", rational_time(end_s - start_s, rate)}};
}

double end_of(const Timeline& video) {
  double end_s = video.duration_s.value_or(0);
  for (const Segment& segment : video.segments) end_s = std::max(end_s, segment.end_s);
  return end_s;
}

Json markers_of(const Timeline& video, double rate) {
  Json markers = Json::array();
  for (const Segment& segment : by_start(video.segments)) {
    Json metadata = Json::object();
    if (video.has_scores) metadata["co2net"] = {{"score", segment.score}};
    markers.push_back({{"OTIO_SCHEMA", "Marker.2"},
                       {"name", segment.label},
                       {"color", "RED"},
                       {"marked_range", time_range(segment.start_s, segment.end_s, rate)},
                       {"metadata", metadata}});
  }
  return markers;
}

Json media_of(const Timeline& video, const Json& whole) {
  if (video.path.empty()) return {{"OTIO_SCHEMA", "MissingReference.1"}};
  const std::string address =
      (video.path.starts_with('/') ? "file://" : "") + percent_encoded(video.path);
  return {
      {"OTIO_SCHEMA", "ExternalReference.1"}, {"target_url", address}, {"available_range", whole}};
}

}  // namespace

std::string otio_text(const Timelines& videos) {
  const Timeline& video = videos.front();
  const double rate = video.frame_rate.value_or(kMillisecondsRate);
  const Json whole = time_range(0, end_of(video), rate);
  const Json clip = {{"OTIO_SCHEMA", "Clip.1"},
                     {"name", video.id},
                     {"source_range", whole},
                     {"media_reference", media_of(video, whole)},
                     {"markers", markers_of(video, rate)}};
  const Json track = {{"OTIO_SCHEMA", "Track.1"},
                      {"name", video.id},
                      {"kind", "Video"},
                      {"children", Json::array({clip})}};
  const Json stack = {
      {"OTIO_SCHEMA", "Stack.1"}, {"name", "tracks"}, {"children", Json::array({track})}};
  return to_text({{"OTIO_SCHEMA", "Timeline.1"}, {"name", video.id}, {"tracks", stack}}) + "\n";
}

}  // namespace co2net
