#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/base/inputs.h"

namespace co2net {

// In the place of a label: not known.
inline constexpr const char* kUnknownLabel = "?";

// A video to learn from, and what it shows somewhere.
struct LabelledVideo {
  Input input;
  std::set<std::string> labels;
  bool is_background = false;  // nothing happens in it; it has no labels
  std::string sha256 = {};     // of its content; empty: not read yet
  std::int64_t snippets = 0;   // of its features; 0: none yet
};

// Whether it is "background", in small or capital letters: the label of videos where nothing
// happens, which is no class.
bool is_background_label(const std::string& label);
// Whether a class of this name can be told apart in a list of labels: it has no ';' and is neither
// background nor '?'.
bool can_be_listed(const std::string& label);

// What tells the labels of the videos in a folder; the content tells which of these it is.
// "by-folder": a video's class is the sub-folder that it lies below.
// A CSV file with rows "file,label[;label...]", a header "file,label" or none, and as many rows a
//     video as it takes; `file` is a path below the folder, or a name that only one video there
//     has. A header may have more columns, which are passed over. A column "suggested_by" says that
//     nobody has looked at the labels: whoever has deletes it. A '?' is a label nobody knows.
// Annotations, in any form that read_annotations() takes: the labels of whole videos, by their ids,
//     of one subset. An empty list is background as is_background() of subsets.h has it.
struct LabelSource {
  std::string labels;
  bool trust_suggestions = false;  // takes a CSV file that has its column "suggested_by"
  std::optional<std::string> subset =
      {};  // of annotations, which may lack it if it is the only one
};

// The videos that `folder` holds and that are labelled, sorted by id. Those without a label, and
// listed ones that are absent, are left out and named in the log.
// Errors: Error(kUsage) for a folder without videos, labels that are not there, a subset that no
// video is in or that is not said, and what says nothing to such labels; Error(kInput) naming the
// line of a row that is not as above, the row or the video where background meets another label, or
// names of both where none of those that are listed is there; as read_annotations().
std::vector<LabelledVideo> find_labelled_videos(const std::filesystem::path& folder,
                                                const LabelSource& source);

// Takes out the videos that `is_unfit` holds for; returns their ids.
std::vector<std::string> leave_out(std::vector<LabelledVideo>& videos,
                                   const std::function<bool(const LabelledVideo&)>& is_unfit);

// Keeps one of videos with the same content (sha256), with the labels of all, and says so. Errors:
// Error(kInput) naming both if one is background and the other is not.
void unite_duplicates(std::vector<LabelledVideo>& videos);

// Takes away the labels that only one video has, since training compares two videos of a class,
// and the videos that have no other and are not background; says so, and which classes have few.
// Returns the classes that remain, in alphabetical order. Errors: Error(kInput) if there is none.
std::vector<std::string> keep_learnable_classes(std::vector<LabelledVideo>& videos);

}  // namespace co2net
