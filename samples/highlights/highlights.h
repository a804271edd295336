#pragma once

#include <map>
#include <string>
#include <vector>

namespace co2net {

// What people said of a video: its domain, and of each snippet whether it is a highlight.
struct Highlights {
  std::string domain;
  std::vector<bool> is_highlight;
};

// The average precision of snippets that are ranked by their scores, equal ones in the video's
// order: the area below precision over recall, straight between the ranks. 0 where nothing is a
// highlight. Both have a value a snippet; throws Error(kInput) if not.
double average_precision(const std::vector<double>& scores, const std::vector<bool>& is_highlight);

// As YouTube Highlights (Sun et al., ECCV 2014) is measured: the mean over the videos of a domain,
// and of these means over the domains.
struct HighlightFigures {
  double mean = 0;
  std::map<std::string, double> domains;
};

// `scores` has those of every video. Throws Error(kInput) naming a video that has none.
HighlightFigures highlight_figures(const std::map<std::string, Highlights>& videos,
                                   const std::map<std::string, std::vector<double>>& scores);

}  // namespace co2net
