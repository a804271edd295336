#include "postprocess/report/report_data.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "postprocess/distinct_segments.h"
#include "postprocess/report/pages.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// A call of one of the page's functions.
std::string call(const std::string& function, const Json& argument) {
  return function + "(" + script_text(argument) + ");\n";
}

// Short enough for many numbers, and more than a screen shows.
double rounded(double value) { return std::round(value * 1000) / 1000; }

Json as_json(const Segment& segment) {
  return {{"label", segment.label},
          {"score", segment.score},
          {"start", segment.start_s},
          {"end", segment.end_s}};
}

Json as_json(const std::vector<Segment>& segments) {
  Json list = Json::array();
  for (const Segment& segment : segments) list.push_back(as_json(segment));
  return list;
}

// The best distinct candidates that are not final segments.
std::vector<Segment> candidates_of(const VideoPredictions& video,
                                   const std::vector<Segment>& final_segments) {
  std::vector<Segment> candidates = distinct_best(video.segments, kMostCandidates);
  std::erase_if(candidates, [&](const Segment& candidate) {
    return std::ranges::any_of(final_segments, [&](const Segment& segment) {
      return segment.label == candidate.label && segment.start_s == candidate.start_s &&
             segment.end_s == candidate.end_s;
    });
  });
  return candidates;
}

Json as_json(const std::optional<VideoPredictions>& video) {
  if (!video) return nullptr;
  const std::vector<Segment> final_segments = shown_segments(*video);
  return {{"final", as_json(final_segments)},
          {"candidates", as_json(candidates_of(*video, final_segments))},
          {"hasFinal", video->final_segments.has_value()},
          {"path", named_path(*video)},
          {"error", video->error},
          {"incomplete", video->incomplete}};
}

Json as_json(const std::optional<AnnotatedVideo>& truth) {
  if (!truth) return nullptr;
  Json list = Json::array();
  for (const AnnotatedSegment& segment : truth->segments) {
    list.push_back({{"label", segment.label}, {"start", segment.start_s}, {"end", segment.end_s}});
  }
  return list;
}

Json as_json(const ReportMedia& media) {
  return {{"link", media.video}, {"problem", media.problem}};
}

// What is found or true in a video.
std::set<std::string> labels_of(const ReportVideo& video) {
  std::set<std::string> labels;
  for (const auto* predictions : {&video.found, &video.other}) {
    if (!*predictions) continue;
    for (const Segment& segment : shown_segments(**predictions)) labels.insert(segment.label);
  }
  if (video.truth) labels.insert(video.truth->labels.begin(), video.truth->labels.end());
  return labels;
}

// All that are found or true.
std::vector<std::string> classes_of(const std::vector<ReportVideo>& videos) {
  std::set<std::string> classes;
  for (const ReportVideo& video : videos) classes.merge(labels_of(video));
  return {classes.begin(), classes.end()};
}

// The best score of each final class, best first.
Json best_labels(const ReportVideo& video) {
  Json labels = Json::array();
  if (!video.found) return labels;
  std::set<std::string> seen;
  for (const Segment& segment : shown_segments(*video.found)) {
    if (!seen.insert(segment.label).second) continue;
    labels.push_back({{"label", segment.label}, {"score", segment.score}});
  }
  return labels;
}

Json list_entry(const ReportVideo& video, const std::string& strip) {
  const double duration_s = duration_of(video);
  return {{"id", video.id},
          {"duration", duration_s > 0 ? Json(duration_s) : Json()},
          {"labels", best_labels(video)},
          {"segments", video.found ? shown_segments(*video.found).size() : 0},
          {"classes", labels_of(video)},
          {"isFound", video.found.has_value()},
          {"error", video.found ? video.found->error : ""},
          {"isIncomplete", video.found && !video.found->incomplete.empty()},
          {"strip", strip}};
}

float highest(const Array& cas, std::size_t label) {
  float most = -std::numeric_limits<float>::infinity();
  for (std::int64_t t = 0; t < cas.dim(0); ++t) most = std::max(most, cas.row(t)[label]);
  return most;
}

// Indices of the classes that the heat map shows.
std::vector<std::size_t> heated(const ReportScores& scores, const std::set<std::string>& wanted) {
  std::vector<std::size_t> order(scores.classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t label) {
    return std::pair(wanted.contains(scores.classes[label]), highest(scores.cas, label));
  };
  std::ranges::stable_sort(order, std::greater(), rank);
  if (order.size() > kMostHeatedClasses) order.resize(kMostHeatedClasses);
  return order;
}

Json activation(const Array& cas, std::size_t label) {
  Json values = Json::array();
  for (std::int64_t t = 0; t < cas.dim(0); ++t) values.push_back(rounded(cas.row(t)[label]));
  return values;
}

Json as_json(const ReportScores& scores, const std::set<std::string>& wanted) {
  Json curves = Json::object();
  for (const auto& [name, values] : scores.curves) {
    curves[name] = Json::array();
    for (const float value : values) curves[name].push_back(rounded(value));
  }
  Json heat = Json::array();
  for (const std::size_t label : heated(scores, wanted)) {
    heat.push_back({{"label", scores.classes[label]}, {"values", activation(scores.cas, label)}});
  }
  return {{"step", scores.step_s}, {"curves", curves}, {"heat", heat}};
}

}  // namespace

double duration_of(const ReportVideo& video) {
  for (const auto* predictions : {&video.found, &video.other}) {
    if (*predictions && (*predictions)->duration_s.value_or(0) > 0) {
      return *(*predictions)->duration_s;
    }
  }
  const bool is_annotated = video.truth && video.truth->duration_s > 0;
  return is_annotated ? video.truth->duration_s : video.file_duration_s;
}

std::string named_path(const VideoPredictions& video) {
  const auto path = video.facts.find("path");
  return path != video.facts.end() && path->is_string() ? path->get<std::string>() : "";
}

std::vector<Segment> shown_segments(const VideoPredictions& video) {
  if (!video.final_segments) return without_overlaps(video.segments);
  return distinct_best(*video.final_segments, std::numeric_limits<std::size_t>::max());
}

std::string video_script_name(std::size_t index) { return "data/" + std::to_string(index) + ".js"; }

std::string list_script(const ReportFacts& facts, const std::vector<ReportVideo>& videos,
                        const std::vector<std::string>& strips) {
  Json entries = Json::array();
  for (std::size_t i = 0; i < videos.size(); ++i) {
    entries.push_back(list_entry(videos[i], strips.at(i)));
  }
  return call("receiveReport", {{"key", facts.key},
                                {"results", facts.results},
                                {"other", facts.other},
                                {"hasTruth", facts.has_truth},
                                {"hasEvaluation", facts.has_evaluation},
                                {"classes", classes_of(videos)},
                                {"colouredClasses", facts.classes},
                                {"videos", entries}});
}

std::string video_script(std::size_t index, const ReportVideo& video, const ReportMedia& media,
                         const std::optional<ReportScores>& scores) {
  return call("receiveVideo", {{"index", index},
                               {"found", as_json(video.found)},
                               {"other", as_json(video.other)},
                               {"truth", as_json(video.truth)},
                               {"media", as_json(media)},
                               {"scores", scores ? as_json(*scores, labels_of(video)) : Json()}});
}

}  // namespace co2net
