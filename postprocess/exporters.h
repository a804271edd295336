#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/json.h"
#include "postprocess/proposal.h"

namespace co2net {

// A scored segment of one class, in seconds, [start_s, end_s).
struct Segment {
  std::string label;
  double score = 0;
  double start_s = 0;
  double end_s = 0;
};

// Snippet i starts at i * stride / fps. No segment ends after the video, `duration_s`.
std::vector<Segment> to_segments(const std::vector<Proposal>& proposals,
                                 const std::vector<std::string>& classes, int stride, double fps,
                                 double duration_s);
std::vector<Segment> to_segments(const std::vector<FinalSegment>& segments,
                                 const std::vector<std::string>& classes, int stride, double fps,
                                 double duration_s);

Json to_json(const std::vector<Segment>& segments);  // [{"label", "score", "segment": [s, e]}]
std::vector<Segment> segments_from_json(const Json& json);

struct VideoResult {
  std::string id;
  std::vector<Segment> segments;
  Json video;  // facts: "path", "duration", "fps", ...
  // What a person can act on; none where only candidates were made.
  std::optional<std::vector<Segment>> final_segments = {};
};

struct VideoError {
  std::string id;
  std::string stage;
  std::string message;
};

// Which of a video's segments leave the program; by default all, in the order they came.
struct SegmentFilter {
  std::optional<double> min_score;
  std::optional<int> top_k;  // the best of each video, best first
};
std::vector<Segment> filtered(std::vector<Segment> segments, const SegmentFilter& filter);

// The whole results file, schema "co2net.results/1": ActivityNet's submission format with our own
// keys beside it, such as "final", the final segments of each video.
Json results_document(const std::vector<VideoResult>& results,
                      const std::vector<VideoError>& errors, const Json& model, const Json& recipe);

// One line a video, with its line feed: {"id", "segments", "final", "video", "made_by"} or {"id",
// "error"}. `made_by` names the model, recipe, program and options; left out if empty.
std::string jsonl_line(const VideoResult& result, const std::string& made_by = "");
std::string jsonl_line(const VideoError& error);

inline constexpr std::string_view kCsvHeader = "id,label,score,start_s,end_s\n";
std::string csv_rows(const VideoResult& result);  // quoted as RFC 4180 says

}  // namespace co2net
