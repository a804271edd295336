#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/each_input.h"
#include "cli/workflows/merged_folders.h"
#include "postprocess/report/report_data.h"

namespace co2net {

// The files that a report and figures are made of.
struct ReportFiles {
  // As read_predictions() takes them; several are parts, as read_results() takes these.
  std::vector<std::filesystem::path> results;
  std::filesystem::path compare;              // as one of these; empty: nothing to compare with
  std::filesystem::path ground_truth;         // as read_annotations() takes it; empty: none
  std::vector<std::filesystem::path> scores;  // folders of <id>.npz, several as parts
  std::vector<std::string> ids;               // of the videos that are shown; empty: all
};

struct ReportContents {
  std::string key;  // of the results, by their content
  std::vector<ReportVideo> videos;
  std::vector<std::string> classes;  // coloured_classes() of the files, of all videos
};

// Errors: Error(kInput) naming a file that cannot be read, and where two of them have no video in
// common; Error(kUsage) for an id that none of the results has.
ReportContents read_report_files(const ReportFiles& files);

// Where the videos are, looked for at the paths that the results name, from the working folder or
// the results' own; empty where there is none, which the log tells.
std::vector<std::filesystem::path> named_videos(const std::vector<ReportVideo>& videos,
                                                const ReportFiles& files);

// Those of a video from the folders of scores; none where these have none or, as the log tells,
// they cannot be read.
std::optional<ReportScores> scores_of(const ReportVideo& video, const ScoreFiles& files);

// Runs `work` with the index of each video, as for_each_input() does with inputs. `paths` are where
// the videos are.
int for_each_video(const std::vector<ReportVideo>& videos,
                   const std::vector<std::filesystem::path>& paths, int at_once,
                   const Observer& observer, const std::function<void(std::size_t)>& work,
                   const std::function<void(const VideoError&)>& on_error);

}  // namespace co2net
