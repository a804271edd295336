#include "pipeline/datasets/labelled_videos.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/algorithm/string.hpp>
#include <iterator>
#include <map>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/subsets.h"
#include "pipeline/formats/csv.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;
using Videos = std::vector<LabelledVideo>;

constexpr std::size_t kPair = 2, kFew = 5;
constexpr const char* kBackgroundLabel = "background";
constexpr const char* kByFolder = "by-folder";

fs::path normal_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

void expect_no_trust(const LabelSource& source) {
  if (!source.trust_suggestions) return;
  throw Error(ErrorKind::kUsage, "--trust-suggestions has no meaning with --labels " +
                                     source.labels + ": only a CSV file has suggestions");
}

void expect_no_subset(const LabelSource& source) {
  if (!source.subset) return;
  throw Error(ErrorKind::kUsage, "--train-subset has no meaning with --labels " + source.labels +
                                     ": only annotations have subsets");
}

// One line of a CSV file of labels.
struct LabelRow {
  std::string place;  // "labels.csv: line 3"
  std::string file;
  Strings labels;
};

LabelRow label_row(const CsvRow& row, std::size_t columns, const std::string& name) {
  LabelRow result{name + ": line " + std::to_string(row.line), row.fields.front(), {}};
  const auto bad = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, result.place + ": " + why +
                                       "; want file,label[;label...], and more columns only where "
                                       "the first line, file,label,..., names them");
  };
  if (row.fields.size() != columns) bad(std::to_string(row.fields.size()) + " fields");
  if (result.file.empty()) bad("the file is missing");
  if (!is_utf8(row.fields[1])) bad("the label is not UTF-8");
  boost::split(result.labels, row.fields[1], boost::is_any_of(";"));
  for (std::string& label : result.labels) boost::trim(label);
  std::erase_if(result.labels,
                [](const std::string& label) { return label.empty() || label == kUnknownLabel; });
  return result;
}

bool is_name(const std::string& field, const std::string& name) {
  return boost::iequals(boost::trim_copy(field), name);
}

bool is_header(const Strings& fields) {
  return fields.size() >= 2 && is_name(fields[0], "file") && is_name(fields[1], "label");
}

// Whoever has looked at what a model suggested says so by deleting this column.
void expect_looked_at(const Strings& first_row, const std::string& name) {
  const auto says_so = [](const std::string& field) { return is_name(field, "suggested_by"); };
  if (std::ranges::none_of(first_row, says_so)) return;
  throw Error(ErrorKind::kInput,
              name +
                  ": its labels were suggested by a model, and nobody has looked at them: correct "
                  "them and delete the column suggested_by, or give --trust-suggestions");
}

std::vector<LabelRow> parse_label_rows(const std::string& text, const LabelSource& source) {
  std::vector<CsvRow> table = parse_csv(text, source.labels);
  if (table.empty()) return {};
  const Strings first = table.front().fields;
  if (!source.trust_suggestions) expect_looked_at(first, source.labels);
  const std::size_t columns = is_header(first) ? first.size() : 2;
  if (is_header(first)) table.erase(table.begin());
  std::vector<LabelRow> rows;
  for (const CsvRow& row : table) rows.push_back(label_row(row, columns, source.labels));
  return rows;
}

bool contradicts_itself(const LabelledVideo& video) {
  return video.is_background && !video.labels.empty();
}

// `name` is that of the video in messages.
void add_labels(LabelledVideo& video, const Strings& labels, const std::string& name) {
  for (const std::string& label : labels) {
    if (is_background_label(label)) {
      video.is_background = true;
    } else {
      video.labels.insert(label);
    }
  }
  if (!contradicts_itself(video)) return;
  throw Error(ErrorKind::kInput,
              name + " is " + kBackgroundLabel + ", where nothing happens, and " +
                  joined({video.labels.begin(), video.labels.end()}) + "; keep one of the two");
}

std::string labels_in_words(const LabelledVideo& video) {
  if (video.is_background) return kBackgroundLabel;
  return joined({video.labels.begin(), video.labels.end()});
}

bool is_unlabelled(const LabelledVideo& video) {
  return video.labels.empty() && !video.is_background;
}

Videos videos_at(const std::vector<fs::path>& paths) {
  Videos videos;
  for (const Input& input : with_ids(files_at(paths, kVideoSuffixes))) {
    videos.push_back({input, {}});
  }
  return videos;
}

// Finds the video that a row means.
class VideoLookup {
 public:
  VideoLookup(const fs::path& folder, Videos& videos) : folder_(folder) {
    for (LabelledVideo& video : videos) {
      by_path_[normal_path(video.input.path)] = &video;
      by_name_.emplace(video.input.path.filename(), &video);
    }
  }

  // Null if there is none.
  LabelledVideo* find(const LabelRow& row) const {
    const auto path = by_path_.find(normal_path(folder_ / row.file));
    if (path != by_path_.end()) return path->second;
    const auto [first, last] = by_name_.equal_range(row.file);
    if (first == last) return nullptr;
    if (std::next(first) == last) return first->second;
    throw Error(ErrorKind::kInput, row.place + ": '" + row.file + "' may be " +
                                       first->second->input.path.string() + " or " +
                                       std::next(first)->second->input.path.string() +
                                       "; write its path below " + folder_.string());
  }

 private:
  fs::path folder_;
  std::map<fs::path, LabelledVideo*> by_path_;
  std::multimap<fs::path, LabelledVideo*> by_name_;
};

Strings ids_of(const Videos& videos) {
  Strings ids;
  for (const LabelledVideo& video : videos) ids.push_back(video.input.id);
  return ids;
}

Strings names_below(const Videos& videos, const fs::path& folder) {
  Strings names;
  for (const LabelledVideo& video : videos) {
    const fs::path path = normal_path(video.input.path);
    names.push_back(path.lexically_relative(normal_path(folder)).string());
  }
  return names;
}

void expect_some_found(std::size_t listed, const NamesOf& absent, const NamesOf& found) {
  if (listed > 0 && absent.names.size() == listed && !found.names.empty()) {
    throw nothing_matches(absent, found);
  }
}

void warn_of_absent(const Strings& absent, const fs::path& folder, const LabelSource& source,
                    const std::string& remedy) {
  if (absent.empty()) return;
  spdlog::warn("{}: listed but not in {}: {} (put the videos there, or {})", source.labels,
               folder.string(), counted("videos", absent), remedy);
}

// Named files are taken whatever their suffix is.
Videos videos_by_list(const fs::path& folder, const LabelSource& source, const std::string& text) {
  expect_no_subset(source);
  const std::vector<LabelRow> rows = parse_label_rows(text, source);
  std::vector<fs::path> paths = {folder};
  std::error_code unreachable;
  for (const LabelRow& row : rows) {
    const fs::path file = folder / row.file;
    if (fs::is_regular_file(file, unreachable)) paths.push_back(file);
  }
  Videos videos = videos_at(paths);
  const VideoLookup lookup(folder, videos);
  Strings absent;
  for (const LabelRow& row : rows) {
    if (LabelledVideo* video = lookup.find(row)) {
      add_labels(*video, row.labels, row.place + ": " + row.file);
    } else {
      absent.push_back(row.file);
    }
  }
  expect_some_found(rows.size(), {"files listed in " + source.labels, absent},
                    {"videos in " + folder.string(), names_below(videos, folder)});
  warn_of_absent(absent, folder, source, "correct the rows");
  return videos;
}

std::string subset_to_learn_from(const Annotations& annotations, const LabelSource& source) {
  const std::set<std::string> known = subsets_of(annotations);
  if (!source.subset && known.size() != 1) {
    throw Error(ErrorKind::kUsage, source.labels + " has the subsets " +
                                       joined({known.begin(), known.end()}) +
                                       "; choose with --train-subset the one to learn from");
  }
  std::string subset = source.subset.value_or(*known.begin());
  expect_subset(annotations, subset, "--train-subset");
  return subset;
}

// Takes out what is of other subsets.
void keep_subset(const std::string& subset, Annotations& annotations, Videos& videos) {
  std::set<std::string> others;
  std::erase_if(annotations.videos, [&](const AnnotatedVideo& video) {
    const bool is_other = video.subset != subset;
    if (is_other) others.insert(video.id);
    return is_other;
  });
  const Strings ids = leave_out(
      videos, [&](const LabelledVideo& video) { return others.contains(video.input.id); });
  if (!ids.empty()) spdlog::info("left out, of other subsets: {}", counted("videos", ids));
}

// Returns the ids of those that are absent.
Strings label_by_id(Videos& videos, const Annotations& annotations, const std::string& name) {
  std::map<std::string, LabelledVideo*> by_id;
  for (LabelledVideo& video : videos) by_id[video.input.id] = &video;
  const std::set<std::string> labelled = labelled_subsets(annotations);
  Strings absent;
  for (const AnnotatedVideo& annotated : annotations.videos) {
    const auto found = by_id.find(annotated.id);
    if (found == by_id.end()) {
      absent.push_back(annotated.id);
      continue;
    }
    found->second->is_background = is_background(annotated, labelled);
    add_labels(*found->second, annotated.labels, name + ": video " + annotated.id);
  }
  return absent;
}

Videos videos_by_annotations(const fs::path& folder, const LabelSource& source,
                             Annotations annotations) {
  expect_no_trust(source);
  const std::string subset = subset_to_learn_from(annotations, source);
  spdlog::info(
      "{}: of its subset {} the labels of whole videos are used; segments serve 'co2net eval' only",
      source.labels, subset);
  Videos videos = videos_at({folder});
  const NamesOf found{"videos in " + folder.string(), ids_of(videos)};
  keep_subset(subset, annotations, videos);
  const Strings absent = label_by_id(videos, annotations, source.labels);
  expect_some_found(annotations.videos.size(),
                    {"videos of the subset " + subset + " in " + source.labels, absent}, found);
  warn_of_absent(absent, folder, source, "correct the ids");
  return videos;
}

Videos videos_by_file(const fs::path& folder, const LabelSource& source) {
  if (fs::is_directory(source.labels)) {
    return videos_by_annotations(folder, source, read_input(read_annotations, source.labels));
  }
  const std::string text =
      read_input([](const fs::path& path) { return read_file(path); }, source.labels);
  if (are_annotations(text)) {
    return videos_by_annotations(folder, source, parse_annotations(text, source.labels));
  }
  return videos_by_list(folder, source, text);
}

Videos videos_by_folder(const fs::path& folder, const LabelSource& source) {
  expect_no_trust(source);
  expect_no_subset(source);
  Videos videos = videos_at({folder});
  for (LabelledVideo& video : videos) {
    const fs::path below = normal_path(video.input.path).lexically_relative(normal_path(folder));
    if (!below.has_parent_path()) continue;
    const std::string label = below.begin()->string();
    if (!is_utf8(label)) {
      throw Error(ErrorKind::kInput, (folder / label).string() +
                                         ": the folder's name is to be a class, but is not UTF-8; "
                                         "rename it");
    }
    add_labels(video, {label}, video.input.path.string());
  }
  return videos;
}

std::map<std::string, Strings> ids_by_class(const Videos& videos) {
  std::map<std::string, Strings> ids;
  for (const LabelledVideo& video : videos) {
    for (const std::string& label : video.labels) ids[label].push_back(video.input.id);
  }
  return ids;
}

}  // namespace

bool is_background_label(const std::string& label) {
  return boost::iequals(label, kBackgroundLabel);
}

bool can_be_listed(const std::string& label) {
  return label.find(';') == std::string::npos && label != kUnknownLabel &&
         !is_background_label(label);
}

Videos find_labelled_videos(const fs::path& folder, const LabelSource& source) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::kUsage, "--videos: " + folder.string() + " is not a folder");
  }
  const bool by_folder = source.labels == kByFolder;
  if (!by_folder && !fs::exists(source.labels)) {
    throw Error(ErrorKind::kUsage, "--labels: '" + source.labels + "' is neither a CSV file nor " +
                                       "annotations that exist, nor " + kByFolder);
  }
  Videos videos = by_folder ? videos_by_folder(folder, source) : videos_by_file(folder, source);
  if (videos.empty()) {
    throw Error(ErrorKind::kUsage, "--videos: no video is in " + folder.string());
  }
  std::sort(videos.begin(), videos.end(),
            [](const LabelledVideo& a, const LabelledVideo& b) { return a.input.id < b.input.id; });
  const Strings unlabelled = leave_out(videos, is_unlabelled);
  if (!unlabelled.empty()) {
    spdlog::warn("left out, without a label: {} ({}, or {} where nothing happens)",
                 joined(unlabelled),
                 by_folder ? "move them into sub-folders named by class"
                           : "give them labels in " + source.labels,
                 kBackgroundLabel);
  }
  return videos;
}

Strings leave_out(Videos& videos, const std::function<bool(const LabelledVideo&)>& is_unfit) {
  Strings ids;
  std::erase_if(videos, [&](const LabelledVideo& video) {
    const bool unfit = is_unfit(video);
    if (unfit) ids.push_back(video.input.id);
    return unfit;
  });
  return ids;
}

void unite_duplicates(Videos& videos) {
  std::map<std::string, LabelledVideo*> first_with;
  for (LabelledVideo& video : videos) {
    LabelledVideo& first = *first_with.emplace(video.sha256, &video).first->second;
    if (&first == &video) continue;
    first.labels.insert(video.labels.begin(), video.labels.end());
    first.is_background |= video.is_background;
    if (contradicts_itself(first)) {
      throw Error(ErrorKind::kInput, video.input.id + " is the same video as " + first.input.id +
                                         ", but one is " + kBackgroundLabel + " and the other " +
                                         joined({first.labels.begin(), first.labels.end()}) +
                                         "; delete one");
    }
    spdlog::warn("{} is the same video as {}: kept once, with the labels {} (delete one)",
                 video.input.id, first.input.id, labels_in_words(first));
  }
  leave_out(videos, [&, seen = std::set<std::string>()](const LabelledVideo& video) mutable {
    return !seen.insert(video.sha256).second;
  });
}

Strings keep_learnable_classes(Videos& videos) {
  Strings kept, single, few;
  for (const auto& [label, ids] : ids_by_class(videos)) {
    if (ids.size() < kPair) {
      single.push_back(label + " (" + joined(ids) + ")");
      for (LabelledVideo& video : videos) video.labels.erase(label);
      continue;
    }
    kept.push_back(label);
    if (ids.size() < kFew) few.push_back(label + " (" + std::to_string(ids.size()) + ")");
  }
  const Strings without = leave_out(videos, is_unlabelled);
  if (!single.empty()) {
    spdlog::warn(
        "classes left out, with a single video where training compares two: {} (add videos of "
        "them)",
        joined(single));
  }
  if (!without.empty()) spdlog::warn("left out, of no other class: {}", joined(without));
  if (!few.empty()) {
    spdlog::warn("classes with fewer than {} videos, hard to learn from: {} (add videos of them)",
                 kFew, joined(few));
  }
  if (kept.empty()) {
    throw Error(ErrorKind::kInput,
                "nothing to learn from: no class has two videos; add videos, or labels");
  }
  return kept;
}

}  // namespace co2net
