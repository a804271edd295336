#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/workflows/localize_videos.h"

namespace co2net {

// A label that a whole video may have.
struct Tag {
  std::string label;
  double score = 0;  // of video_scores(), 0 to 1
};

struct Suggestion {
  Input input;
  std::vector<Tag> tags;  // of a score of 0.1 at least, the best first, up to three; may be none
};

// Throws Error(kModel) for a bundle that does not localize with these.
void expect_classes_of_i3d(const Bundle& bundle);

// What the classes of an I3D make of whole videos. Returns how many inputs failed. Errors:
// as expect_classes_of_i3d() and localize_videos(); Error(kModel) for a class that is not
// can_be_listed().
int suggest_labels(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                   const std::function<void(const Suggestion&)>& on_suggestion,
                   const Observer& observer = {});

inline constexpr std::string_view kSuggestionsHeader = "file,label,score,suggested_by\n";
// A row of a CSV file that find_labelled_videos() takes: tags and scores each in a cell, '?' for
// none. `file` is the video's path as the row is to have it, `model` the bundle's name.
std::string suggestion_row(const Suggestion& suggestion, const std::string& file,
                           const std::string& model);

}  // namespace co2net
