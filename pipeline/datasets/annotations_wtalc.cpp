#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "pipeline/formats/python_file.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

[[noreturn]] void bad(const std::string& why) { throw Error(ErrorKind::kInput, why); }

// A pickle may name one list or text many times over, and so ask for any amount of memory; honest
// ones repeat labels.
class Budget {
 public:
  explicit Budget(std::uintmax_t file_size) : left_(kAlways + kPerByte * file_size) {}
  void spend(std::size_t bytes) {
    if (bytes > left_) bad("repeats so much that it is far larger than its file");
    left_ -= bytes;
  }

 private:
  static constexpr std::uintmax_t kAlways = 1 << 20, kPerByte = 64;
  std::uintmax_t left_;
};

// A value of a pickle or a part of an array. numpy makes one dense array of rows that happen to
// have equal lengths, so lists and arrays are read alike.
using Items = std::span<const PythonValue* const>;
using Node = std::variant<const PythonValue*, Items, RawArray>;

Node node_of(const PythonValue* value) {
  if (const auto* array = std::get_if<RawArray>(&value->value)) return *array;
  if (const auto* list = std::get_if<PythonValue::Sequence>(&value->value)) {
    return Items(list->items);
  }
  const auto* objects = std::get_if<PythonValue::ObjectArray>(&value->value);
  if (objects != nullptr && objects->shape.size() == 1) return Items(objects->items);
  return value;
}

// For a node that is not what its place wants.
[[noreturn]] void bad_for(const std::string& wanted, const Node& node) {
  const auto* value = std::get_if<const PythonValue*>(&node);
  bad(wanted + " is missing" + (value == nullptr ? "" : ", there is " + kind_of(**value)));
}

std::size_t count(const Node& node) {
  if (const auto* items = std::get_if<Items>(&node)) return items->size();
  const auto* array = std::get_if<RawArray>(&node);
  if (array == nullptr || array->shape.empty()) bad_for("a list", node);
  const auto rows = static_cast<std::size_t>(array->shape[0]);
  if (rows > array->bytes.size()) bad("an array of " + to_string(array->shape) + " has no content");
  return rows;
}

Node at(const Node& node, std::size_t index) {
  if (const auto* items = std::get_if<Items>(&node)) return node_of((*items)[index]);
  RawArray part = std::get<RawArray>(node);
  part.bytes.remove_prefix(index * static_cast<std::size_t>(part.strides[0]) *
                           item_size(part.dtype));
  part.shape.erase(part.shape.begin());
  part.strides.erase(part.strides.begin());
  return part;
}

std::string text_of(const RawArray& array) { return to_texts(array, "text").at(0); }

bool is_text(const RawArray& array) {
  return array.shape.empty() && (array.dtype[0] == 'S' || array.dtype[0] == 'U');
}

std::string text(const Node& node, Budget& budget) {
  if (const auto* array = std::get_if<RawArray>(&node); array != nullptr && is_text(*array)) {
    budget.spend(sizeof(std::string) + item_size(array->dtype));
    return text_of(*array);
  }
  if (const auto* value = std::get_if<const PythonValue*>(&node)) {
    if (const auto* held = std::get_if<std::string_view>(&(*value)->value)) {
      budget.spend(sizeof(std::string) + held->size());
      return std::string(*held);
    }
  }
  bad_for("text", node);
}

template <class T>
std::optional<double> as_double(const RawArray& array, std::string_view code) {
  if (array.dtype != code) return std::nullopt;
  const std::string bytes = to_dense(array, "number");
  T value{};
  std::memcpy(&value, bytes.data(), sizeof value);
  return static_cast<double>(value);
}

double number(const Node& node, Budget& budget) {
  if (const auto* array = std::get_if<RawArray>(&node)) {
    if (array->shape == Shape{1}) return number(at(node, 0), budget);  // of a column [N, 1]
    if (is_text(*array)) return parse_seconds(text_of(*array));
    if (array->shape.empty()) {
      if (const auto value = as_double<double>(*array, "f8")) return *value;
      if (const auto value = as_double<std::int64_t>(*array, "i8")) return *value;
      return to_float32(*array, "number").values.at(0);
    }
  }
  if (const auto* value = std::get_if<const PythonValue*>(&node)) {
    if (const auto* real = std::get_if<double>(&(*value)->value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&(*value)->value)) {
      return static_cast<double>(*whole);
    }
    if (const auto* held = std::get_if<std::string_view>(&(*value)->value)) {
      return parse_seconds(*held);
    }
  }
  bad_for("a number", node);
}

std::vector<std::string> texts(const Node& node, Budget& budget) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count(node); ++i) all.push_back(text(at(node, i), budget));
  return all;
}

std::vector<Interval> intervals(const Node& node, Budget& budget) {
  std::vector<Interval> all;
  for (std::size_t i = 0; i < count(node); ++i) {
    budget.spend(sizeof(Interval));
    const Node ends = at(node, i);
    if (count(ends) != 2) bad("a segment is not [start, end]");
    all.push_back({number(at(ends, 0), budget), number(at(ends, 1), budget)});
  }
  return all;
}

// One of the folder's files: a row a video.
class Column {
 public:
  Column(const fs::path& folder, const std::string& name) : Column(folder / (name + ".npy")) {}
  explicit Column(const fs::path& path)
      : path_(path.string()),
        file_(path_),
        budget_(fs::file_size(path_)),
        rows_(node_of(&file_.root())),
        count_(within(path_, [&] { return count(rows_); })) {}

  std::size_t size() const { return count_; }

  void expect_size(std::size_t videos) const {
    if (count_ != videos) {
      bad(path_ + ": " + std::to_string(count_) + " rows, videoname.npy has " +
          std::to_string(videos));
    }
  }

  // What `read` makes of a video's row.
  template <class Read>
  auto row(std::size_t video, Read read) {
    auto value = within(path_ + ": row " + std::to_string(video),
                        [&] { return read(at(rows_, video), budget_); });
    file_.expect_unchanged();
    return value;
  }

  std::vector<std::string> all_texts() {
    std::vector<std::string> all = within(path_, [&] { return texts(rows_, budget_); });
    file_.expect_unchanged();
    return all;
  }

 private:
  std::string path_;
  PythonFile file_;
  Budget budget_;
  Node rows_;
  std::size_t count_;
};

std::optional<Column> optional_column(const fs::path& folder, const std::string& name,
                                      std::size_t videos) {
  if (!fs::exists(folder / (name + ".npy"))) return std::nullopt;
  std::optional<Column> column(std::in_place, folder, name);
  column->expect_size(videos);
  return column;
}

std::vector<AnnotatedSegment> zipped(const std::vector<std::string>& labels,
                                     const std::vector<Interval>& times, const std::string& folder,
                                     const std::string& id) {
  if (labels.size() != times.size()) {
    bad(folder + ": video " + id + ": " + std::to_string(labels.size()) +
        " labels in labels.npy, " + std::to_string(times.size()) + " segments in segments.npy");
  }
  std::vector<AnnotatedSegment> segments;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    segments.push_back({labels[i], times[i].start_s, times[i].end_s});
  }
  return segments;
}

const std::set<std::string> kWrittenFiles = {"videoname.npy",   "subset.npy",   "labels.npy",
                                             "labels_all.npy",  "segments.npy", "duration.npy",
                                             kWtalcClassesFile, kAmbiguousFile};

std::string format_texts(const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  std::string bytes =
      npy_header("|S" + std::to_string(width), {static_cast<std::int64_t>(values.size())});
  for (const std::string& value : values) {
    bytes += value;
    bytes.append(width - value.size(), '\0');
  }
  return bytes;
}

std::string format_durations(const std::vector<AnnotatedVideo>& videos) {
  std::string bytes = npy_header("<f8", {static_cast<std::int64_t>(videos.size()), 1});
  for (const AnnotatedVideo& video : videos) {
    bytes.append(reinterpret_cast<const char*>(&video.duration_s), sizeof video.duration_s);
  }
  return bytes;
}

template <class Field>
std::vector<std::string> texts_of(const std::vector<AnnotatedVideo>& videos, Field field) {
  std::vector<std::string> values;
  for (const AnnotatedVideo& video : videos) values.push_back(video.*field);
  return values;
}

}  // namespace

bool is_wtalc_file(const fs::path& file) { return kWrittenFiles.count(file.filename()) > 0; }

std::vector<std::string> read_wtalc_classes(const fs::path& file) {
  return Column(file).all_texts();
}

Annotations read_wtalc(const fs::path& folder) {
  Column names(folder, "videoname"), subsets(folder, "subset"), labels(folder, "labels"),
      segments(folder, "segments");
  const std::size_t videos = names.size();
  for (const Column* column : {&subsets, &labels, &segments}) column->expect_size(videos);
  auto own_labels = optional_column(folder, "labels_all", videos);
  auto durations = optional_column(folder, "duration", videos);

  Annotations annotations;
  annotations.classes = read_wtalc_classes(folder / kWtalcClassesFile);
  for (std::size_t i = 0; i < videos; ++i) {
    AnnotatedVideo video;
    video.id = names.row(i, text);
    video.subset = subsets.row(i, text);
    const std::vector<std::string> segment_labels = labels.row(i, texts);
    video.segments = zipped(segment_labels, segments.row(i, intervals), folder.string(), video.id);
    video.labels = own_labels ? distinct(own_labels->row(i, texts)) : labels_of(video.segments);
    if (durations) video.duration_s = durations->row(i, number);
    annotations.videos.push_back(std::move(video));
  }
  for (const std::string& name : names_in(folder)) {
    if (!is_wtalc_file(name)) annotations.not_kept.insert(name);
  }
  if (const fs::path file = folder / kAmbiguousFile; fs::exists(file)) {
    annotations.ambiguous = parse_ambiguous(read_file(file), file.string());
  }
  return annotations;
}

void write_wtalc(const Annotations& annotations, const fs::path& folder) {
  const std::vector<AnnotatedVideo>& videos = annotations.videos;
  const auto count = static_cast<std::int64_t>(videos.size());
  ObjectNpyWriter labels(folder / "labels.npy", count), own(folder / "labels_all.npy", count),
      segments(folder / "segments.npy", count);
  for (const AnnotatedVideo& video : videos) {
    std::vector<std::string> names;
    std::vector<ObjectNpyWriter::Pair> times;
    for (const AnnotatedSegment& segment : video.segments) {
      names.push_back(segment.label);
      times.push_back({segment.start_s, segment.end_s});
    }
    labels.add(names);
    segments.add(times);
    own.add(video.labels);
  }
  for (ObjectNpyWriter* writer : {&labels, &own, &segments}) writer->finish();
  write_file(folder / "videoname.npy", format_texts(texts_of(videos, &AnnotatedVideo::id)));
  write_file(folder / "subset.npy", format_texts(texts_of(videos, &AnnotatedVideo::subset)));
  write_file(folder / kWtalcClassesFile, format_texts(annotations.classes));
  write_file(folder / "duration.npy", format_durations(videos));
  if (!annotations.ambiguous.empty()) {
    write_file(folder / kAmbiguousFile, format_ambiguous(annotations.ambiguous));
  }
}

}  // namespace co2net
