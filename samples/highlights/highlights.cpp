#include "samples/highlights/highlights.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

std::vector<std::size_t> ranked(const std::vector<double>& scores) {
  std::vector<std::size_t> ranks(scores.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::ranges::stable_sort(ranks, std::greater(), [&](std::size_t i) { return scores[i]; });
  return ranks;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
}

}  // namespace

double average_precision(const std::vector<double>& scores, const std::vector<bool>& is_highlight) {
  if (scores.size() != is_highlight.size()) {
    throw Error(ErrorKind::kInput, std::to_string(scores.size()) + " scores of " +
                                       std::to_string(is_highlight.size()) + " snippets");
  }
  const auto all = static_cast<double>(std::ranges::count(is_highlight, true));
  if (all == 0) return 0;
  double found = 0, seen = 0, recall = 0, precision = 1, area = 0;
  for (const std::size_t snippet : ranked(scores)) {
    ++seen;
    if (is_highlight[snippet]) ++found;
    area += (found / all - recall) * (precision + found / seen) / 2;
    recall = found / all;
    precision = found / seen;
  }
  return area;
}

HighlightFigures highlight_figures(const std::map<std::string, Highlights>& videos,
                                   const std::map<std::string, std::vector<double>>& scores) {
  std::map<std::string, std::vector<double>> of_domains;
  for (const auto& [id, video] : videos) {
    const auto own = scores.find(id);
    if (own == scores.end()) throw Error(ErrorKind::kInput, "no scores of video " + id);
    of_domains[video.domain].push_back(
        within(id, [&] { return average_precision(own->second, video.is_highlight); }));
  }
  HighlightFigures figures;
  for (const auto& [domain, values] : of_domains) {
    figures.domains[domain] = mean(values);
    figures.mean += figures.domains[domain] / static_cast<double>(of_domains.size());
  }
  return figures;
}

}  // namespace co2net
