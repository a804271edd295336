#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/datasets/annotations.h"
#include "pipeline/formats/array.h"
#include "postprocess/predictions.h"

namespace co2net {

// What a report shows, and the scripts that bring it to the page. A page that is opened from the
// disk may not fetch files, but may load scripts: one for the list, one a video.

// Where the page finds a video. Links lead from the page, percent-encoded; empty where there is
// nothing to lead to.
struct ReportMedia {
  std::string video;
  std::string strip;      // a JPEG of a row of its pictures
  std::string problem;    // why a browser cannot play it; empty if it can
  double duration_s = 0;  // as the file says; 0 where it does not, or was not read
};

// As 'localize --save-scores' writes them.
struct ReportScores {
  double step_s = 0;                                 // from a snippet to the next
  std::vector<std::string> classes;                  // C
  Array cas;                                         // [T, C+1], background last
  std::map<std::string, std::vector<float>> curves;  // [T] each, by array: "attn", "attn_rgb", ...
};

struct ReportVideo {
  std::string id;
  std::optional<VideoPredictions> found;  // none where only the other file has it
  std::optional<VideoPredictions> other;  // of the file to compare with
  std::optional<AnnotatedVideo> truth;
  double file_duration_s = 0;  // what the video's own file says, as far as that was looked at
};

// Seconds, by who says it first: the results, the other file, the ground truth, the video's file; 0
// where nobody does.
double duration_of(const ReportVideo& video);

// What the results name for the video: its file, or arrays; empty where they name nothing.
std::string named_path(const VideoPredictions& video);

// The final segments, best first; where the file has none, the best candidates of which no two of a
// class overlap.
std::vector<Segment> shown_segments(const VideoPredictions& video);

// Of a whole report.
struct ReportFacts {
  std::string key;      // under which the browser keeps corrections: other results, another key
  std::string results;  // names of the files, as shown
  std::string other;    // empty without one
  bool has_truth = false;
  bool has_evaluation = false;            // its page lies in the folder
  std::vector<std::string> classes = {};  // coloured_classes()
};

// The distinct candidates of a video that its page has beside the final segments.
inline constexpr std::size_t kMostCandidates = 50;
// The classes of the heat map: those that are found or true, then those that are highest somewhere.
inline constexpr std::size_t kMostHeatedClasses = 12;

// Names of the files that a report's page loads, relative to it.
inline constexpr const char* kListScript = "data/videos.js";
std::string video_script_name(std::size_t index);

// The script of the list. `strips` are the links of the videos' film strips, one each.
std::string list_script(const ReportFacts& facts, const std::vector<ReportVideo>& videos,
                        const std::vector<std::string>& strips);

// The script of a video, that at `index` of the list.
std::string video_script(std::size_t index, const ReportVideo& video, const ReportMedia& media,
                         const std::optional<ReportScores>& scores);

}  // namespace co2net
