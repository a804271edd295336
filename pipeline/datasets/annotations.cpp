#include "pipeline/datasets/annotations.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

[[noreturn]] void bad(const std::string& why) { throw Error(ErrorKind::kInput, why); }

void check_name(const std::string& name, const std::string& what) {
  if (name.empty()) bad("a " + what + " is empty");
  if (name.find('\0') != std::string::npos) bad("a " + what + " has a NUL character");
  if (!is_utf8(name)) bad("the " + what + " " + to_text(name) + " is not UTF-8");
}

void check_interval(double start_s, double end_s) {
  if (!std::isfinite(start_s) || !std::isfinite(end_s)) bad("a time is not finite");
  if (end_s < start_s) {
    bad("a segment ends before it starts: " + std::to_string(start_s) + " to " +
        std::to_string(end_s) + " s");
  }
}

using Names = std::unordered_set<std::string>;

void check_label(const std::string& label, const Names& classes) {
  check_name(label, "label");
  if (classes.count(label) == 0) bad("the label '" + label + "' is not one of the classes");
}

void check_video(const AnnotatedVideo& video, const Names& classes) {
  check_name(video.subset, "subset");
  if (!std::isfinite(video.duration_s) || video.duration_s < 0) {
    bad("the duration must be finite and at least 0");
  }
  for (const std::string& label : video.labels) check_label(label, classes);
  for (const AnnotatedSegment& segment : video.segments) {
    check_label(segment.label, classes);
    check_interval(segment.start_s, segment.end_s);
  }
}

void check(const AmbiguousIntervals& ambiguous) {
  for (const auto& [id, intervals] : ambiguous) {
    check_id(id);
    within("video " + id, [&, &list = intervals] {
      for (const Interval& interval : list) check_interval(interval.start_s, interval.end_s);
    });
  }
}

void check(const Annotations& annotations) {
  Names classes, ids;
  for (const std::string& label : annotations.classes) {
    check_name(label, "class");
    if (!classes.insert(label).second) bad("the class '" + label + "' is listed twice");
  }
  for (const AnnotatedVideo& video : annotations.videos) {
    check_id(video.id);
    if (!ids.insert(video.id).second) bad("the video " + video.id + " is listed twice");
    within("video " + video.id, [&] { check_video(video, classes); });
  }
  check(annotations.ambiguous);
}

bool is_elan_name(const fs::path& file) {
  return lower_case(file.extension().string()) == kElanSuffix;
}

std::vector<fs::path> elan_files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (is_elan_name(entry.path())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Annotations read_elan_files(const std::vector<fs::path>& files) {
  Annotations all;
  for (const fs::path& file : files) {
    const Annotations one = parse_elan(read_file(file), file.string());
    within(file.string(), [&] { merge(all, one); });
  }
  return all;
}

Annotations read_folder(const fs::path& folder) {
  if (fs::exists(folder / "videoname.npy")) return read_wtalc(folder);
  if (fs::exists(folder / kLabelStudioTasks)) return read_labelstudio(folder);
  const std::vector<std::string> names = names_in(folder);
  if (const auto files = elan_files_below(folder); !files.empty()) return read_elan_files(files);
  if (std::ranges::any_of(names, is_thumos_name)) return read_thumos(folder);
  bad(folder.string() +
      ": holds no annotations: neither videoname.npy and its companions, nor Label Studio's "
      "tasks.json, nor ELAN's .eaf files, nor <Class>_val.txt or <Class>_test.txt");
}

std::vector<AnnotatedSegment> sorted(std::vector<AnnotatedSegment> segments) {
  std::sort(segments.begin(), segments.end());
  return segments;
}

bool begins_with(std::string_view text, char first, char second) {
  return text.starts_with(first) && trimmed(text.substr(1)).starts_with(second);
}

bool is_elan(std::string_view text) {
  constexpr std::string_view kRoot = "<ANNOTATION_DOCUMENT";
  return text.starts_with(kRoot) ||
         (text.starts_with("<?xml") && text.find(kRoot) != std::string_view::npos);
}

Annotations parse_any(std::string_view bytes, const std::string& name) {
  if (const auto xml = trimmed(without_byte_order_mark(bytes)); is_elan(xml)) {
    return parse_elan(xml, name);
  }
  const std::string text = as_text(bytes, name);
  const std::string_view content = trimmed(text);
  if (begins_with(content, '[', '{')) return parse_labelstudio(text, name);
  if (content.starts_with('{')) return parse_activitynet(text, name);
  if (are_segment_rows(content)) return parse_segment_rows(text, name);
  bad(name +
      ": holds no annotations: want a JSON file {\"database\": ...}, tasks of Label Studio, ELAN's "
      ".eaf, a CSV file with the columns id,label,start_s,end_s, a folder of W-TALC's .npy files, "
      "or "
      "a folder of THUMOS14's <Class>_test.txt files; a list of ambiguous intervals alone goes "
      "with --ambiguous");
}

Annotations checked(Annotations annotations, const std::string& name) {
  within(name, [&] { check(annotations); });
  return annotations;
}

const char* difference(const AnnotatedVideo& a, const AnnotatedVideo& b) {
  if (a.subset != b.subset) return "subset";
  if (a.duration_s != b.duration_s && a.duration_s != 0 && b.duration_s != 0) return "duration";
  if (a.labels != b.labels) return "labels";
  if (sorted(a.segments) != sorted(b.segments)) return "segments";
  return nullptr;
}

// Alphabetical lists stay so; others are continued.
void merge_classes(std::vector<std::string>& into, const std::vector<std::string>& more) {
  const bool sorted = std::ranges::is_sorted(into) && std::ranges::is_sorted(more);
  const Names known(into.begin(), into.end());
  std::ranges::copy_if(more, std::back_inserter(into),
                       [&](const std::string& label) { return known.count(label) == 0; });
  if (sorted) std::ranges::sort(into);
}

template <class Condition>
std::vector<std::string> ids_where(const Annotations& annotations, Condition condition) {
  std::vector<std::string> ids;
  for (const AnnotatedVideo& video : annotations.videos) {
    if (condition(video)) ids.push_back(video.id);
  }
  return ids;
}

}  // namespace

double parse_seconds(std::string_view text) {
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || rest != end) {
    bad("'" + std::string(text) + "' is not a number of seconds");
  }
  return seconds;
}

void expect_short(const std::string& label) {
  constexpr std::size_t kMost = 4096;
  if (label.size() > kMost) {
    bad("a label has " + std::to_string(label.size()) + " bytes, at most " + std::to_string(kMost) +
        " are read");
  }
}

std::vector<std::string> distinct(const std::vector<std::string>& labels) {
  const std::set<std::string> sorted(labels.begin(), labels.end());
  return {sorted.begin(), sorted.end()};
}

std::vector<std::string> labels_of(const std::vector<AnnotatedSegment>& segments) {
  std::vector<std::string> labels;
  for (const AnnotatedSegment& segment : segments) labels.push_back(segment.label);
  return distinct(labels);
}

std::vector<std::string> all_labels(const std::vector<AnnotatedVideo>& videos) {
  std::vector<std::string> labels;
  for (const AnnotatedVideo& video : videos) {
    labels.insert(labels.end(), video.labels.begin(), video.labels.end());
    for (const AnnotatedSegment& segment : video.segments) labels.push_back(segment.label);
  }
  return distinct(labels);
}

void set_labels_of_segments(Annotations& annotations) {
  for (AnnotatedVideo& video : annotations.videos) video.labels = labels_of(video.segments);
  annotations.classes = all_labels(annotations.videos);
}

void check_id(const std::string& id) {
  check_name(id, "video's id");
  const fs::path path(id);
  if (path.is_absolute() || path.filename().empty() || path.lexically_normal().string() != id ||
      id == "." || std::find(path.begin(), path.end(), "..") != path.end()) {
    bad("the id '" + id + "' cannot name a file in a folder");
  }
}

Annotations read_annotations(const fs::path& path) {
  if (fs::is_directory(path)) return checked(read_folder(path), path.string());
  return parse_annotations(read_file(path), path.string());
}

Annotations parse_annotations(std::string_view bytes, const std::string& name) {
  return checked(parse_any(bytes, name), name);
}

bool are_annotations(std::string_view bytes) {
  const std::string_view text = trimmed(without_byte_order_mark(bytes));
  return begins_with(text, '{', '"') || begins_with(text, '[', '{') || is_elan(text) ||
         are_segment_rows(text);
}

AmbiguousIntervals read_ambiguous(const fs::path& path) {
  AmbiguousIntervals ambiguous = parse_ambiguous(read_file(path), path.string());
  within(path.string(), [&] { check(ambiguous); });
  return ambiguous;
}

void merge(Annotations& into, const Annotations& more) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < into.videos.size(); ++i) known[into.videos[i].id] = i;
  for (const AnnotatedVideo& video : more.videos) {
    const auto [at, is_new] = known.try_emplace(video.id, into.videos.size());
    if (is_new) {
      into.videos.push_back(video);
      continue;
    }
    AnnotatedVideo& same = into.videos[at->second];
    if (const char* what = difference(same, video)) {
      bad("video " + video.id + ": another " + what + " than in an earlier file");
    }
    same.duration_s = std::max(same.duration_s, video.duration_s);
  }
  for (const auto& [id, intervals] : more.ambiguous) {
    const auto [at, is_new] = into.ambiguous.emplace(id, intervals);
    if (!is_new && at->second != intervals) {
      bad("video " + id + ": other ambiguous intervals than in an earlier file");
    }
  }
  merge_classes(into.classes, more.classes);
  into.not_kept.insert(more.not_kept.begin(), more.not_kept.end());
}

std::vector<std::string> lost_in(AnnotationFormat format, const Annotations& annotations) {
  if (format != AnnotationFormat::kThumos) return {};
  std::vector<std::string> lost;
  const auto add = [&](const std::string& what, const std::string& of, const auto& condition) {
    const std::vector<std::string> ids = ids_where(annotations, condition);
    if (!ids.empty()) lost.push_back(what + counted(of, ids));
  };
  add("", "videos without segments",
      [](const AnnotatedVideo& video) { return video.segments.empty(); });
  add("video-level labels, other than those of the segments, of ", "videos",
      [](const AnnotatedVideo& video) { return video.labels != labels_of(video.segments); });
  add("the durations of ", "videos",
      [](const AnnotatedVideo& video) { return video.duration_s > 0; });
  add("the order of segments of different classes in ", "videos", [](const AnnotatedVideo& video) {
    return !std::ranges::is_sorted(video.segments, {}, &AnnotatedSegment::label);
  });
  if (!std::ranges::is_sorted(annotations.classes)) {
    lost.push_back("the order of the classes");
  }
  if (!std::ranges::is_sorted(annotations.videos, {}, &AnnotatedVideo::id)) {
    lost.push_back("the order of the videos");
  }
  return lost;
}

void write_annotations(const Annotations& annotations, const fs::path& path,
                       AnnotationFormat format) {
  if (format == AnnotationFormat::kActivityNet) {
    write_file(path, format_activitynet(annotations));
    return;
  }
  const bool wtalc = format == AnnotationFormat::kWtalc;
  expect_only_in(path, [&](const std::string& name) {
    return wtalc ? is_wtalc_file(path / name) : is_thumos_file(path / name);
  });
  write_folder_with(path, [&](const fs::path& folder) {
    wtalc ? write_wtalc(annotations, folder) : write_thumos(annotations, folder);
  });
}

}  // namespace co2net
