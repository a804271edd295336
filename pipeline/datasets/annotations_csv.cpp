#include <algorithm>
#include <optional>
#include <unordered_map>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/formats/csv.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// Where a header has what is read.
struct Columns {
  std::size_t id = 0, label = 0, start = 0, end = 0;
  std::optional<std::size_t> subset;
  std::size_t count = 0;
};

std::optional<std::size_t> column(const Strings& header, std::string_view name) {
  const auto found = std::ranges::find(header, name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

std::optional<Columns> columns_of(const Strings& header) {
  const auto id = column(header, "id"), label = column(header, "label"),
             start = column(header, "start_s"), end = column(header, "end_s");
  if (!id || !label || !start || !end) return std::nullopt;
  return Columns{*id, *label, *start, *end, column(header, "subset"), header.size()};
}

// A row of an empty label and no times is a video without segments.
void add_row(const Strings& fields, const Columns& columns, AnnotatedVideo& video) {
  const std::string& label = fields[columns.label];
  const std::string &start = fields[columns.start], &end = fields[columns.end];
  if (label.empty() && start.empty() && end.empty()) return;
  video.segments.push_back({label, parse_seconds(start), parse_seconds(end)});
}

class VideosByRow {
 public:
  explicit VideosByRow(const Columns& columns) : columns_(columns) {}

  void add(const Strings& fields) {
    if (fields.size() != columns_.count) {
      throw Error(ErrorKind::kInput, "want " + std::to_string(columns_.count) + " fields, got " +
                                         std::to_string(fields.size()));
    }
    const std::string& id = fields[columns_.id];
    const std::string subset = columns_.subset ? fields[*columns_.subset] : kSubsetOfTags;
    const auto [at, is_new] = places_.emplace(id, videos_.size());
    if (is_new) videos_.push_back({.id = id, .subset = subset, .labels = {}, .segments = {}});
    AnnotatedVideo& video = videos_[at->second];
    if (video.subset != subset) {
      throw Error(ErrorKind::kInput,
                  "video " + id + ": also in the subset " + video.subset + ", by an earlier row");
    }
    add_row(fields, columns_, video);
  }

  std::vector<AnnotatedVideo> take() { return std::move(videos_); }

 private:
  const Columns columns_;
  std::vector<AnnotatedVideo> videos_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

bool are_segment_rows(std::string_view text) {
  const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
  try {
    const std::vector<CsvRow> rows = parse_csv(header, "");
    return !rows.empty() && columns_of(rows.front().fields);
  } catch (const Error&) {
    return false;
  }
}

Annotations parse_segment_rows(std::string_view text, const std::string& name) {
  const std::vector<CsvRow> rows = parse_csv(text, name);
  const auto& header = rows.front().fields;
  const Columns columns = columns_of(header).value();
  VideosByRow videos(columns);
  for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
    within(name + ": line " + std::to_string(row->line), [&] { videos.add(row->fields); });
  }
  Annotations annotations;
  annotations.videos = videos.take();
  set_labels_of_segments(annotations);
  for (const std::string& other : header) {
    constexpr std::string_view kRead[] = {"id", "label", "start_s", "end_s", "subset"};
    if (std::ranges::find(kRead, other) == std::end(kRead)) annotations.not_kept.insert(other);
  }
  return annotations;
}

}  // namespace co2net
