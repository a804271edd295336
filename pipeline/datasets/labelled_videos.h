#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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

// The videos that `folder` holds and that are labelled, sorted by id. `labels` is "by-folder",
// where a video's class is the sub-folder of `folder` that it lies below, or a CSV file with rows
// "file,label[;label...]", a header "file,label" or none, and as many rows a video as it takes;
// `file` is a path relative to `folder`, or a name that only one video below it has. A header may
// have more columns, which are passed over. Videos without a label, or with '?' in its place, and
// listed ones that are absent are left out and named in the log.
// A column "suggested_by" says that nobody has looked at the labels: whoever has deletes it. It is
// refused unless `trust_suggestions`.
// Errors: Error(kUsage) for a folder without videos or labels that are no file; Error(kInput)
// naming the line of a row that is not as above, or where background meets another label, or where
// none of the listed files is there.
std::vector<LabelledVideo> find_labelled_videos(const std::filesystem::path& folder,
                                                const std::string& labels,
                                                bool trust_suggestions = false);

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
