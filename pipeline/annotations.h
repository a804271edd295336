#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace co2net {

struct Interval {
  double start_s = 0;
  double end_s = 0;
};

struct AnnotatedSegment {
  std::string label;
  double start_s = 0;
  double end_s = 0;
};

struct AnnotatedVideo {
  std::string id;
  std::string subset;     // as the dataset names it: "training", "validation", "test", ...
  double duration_s = 0;  // 0 where it is not known
  std::vector<std::string> labels;  // of the whole video, distinct; the dataset's own where it has
                                    // them, else its segments' in order of appearance
  std::vector<AnnotatedSegment> segments;
};

// What is known about a dataset's videos. THUMOS14's own list of ambiguous intervals, in which
// detections neither count for nor against a method, is by video id.
struct Annotations {
  std::vector<std::string> classes;    // the file's own list, else all labels in alphabetical order
  std::vector<AnnotatedVideo> videos;  // in the file's order
  std::map<std::string, std::vector<Interval>> ambiguous;
};

// Reads ActivityNet's JSON, a W-TALC "*-Annotations" folder of .npy files, or a folder of
// THUMOS14's text files; the content tells which. Errors: Error(kInput) naming the file, the place
// and the defect; Error(kIo).
Annotations read_annotations(const std::filesystem::path& path);

}  // namespace co2net
