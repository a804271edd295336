#pragma once

#include <compare>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

struct Interval {
  double start_s = 0;
  double end_s = 0;

  bool operator==(const Interval&) const = default;
};

struct AnnotatedSegment {
  std::string label;
  double start_s = 0;
  double end_s = 0;

  auto operator<=>(const AnnotatedSegment&) const = default;
};

struct AnnotatedVideo {
  std::string id;         // a relative path that stays below its folder
  std::string subset;     // as the dataset names it: "training", "validation", "test", ...
  double duration_s = 0;  // 0 where it is not known
  std::vector<std::string> labels;  // of the whole video, each once, in alphabetical order; the
                                    // dataset's own where it has them, else its segments'
  std::vector<AnnotatedSegment> segments;

  bool operator==(const AnnotatedVideo&) const = default;
};

using AmbiguousIntervals = std::map<std::string, std::vector<Interval>>;  // by video id

// What is known about a dataset's videos. Every label is one of the classes. Times are finite and
// no segment ends before it starts; a segment of no length, or beyond the video's duration, is kept
// as it is, since published datasets have both.
struct Annotations {
  std::vector<std::string> classes;    // the file's own list, else all labels in alphabetical order
  std::vector<AnnotatedVideo> videos;  // in the file's order
  AmbiguousIntervals ambiguous;        // THUMOS14's own list: detections there do not count
  std::set<std::string> not_kept;      // what else the files tell: "url", "original_fps", ...
};

// activitynet: a JSON file {"database": {id: {"subset", "duration", "annotations": [{"label",
//     "segment": [start_s, end_s]}], "labels": [label]}}, "classes": [label], "ambiguous":
//     {id: [[start_s, end_s]]}}; all but "database", "subset" and "annotations" may be missing.
// wtalc: a "*-Annotations" folder of .npy files, a row a video (Paul et al., ECCV 2018): videoname,
//     subset, labels, segments and classlist; labels_all, duration and Ambiguous_test.txt may be
//     missing.
// thumos: a folder of <Class>_val.txt, _test.txt and _train.txt files with lines "id start_s
//     end_s", and Ambiguous_test.txt likewise. Videos are sorted by id, their segments by label.
enum class AnnotationFormat { kActivityNet, kWtalc, kThumos };

// What is read beside these (postprocess/exporters writes it), all of it in the subset "training"
// unless it says another:
// csv: a header with the columns id, label, start_s, end_s and maybe subset, a row a segment; a
//     video without segments has a row with neither label nor times.
// elan: an .eaf file a video, or a folder of them. A segment's label is the annotation's value, or
//     where that is empty the tier's name; the video is the one that the file links.
// labelstudio: tasks as Label Studio exports them, with ranges of TimelineLabels: a JSON file whose
//     tasks' data have "fps", or a folder of tasks.json and config.xml, the labelling interface.
inline constexpr const char* kSubsetOfTags = "training";

// The content tells the format. Errors: Error(kInput) naming the file, the video and the defect;
// Error(kIo).
Annotations read_annotations(const std::filesystem::path& path);
// The same of a file's content, whose name leads messages.
Annotations parse_annotations(std::string_view bytes, const std::string& name);
// Whether that is for parse_annotations(): it begins as a JSON object or a list of tasks does, is
// ELAN's XML, or has the header of a CSV file of segments, and is no CSV file of labels.
bool are_annotations(std::string_view bytes);

// Errors: Error(kInput) unless a file below a folder may be called so.
void check_id(const std::string& id);

// A list of ambiguous intervals alone, in lines "id start_s end_s". Errors as above.
AmbiguousIntervals read_ambiguous(const std::filesystem::path& path);

// Adds videos, classes and ambiguous intervals. A video that both have must be the same, except
// that one of them may lack its duration, and but for the order of its segments, which stays as it
// is in `into`. Errors: Error(kInput) naming the video and what differs.
void merge(Annotations& into, const Annotations& more);

// What would be lost in that format, a phrase each.
std::vector<std::string> lost_in(AnnotationFormat format, const Annotations& annotations);

// Writes a file or a folder that reads back as the same annotations, but for what lost_in() names,
// and that the tools of its format read. Complete or not at all; a folder is replaced if it holds
// nothing else. Errors: Error(kInput) naming a label, id or subset that the format has no way to
// write, or a file that is in the way; Error(kIo).
void write_annotations(const Annotations& annotations, const std::filesystem::path& path,
                       AnnotationFormat format);
// The JSON document as write_annotations writes it.
std::string format_activitynet(const Annotations& annotations);

}  // namespace co2net
