#include <algorithm>
#include <charconv>
#include <sstream>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr std::pair<std::string_view, std::string_view> kSuffixes[] = {
    {"_val.txt", "validation"}, {"_test.txt", "test"}, {"_train.txt", "training"}};
constexpr const char* kAmbiguous = "Ambiguous";  // stands for a class

struct FileName {
  std::string label;
  std::string subset;  // empty for a file that is none of ours
};

FileName parse_file_name(const std::string& name) {
  for (const auto& [suffix, subset] : kSuffixes) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      return {name.substr(0, name.size() - suffix.size()), std::string(subset)};
    }
  }
  return {};
}

std::string file_name(const std::string& label, const std::string& subset) {
  for (const auto& [suffix, known] : kSuffixes) {
    if (known == subset) return label + std::string(suffix);
  }
  throw Error(ErrorKind::kInput, "THUMOS14's text has no file for the subset '" + subset +
                                     "', only for validation, test and training");
}

struct Line {
  std::string id;
  double start_s = 0;
  double end_s = 0;
};

Line parse_line(const std::string& text) {
  std::istringstream words(text);
  std::string id, start, end, more;
  if (!(words >> id >> start >> end) || words >> more) {
    throw Error(ErrorKind::kInput, "want 'id start end', got '" + text + "'");
  }
  return {id, parse_seconds(start), parse_seconds(end)};
}

std::vector<Line> parse_lines(std::string_view bytes, const std::string& name) {
  std::vector<Line> lines;
  int number = 0;
  for (const std::string& line : lines_of(as_text(bytes, name))) {
    ++number;
    if (trimmed(line).empty()) continue;
    lines.push_back(within(name + ":" + std::to_string(number), [&] { return parse_line(line); }));
  }
  return lines;
}

// Two spaces follow the id, as in the official files: programs that split at each one count on it.
std::string format_line(const std::string& id, double start_s, double end_s) {
  if (id.find_first_of(" \t\r\n\v\f") != std::string::npos) {
    throw Error(ErrorKind::kInput,
                "THUMOS14's text cannot hold the id '" + id + "', with white space");
  }
  std::string line = id + " ";
  for (const double seconds : {start_s, end_s}) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, seconds).ptr;
    line += " " + std::string(digits, end);
  }
  return line + "\n";
}

void check_class(const std::string& label) {
  if (label.find('/') != std::string::npos || label == kAmbiguous) {
    throw Error(ErrorKind::kInput,
                "THUMOS14's text has a file a class, which '" + label + "' cannot name");
  }
}

}  // namespace

bool is_thumos_name(const fs::path& file) {
  return !parse_file_name(file.filename()).subset.empty();
}

bool is_thumos_file(const fs::path& file) {
  if (!is_thumos_name(file) || !fs::is_regular_file(file)) return false;
  const std::string text = read_file(file);
  try {
    parse_lines(text, file.string());
    return true;
  } catch (const Error&) {
    return false;
  }
}

AmbiguousIntervals parse_ambiguous(std::string_view text, const std::string& name) {
  AmbiguousIntervals ambiguous;
  for (const Line& line : parse_lines(text, name)) {
    ambiguous[line.id].push_back({line.start_s, line.end_s});
  }
  return ambiguous;
}

std::string format_ambiguous(const AmbiguousIntervals& ambiguous) {
  std::string text;
  for (const auto& [id, intervals] : ambiguous) {
    for (const Interval& interval : intervals) {
      text += format_line(id, interval.start_s, interval.end_s);
    }
  }
  return text;
}

Annotations read_thumos(const fs::path& folder) {
  Annotations annotations;
  std::map<std::string, AnnotatedVideo> videos;
  std::set<std::string> classes;
  for (const std::string& name : names_in(folder)) {
    const auto [label, subset] = parse_file_name(name);
    if (subset.empty()) {
      annotations.not_kept.insert(name);
      continue;
    }
    const fs::path file = folder / name;
    if (label != kAmbiguous) classes.insert(label);
    for (const Line& line : parse_lines(read_file(file), file.string())) {
      if (label == kAmbiguous) {
        annotations.ambiguous[line.id].push_back({line.start_s, line.end_s});
        continue;
      }
      AnnotatedVideo& video = videos[line.id];
      video.id = line.id;
      if (video.subset.empty()) video.subset = subset;
      if (video.subset != subset) {
        throw Error(ErrorKind::kInput, file.string() + ": video " + line.id + ": also listed in " +
                                           video.subset + ", by an earlier file");
      }
      video.segments.push_back({label, line.start_s, line.end_s});
    }
  }
  annotations.classes.assign(classes.begin(), classes.end());
  for (auto& [id, video] : videos) {
    std::ranges::stable_sort(video.segments, {}, &AnnotatedSegment::label);
    video.labels = labels_of(video.segments);
    annotations.videos.push_back(std::move(video));
  }
  return annotations;
}

void write_thumos(const Annotations& annotations, const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const AnnotatedVideo& video : annotations.videos) {
    // A class without segments has a file too, so that no class is lost.
    for (const std::string& label : annotations.classes) files[file_name(label, video.subset)];
    for (const AnnotatedSegment& segment : video.segments) {
      files[file_name(segment.label, video.subset)] +=
          format_line(video.id, segment.start_s, segment.end_s);
    }
  }
  for (const std::string& label : annotations.classes) check_class(label);
  if (!annotations.ambiguous.empty()) {
    files[kAmbiguousFile] = format_ambiguous(annotations.ambiguous);
  }
  for (const auto& [name, text] : files) write_file(folder / name, text);
}

}  // namespace co2net
