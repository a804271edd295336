#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/base/json.h"
#include "samples/benchmark/paired_bootstrap.h"

namespace co2net {

// What clips.json has of a video: its domain, and of each snippet 1 for a highlight, else 0 or -1.
struct ClipLabels {
  std::string domain;
  std::vector<int> match;
};

// `clips` is the file's content. Throws Error(kInput) naming what is missing.
ClipLabels clip_labels(const Json& clips, const std::string& id);

// What people said of a video: its domain, and of each snippet whether it is a highlight.
struct Highlights {
  std::string domain;
  std::vector<bool> is_highlight;
};

// The average precision of snippets that are ranked by their scores, equal ones in the video's
// order: the area below precision over recall, straight between the ranks. 0 where nothing is a
// highlight. Both have a value a snippet; throws Error(kInput) if not.
double average_precision(const std::vector<double>& scores, const std::vector<bool>& is_highlight);

// Of each domain, the average precision of its videos in the order of their ids.
using Precisions = std::map<std::string, std::vector<double>>;

// `scores` has those of every video. Throws Error(kInput) naming a video that has none.
Precisions precisions_of(const std::map<std::string, Highlights>& videos,
                         const std::map<std::string, std::vector<double>>& scores);

// As YouTube Highlights (Sun et al., ECCV 2014) is measured: the mean over the videos of a domain,
// and of these means over the domains.
struct HighlightFigures {
  double mean = 0;
  std::map<std::string, double> domains;
};

HighlightFigures highlight_figures(const Precisions& precisions);

// That mean where videos count as often as `copies` says, which has them domain after domain.
// Domains without any are left out; there is at least one with some.
double highlight_mean_on(const Precisions& precisions, const Copies& copies);

// The trainings of one row, a seed each, judged on the same videos; paired with another's by
// samples/benchmark/paired_bootstrap. Throws Error(kInput) for rows that are no pair, or of other
// videos.
Difference difference(const std::vector<Precisions>& row, const std::vector<Precisions>& other,
                      const BootstrapOptions& options);

// 16 hex digits of what trainings and their figures depend on: of each video, in the order of the
// annotations, the id, the subset, the duration, the labels, the segments, the domain, what people
// said of its snippets, and the features as float32. How files hold these does not count. Throws
// Error(kInput) naming the file.
std::string hash_of_data(const std::filesystem::path& features,
                         const std::filesystem::path& annotations,
                         const std::filesystem::path& clips);

}  // namespace co2net
