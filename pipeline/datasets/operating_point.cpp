#include "pipeline/datasets/operating_point.h"

#include <algorithm>
#include <cmath>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

constexpr ErrorKind kKind = ErrorKind::kModel;

const std::string& name_of(int label, const Strings& classes) {
  return classes.at(static_cast<std::size_t>(label));
}

int index_of(const std::string& label, const Strings& classes) {
  const auto found = std::ranges::find(classes, label);
  if (found != classes.end()) return static_cast<int>(found - classes.begin());
  throw Error(kKind, "the label " + to_text(label) + " is none of the classes");
}

double checked(double value, const std::string& key, double most) {
  if (value >= 0 && value <= most) return value;
  throw Error(kKind, "'" + key + "' must be finite and at least 0, a score at most 1");
}

double amount_at(const Json& json, const std::string& key) {
  return checked(json_at<double>(json, key, kKind), key, 1e9);
}

Json json_of(const ClassThresholds& thresholds, const Strings& classes) {
  Json own = Json::object();
  for (const auto& [label, threshold] : thresholds.own) own[name_of(label, classes)] = threshold;
  return {{"all", thresholds.all}, {"own", own}};
}

ClassThresholds thresholds_from(const Json& json, const Strings& classes) {
  ClassThresholds thresholds{amount_at(json, "all")};
  const auto own = json_at<std::map<std::string, double>>(json, "own", kKind);
  for (const auto& [label, threshold] : own) {
    thresholds.own[index_of(label, classes)] = checked(threshold, "own", 1e9);
  }
  return thresholds;
}

Json json_of(const HeldOutVideo& video, const Strings& classes) {
  Json labels = Json::array();
  for (const int label : video.labels) labels.push_back(name_of(label, classes));
  return {{"labels", labels},
          {"scores", video.scores},
          {"segments", video.segments},
          {"hours", video.hours}};
}

std::vector<int> counts_from(const Json& json) {
  std::vector<int> counts;
  for (const Json& item : json_at<Json::array_t>(json, "segments", kKind)) {
    const auto count = item.is_number_integer() ? exact<int>(item) : std::nullopt;
    if (!count || *count < 0) throw Error(kKind, "'segments' must be whole numbers of at least 0");
    counts.push_back(*count);
  }
  return counts;
}

HeldOutVideo video_from(const Json& json, const Strings& classes) {
  HeldOutVideo video;
  for (const std::string& label : json_at<Strings>(json, "labels", kKind)) {
    video.labels.push_back(index_of(label, classes));
  }
  video.scores = json_at<std::vector<double>>(json, "scores", kKind);
  for (const double score : video.scores) checked(score, "scores", 1);
  video.segments = counts_from(json);
  const bool has_segments = video.labels.empty();
  if (video.scores.size() != classes.size() ||
      video.segments.size() != (has_segments ? classes.size() : 0)) {
    throw Error(kKind, "'scores', and 'segments' of background, must have a number a class");
  }
  video.hours = amount_at(json, "hours");
  return video;
}

}  // namespace

double ClassThresholds::of(int label) const {
  const auto found = own.find(label);
  return found == own.end() ? all : found->second;
}

Json to_json(const OperatingPoint& point, const Strings& classes) {
  Json json = {{"videos_chose_iteration", point.videos_chose_iteration}};
  if (point.thresholds) json["thresholds"] = json_of(*point.thresholds, classes);
  if (point.false_alarms) json["false_alarms"] = *point.false_alarms;
  Json& videos = json["videos"] = Json::array();
  for (const HeldOutVideo& video : point.videos) videos.push_back(json_of(video, classes));
  return json;
}

OperatingPoint operating_point_from_json(const Json& json, const Strings& classes) {
  OperatingPoint point;
  point.videos_chose_iteration = json_at<bool>(json, "videos_chose_iteration", kKind);
  if (json.contains("thresholds")) {
    point.thresholds = thresholds_from(json["thresholds"], classes);
  }
  if (json.contains("false_alarms")) point.false_alarms = amount_at(json, "false_alarms");
  for (const Json& video : json_at<Json::array_t>(json, "videos", kKind)) {
    point.videos.push_back(video_from(video, classes));
  }
  return point;
}

}  // namespace co2net
