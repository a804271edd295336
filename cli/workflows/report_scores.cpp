#include "cli/workflows/report_scores.h"

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

//   columns  of the scores, without background
Strings class_names(const fs::path& file, std::int64_t columns) {
  Strings classes;
  for (std::int64_t i = 0; i < columns; ++i) classes.push_back("class " + std::to_string(i));
  Strings known = read_scored_classes(file).value_or(ScoredClasses{classes}).classes;
  if (known.size() == classes.size()) return known;
  throw Error(ErrorKind::kInput, "scores of " + std::to_string(classes.size()) +
                                     " classes, but names of " + std::to_string(known.size()) +
                                     "; localize the video again");
}

double step_of(const ReportVideo& video, std::int64_t snippets) {
  for (const auto* predictions : {&video.found, &video.other}) {
    if (*predictions && !(*predictions)->rate_is_assumed) {
      return 1 / (*predictions)->snippets_per_second;
    }
  }
  const double duration_s = duration_of(video);
  const bool is_known = duration_s > 0 && snippets > 0;
  return is_known ? duration_s / static_cast<double>(snippets) : 1 / kSnippetsPerSecond;
}

}  // namespace

ReportScores read_report_scores(const fs::path& file, const ReportVideo& video) {
  const Arrays arrays = read_npz(file);
  return within(file.string(), [&] {
    ReportScores scores;
    const auto cas = arrays.find("cas");
    if (cas == arrays.end()) throw Error(ErrorKind::kInput, "no array 'cas'");
    scores.cas = cas->second;
    expect_shape(scores.cas, {-1, -1}, "cas");
    for (const auto& [name, array] : arrays) {
      if (!name.starts_with("attn")) continue;
      expect_shape(array, {scores.cas.dim(0)}, name);
      scores.curves[name] = array.values;
    }
    // A W-TALC has neither attention nor background.
    const std::int64_t background = arrays.contains("attn") ? 1 : 0;
    scores.classes = class_names(file, scores.cas.dim(1) - background);
    scores.step_s = step_of(video, scores.cas.dim(0));
    return scores;
  });
}

}  // namespace co2net
