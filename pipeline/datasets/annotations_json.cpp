#include "pipeline/base/error.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/annotation_formats.h"

namespace co2net {
namespace {

constexpr ErrorKind kKind = ErrorKind::kInput;
constexpr const char* kVersion = "co2net.annotations/1";

double seconds(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return parse_seconds(json.get_ref<const std::string&>());
  throw Error(kKind, "a time is neither a number nor text");
}

Interval interval(const Json& json) {
  if (!json.is_array() || json.size() != 2) throw Error(kKind, "a segment is not [start, end]");
  return {seconds(json[0]), seconds(json[1])};
}

void note_others(const Json& object, const std::set<std::string>& known,
                 std::set<std::string>& others) {
  for (const auto& [key, value] : object.items()) {
    if (known.count(key) == 0 && !value.empty()) others.insert(key);
  }
}

AnnotatedVideo video_from(const std::string& id, const Json& json,
                          std::set<std::string>& not_kept) {
  AnnotatedVideo video;
  video.id = id;
  video.subset = json_at<std::string>(json, "subset", kKind);
  if (json.contains("duration")) video.duration_s = seconds(json["duration"]);
  for (const Json& annotation : json_at<Json::array_t>(json, "annotations", kKind)) {
    const auto [start_s, end_s] = interval(json_at<Json>(annotation, "segment", kKind));
    video.segments.push_back({json_at<std::string>(annotation, "label", kKind), start_s, end_s});
    note_others(annotation, {"label", "segment"}, not_kept);
  }
  video.labels = json.contains("labels")
                     ? distinct(json_at<std::vector<std::string>>(json, "labels", kKind))
                     : labels_of(video.segments);
  note_others(json, {"subset", "duration", "annotations", "labels"}, not_kept);
  return video;
}

AmbiguousIntervals ambiguous_from(const Json& json) {
  AmbiguousIntervals ambiguous;
  for (const auto& [id, intervals] : json.items()) {
    if (!intervals.is_array()) throw Error(kKind, "'ambiguous': " + id + " is not a list");
    for (const Json& one : intervals) ambiguous[id].push_back(interval(one));
  }
  return ambiguous;
}

Json to_json(const AnnotatedVideo& video) {
  Json segments = Json::array();
  for (const AnnotatedSegment& segment : video.segments) {
    segments.push_back({{"label", segment.label}, {"segment", {segment.start_s, segment.end_s}}});
  }
  Json json = {{"subset", video.subset}, {"labels", video.labels}, {"annotations", segments}};
  if (video.duration_s > 0) json["duration"] = video.duration_s;
  return json;
}

Json to_json(const AmbiguousIntervals& ambiguous) {
  Json json = Json::object();
  for (const auto& [id, intervals] : ambiguous) {
    for (const Interval& one : intervals) json[id].push_back({one.start_s, one.end_s});
  }
  return json;
}

Annotations annotations_from(std::string_view text) {
  Annotations annotations;
  const Json json =
      parse_json_members(text, kKind, "database", [&](const std::string& id, const Json& video) {
        annotations.videos.push_back(
            within("video " + id, [&] { return video_from(id, video, annotations.not_kept); }));
      });
  json_at<Json::object_t>(json, "database", kKind);
  annotations.classes = json.contains("classes")
                            ? json_at<std::vector<std::string>>(json, "classes", kKind)
                            : all_labels(annotations.videos);
  if (json.contains("ambiguous")) annotations.ambiguous = ambiguous_from(json["ambiguous"]);
  note_others(json, {"version", "database", "classes", "ambiguous"}, annotations.not_kept);
  return annotations;
}

}  // namespace

Annotations parse_activitynet(std::string_view text, const std::string& name) {
  return within(name, [&] { return annotations_from(text); });
}

std::string format_activitynet(const Annotations& annotations) {
  std::string text = "{\"version\": " + to_text(kVersion) +
                     ", \"taxonomy\": [],\n\"classes\": " + to_text(annotations.classes) + ",\n";
  if (!annotations.ambiguous.empty()) {
    text += "\"ambiguous\": " + to_text(to_json(annotations.ambiguous)) + ",\n";
  }
  text += "\"database\": {";
  const char* separator = "\n";
  for (const AnnotatedVideo& video : annotations.videos) {
    text += separator + to_text(video.id) + ": " + to_text(to_json(video));
    separator = ",\n";
  }
  return text + "\n}}\n";
}

}  // namespace co2net
