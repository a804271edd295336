#include "postprocess/exporters.h"

#include <algorithm>
#include <utility>

#include "pipeline/base/version.h"
#include "pipeline/formats/csv.h"

namespace co2net {
std::vector<Segment> to_segments(const std::vector<Proposal>& proposals,
                                 const std::vector<std::string>& classes, int stride, double fps,
                                 double duration_s) {
  std::vector<FinalSegment> segments;
  for (const Proposal& run : proposals) {
    segments.push_back({run, static_cast<double>(run.start), static_cast<double>(run.end)});
  }
  return to_segments(segments, classes, stride, fps, duration_s);
}

std::vector<Segment> to_segments(const std::vector<FinalSegment>& segments,
                                 const std::vector<std::string>& classes, int stride, double fps,
                                 double duration_s) {
  const auto seconds = [&](double strides) { return std::min(strides * stride / fps, duration_s); };
  std::vector<Segment> in_seconds;
  for (const auto& [run, start, end] : segments) {
    in_seconds.push_back(
        {classes.at(static_cast<std::size_t>(run.label)), run.score, seconds(start), seconds(end)});
  }
  return in_seconds;
}

Json to_json(const std::vector<Segment>& segments) {
  Json list = Json::array();
  for (const Segment& segment : segments) {
    list.push_back({{"label", segment.label},
                    {"score", segment.score},
                    {"segment", {segment.start_s, segment.end_s}}});
  }
  return list;
}

std::vector<Segment> segments_from_json(const Json& json) {
  std::vector<Segment> segments;
  for (const Json& item : json) {
    segments.push_back(
        {item.at("label"), item.at("score"), item.at("segment").at(0), item.at("segment").at(1)});
  }
  return segments;
}

std::vector<Segment> filtered(std::vector<Segment> segments, const SegmentFilter& filter) {
  if (filter.min_score) {
    std::erase_if(segments, [&](const Segment& s) { return s.score < *filter.min_score; });
  }
  if (filter.top_k) {
    std::stable_sort(segments.begin(), segments.end(),
                     [](const Segment& a, const Segment& b) { return a.score > b.score; });
    segments.resize(std::min(segments.size(), static_cast<std::size_t>(*filter.top_k)));
  }
  return segments;
}

Json results_document(const std::vector<VideoResult>& results,
                      const std::vector<VideoError>& errors, const Json& model,
                      const Json& recipe) {
  Json document = {{"version", "co2net " + std::string(version())},
                   {"schema", "co2net.results/1"},
                   {"results", Json::object()},
                   {"final", Json::object()},
                   {"videos", Json::object()},
                   {"errors", Json::object()},
                   {"model", model},
                   {"recipe", recipe}};
  for (const VideoResult& result : results) {
    document["results"][result.id] = to_json(result.segments);
    document["videos"][result.id] = result.video;
    if (result.final_segments) document["final"][result.id] = to_json(*result.final_segments);
  }
  for (const VideoError& error : errors) {
    document["errors"][error.id] = {{"stage", error.stage}, {"message", error.message}};
  }
  return document;
}

std::string jsonl_line(const VideoResult& result, const std::string& made_by) {
  Json line = {{"id", result.id}, {"segments", to_json(result.segments)}, {"video", result.video}};
  if (result.final_segments) line["final"] = to_json(*result.final_segments);
  if (!made_by.empty()) line["made_by"] = made_by;
  return to_text(line) + "\n";
}

std::string jsonl_line(const VideoError& error) {
  return to_text(
             {{"id", error.id}, {"error", {{"stage", error.stage}, {"message", error.message}}}}) +
         "\n";
}

std::string csv_rows(const VideoResult& result) {
  std::string rows;
  for (const Segment& segment : result.segments) {
    rows += csv_field(result.id) + ',' + csv_field(segment.label) + ',' +
            Json(segment.score).dump() + ',' + Json(segment.start_s).dump() + ',' +
            Json(segment.end_s).dump() + '\n';
  }
  return rows;
}

}  // namespace co2net
