#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/json.h"
#include "postprocess/exporters.h"
#include "postprocess/proposals.h"

namespace co2net {

struct VideoPredictions {
  std::string id;
  std::vector<Segment> segments;  // in the file's order
  double snippets_per_second = kSnippetsPerSecond;
  bool rate_is_assumed = true;  // the file does not say it
  // Those that co2net's results have beside them; none where the file has not.
  std::optional<std::vector<Segment>> final_segments = {};
  std::optional<double> duration_s = {};  // where the file says it
  Json facts = {};  // "path", "labels", ... that our results have; null where the file has none
  std::string error = {};       // why our results have none of it; empty where they have
  std::string incomplete = {};  // why only a part of it was decoded; empty where all was
};

// In the file's order, each id once.
using Predictions = std::vector<VideoPredictions>;

// Reads anybody's results in ActivityNet's submission format, {"results": {id: [{"label", "score",
// "segment": [start_s, end_s]}]}}, our JSON lines, or our CSV with its header, whose rows are put
// together by video; the content tells which. Numbers may be written as text, as some files of
// ground truth have them. The snippet rate is that of our results files (a video's "fps" / the
// recipe's "stride"), else the benchmarks'. Our JSON and JSON lines also have final segments,
// durations, facts, and videos that failed, which have no segments.
// Errors: Error(kInput) naming the file, the place and the defect; Error(kIo).
Predictions read_predictions(const std::filesystem::path& path);
Predictions parse_predictions(std::string_view bytes, const std::string& name);

}  // namespace co2net
