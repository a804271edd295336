#include "samples/highlights/highlights.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/statistics.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/formats/npy.h"

namespace co2net {
namespace {

std::vector<std::size_t> ranked(const std::vector<double>& scores) {
  std::vector<std::size_t> ranks(scores.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::ranges::stable_sort(ranks, std::greater(), [&](std::size_t i) { return scores[i]; });
  return ranks;
}

std::map<std::string, std::size_t> videos_of_domains(const Precisions& precisions) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [domain, values] : precisions) counts[domain] = values.size();
  return counts;
}

void expect_videos(const std::vector<Precisions>& row,
                   const std::map<std::string, std::size_t>& domains) {
  for (const Precisions& precisions : row) {
    if (videos_of_domains(precisions) != domains) {
      throw Error(ErrorKind::kInput, "trainings that were judged on different videos");
    }
  }
}

Json segments_of(const AnnotatedVideo& video) {
  Json segments = Json::array();
  for (const AnnotatedSegment& segment : video.segments) {
    segments.push_back({segment.label, segment.start_s, segment.end_s});
  }
  return segments;
}

std::string hash_of(const Array& array) {
  return sha256(
      {reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(float)});
}

}  // namespace

ClipLabels clip_labels(const Json& clips, const std::string& id) {
  const auto video = json_at<Json>(clips, id, ErrorKind::kInput);
  return {json_at<std::string>(video, "domain", ErrorKind::kInput),
          json_at<std::vector<int>>(video, "match", ErrorKind::kInput)};
}

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

Precisions precisions_of(const std::map<std::string, Highlights>& videos,
                         const std::map<std::string, std::vector<double>>& scores) {
  Precisions precisions;
  for (const auto& [id, video] : videos) {
    const auto own = scores.find(id);
    if (own == scores.end()) throw Error(ErrorKind::kInput, "no scores of video " + id);
    precisions[video.domain].push_back(
        within(id, [&] { return average_precision(own->second, video.is_highlight); }));
  }
  return precisions;
}

HighlightFigures highlight_figures(const Precisions& precisions) {
  HighlightFigures figures;
  std::vector<double> means;
  for (const auto& [domain, values] : precisions) {
    means.push_back(figures.domains[domain] = mean(values));
  }
  figures.mean = mean(means);
  return figures;
}

double highlight_mean_on(const Precisions& precisions, const Copies& copies) {
  auto copy = copies.begin();
  std::vector<double> means;
  for (const auto& [domain, values] : precisions) {
    double sum = 0, count = 0;
    for (const double value : values) {
      sum += *copy * value;
      count += *copy++;
    }
    if (count > 0) means.push_back(sum / count);
  }
  return mean(means);
}

Difference difference(const std::vector<Precisions>& row, const std::vector<Precisions>& other,
                      const BootstrapOptions& options) {
  const std::size_t seeds = paired_seeds(row.size(), other.size());
  const auto domains = videos_of_domains(row[0]);
  expect_videos(row, domains);
  expect_videos(other, domains);
  std::size_t videos = 0;
  for (const auto& [domain, count] : domains) videos += count;
  return difference(
      seeds, videos,
      [&](std::size_t seed, const Copies& drawn) {
        return highlight_mean_on(row[seed], drawn) - highlight_mean_on(other[seed], drawn);
      },
      options);
}

std::string hash_of_data(const std::filesystem::path& features,
                         const std::filesystem::path& annotations,
                         const std::filesystem::path& clips) {
  const Json of_clips = parse_json(read_file(clips), clips.string(), ErrorKind::kInput);
  Json videos = Json::array();
  for (const AnnotatedVideo& video : read_annotations(annotations).videos) {
    const ClipLabels said = within(clips.string(), [&] { return clip_labels(of_clips, video.id); });
    const Array array = read_npy(features / (video.id + ".npy"));
    videos.push_back({video.id, video.subset, video.duration_s, video.labels, segments_of(video),
                      Json{said.domain, said.match}, array.shape, hash_of(array)});
  }
  return sha256(videos.dump()).substr(0, 16);
}

}  // namespace co2net
