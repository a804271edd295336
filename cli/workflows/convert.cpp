#include "cli/workflows/convert.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "cli/workflows/final_choice.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/predictions.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

[[noreturn]] void misused(const std::string& why) { throw Error(ErrorKind::kUsage, why); }

// What tells results from annotations: their key, an id in each line of JSON, or a CSV's scores.
bool is_results_text(std::string_view bytes) {
  const std::string_view content = trimmed(without_byte_order_mark(bytes));
  const std::string first(content.substr(0, content.find_first_of("\r\n")));
  if (!content.starts_with('{')) return first + "\n" == kCsvHeader;
  const std::optional<Json> line = parse_json_if_valid(first);
  if (line && line->contains("id")) return true;
  const auto has = [&](std::string_view key) {
    return content.find(key) != std::string_view::npos;
  };
  if (!has("\"results\"") || !has("\"database\"")) return has("\"results\"");
  const Json document = parse_json(content, "both keys", ErrorKind::kInput);
  return document.contains("results") && !document.contains("database");
}

// An input, read once: it may be a pipe.
struct Source {
  fs::path path;
  std::string bytes;  // of a file; none of a folder
};
using Sources = std::vector<Source>;

Source read_source(const fs::path& path) {
  return {path, fs::is_directory(path) ? "" : read_file(path)};
}

bool holds_results(const Source& source) {
  if (fs::is_directory(source.path)) return false;
  return within(source.path.string(), [&] { return is_results_text(source.bytes); });
}

bool hold_results(const Sources& sources) {
  Strings results, annotations;
  for (const Source& source : sources) {
    (holds_results(source) ? results : annotations).push_back(source.path.string());
  }
  if (!results.empty() && !annotations.empty()) {
    misused(results.front() + " holds results and " + annotations.front() +
            " annotations; convert them one after the other");
  }
  return annotations.empty();
}

void expect_no_input_at(const fs::path& output, const ConvertJob& job) {
  std::vector<Input> read = {{job.ambiguous, ""}};
  for (const fs::path& input : job.inputs) read.push_back({input, ""});
  expect_no_input_at(output, read);
}

// Puts the files in place, or hands over the only one if it is for standard output.
std::string written(const std::vector<ExportFile>& files, const ConvertJob& job) {
  for (const ExportFile& file : files) expect_no_input_at(file.path, job);
  if (files.size() == 1 && files.front().path.empty()) return files.front().text;
  for (const ExportFile& file : files) write_file(file.path, file.text);
  return "";
}

std::string written(std::string text, const ConvertJob& job) {
  return written({{job.target.path, std::move(text)}}, job);
}

std::string written(Timelines videos, const ConvertJob& job) {
  for (Timeline& video : videos) {
    if (!video.frame_rate) video.frame_rate = job.frame_rate;
  }
  return written(export_files(export_row(job.format), videos, job.target), job);
}

std::string written(const Annotations& annotations, AnnotationFormat format,
                    const ConvertJob& job) {
  for (const std::string& lost : lost_in(format, annotations)) {
    spdlog::warn("the format cannot hold {}", lost);
  }
  if (job.target.path.empty()) return format_activitynet(annotations);
  write_annotations(annotations, job.target.path, format);
  return "";
}

// Nothing for formats of which annotations are only one use.
std::optional<AnnotationFormat> folder_format(ExportFormat format) {
  if (format == ExportFormat::kWtalc) return AnnotationFormat::kWtalc;
  if (format == ExportFormat::kThumos) return AnnotationFormat::kThumos;
  return std::nullopt;
}

Annotations annotations_in(const Source& source) {
  if (fs::is_directory(source.path)) return read_input(read_annotations, source.path);
  return parse_annotations(source.bytes, source.path.string());
}

Annotations all_annotations(const Sources& sources, const ConvertJob& job) {
  Annotations all = annotations_in(sources.front());
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const Annotations more = annotations_in(sources[i]);
    within(sources[i].path.string(), [&] { merge(all, more); });
  }
  if (!job.ambiguous.empty()) {
    Annotations list;
    list.ambiguous = read_input(read_ambiguous, job.ambiguous);
    merge(all, list);
  }
  return all;
}

void warn_of_losses(const Annotations& annotations, ExportFormat format) {
  const auto warn_where = [&](const std::string& what, const auto& condition) {
    Strings ids;
    for (const AnnotatedVideo& video : annotations.videos) {
      if (condition(video)) ids.push_back(video.id);
    }
    if (!ids.empty()) spdlog::warn("the format cannot hold {} {}", what, counted("videos", ids));
  };
  warn_where("labels, other than those of the segments, of",
             [](const AnnotatedVideo& video) { return video.labels != labels_of(video.segments); });
  if (format != ExportFormat::kOtio) {
    warn_where("the durations of",
               [](const AnnotatedVideo& video) { return video.duration_s > 0; });
  }
  if (format != ExportFormat::kCsv) {
    warn_where("the subsets of",
               [](const AnnotatedVideo& video) { return video.subset != kSubsetOfTags; });
  }
  if (!annotations.ambiguous.empty()) {
    spdlog::warn("the format cannot hold ambiguous intervals");
  }
}

std::string written(const Annotations& annotations, const ConvertJob& job) {
  if (job.format == ExportFormat::kActivityNet) {
    return written(annotations, AnnotationFormat::kActivityNet, job);
  }
  if (const auto format = folder_format(job.format)) return written(annotations, *format, job);
  warn_of_losses(annotations, job.format);
  Timelines videos;
  for (const AnnotatedVideo& video : annotations.videos) videos.push_back(timeline_of(video));
  return written(videos, job);
}

Converted convert_annotations(const Sources& sources, const ConvertJob& job) {
  if (job.only_final) {
    misused(std::string("--") + (*job.only_final ? "final" : "all") +
            " has no meaning for annotations, which have no candidates");
  }
  if (job.format == ExportFormat::kJsonLines) {
    misused("jsonl holds results, with scores, which annotations have not; choose another format");
  }
  const Annotations annotations = all_annotations(sources, job);
  if (!annotations.not_kept.empty()) {
    spdlog::warn("not carried over: {}",
                 joined({annotations.not_kept.begin(), annotations.not_kept.end()}));
  }
  return {annotations.videos.size(), annotations.classes.size(), written(annotations, job)};
}

Predictions all_results(const Sources& sources) {
  Predictions all;
  std::unordered_set<std::string> known;
  Strings failed;
  for (const auto& [path, bytes] : sources) {
    for (VideoPredictions& video : parse_predictions(bytes, path.string())) {
      if (!video.error.empty()) {
        failed.push_back(video.id);
        continue;
      }
      if (!known.insert(video.id).second) {
        throw Error(ErrorKind::kInput,
                    path.string() + ": video " + video.id + ": an earlier file has it, too");
      }
      all.push_back(std::move(video));
    }
  }
  if (!failed.empty()) spdlog::warn("left out, without results: {}", counted("videos", failed));
  return all;
}

VideoResult result_of(const VideoPredictions& video) {
  return {video.id, video.segments, video.facts.is_null() ? Json::object() : video.facts,
          video.final_segments};
}

std::string document_of(const Predictions& results) {
  std::vector<VideoResult> videos;
  for (const VideoPredictions& video : results) videos.push_back(result_of(video));
  const auto says_rate = [](const VideoPredictions& video) { return !video.rate_is_assumed; };
  if (std::ranges::any_of(results, says_rate)) {
    spdlog::warn("not carried over: the model and the recipe");
  }
  return to_text(results_document(videos, {}, Json::object(), Json::object())) + "\n";
}

std::string lines_of(const Predictions& results) {
  std::string lines;
  for (const VideoPredictions& video : results) lines += jsonl_line(result_of(video));
  return lines;
}

std::string written(const Predictions& results, const ConvertJob& job) {
  if (job.format == ExportFormat::kActivityNet) return written(document_of(results), job);
  if (job.format == ExportFormat::kJsonLines) return written(lines_of(results), job);
  Timelines videos;
  for (const VideoPredictions& video : results) {
    videos.push_back(timeline_of(video.id, video.facts, video.segments));
    if (!videos.back().duration_s) videos.back().duration_s = video.duration_s;
  }
  if (const auto format = folder_format(job.format)) {
    return written(annotations_of(videos), *format, job);
  }
  return written(videos, job);
}

Converted convert_results(const Sources& sources, const ConvertJob& job) {
  if (!job.ambiguous.empty()) misused("--ambiguous has no meaning for results");
  Predictions results = all_results(sources);
  if (job.only_final.value_or(export_row(job.format).is_for_people)) keep_final(results);
  std::set<std::string> labels;
  for (const VideoPredictions& video : results) {
    for (const Segment& segment : video.segments) labels.insert(segment.label);
  }
  return {results.size(), labels.size(), written(results, job)};
}

}  // namespace

Converted convert_files(const ConvertJob& job, const Observer& observer) {
  expect_no_input_at(job.target.path, job);
  Sources sources;
  observer.on_series("files", job.inputs.size());
  for (const fs::path& input : job.inputs) {
    throw_if_interrupted();
    observer.on_start(input.filename().string());
    sources.push_back(read_input(read_source, input));
    const auto bytes = static_cast<std::int64_t>(sources.back().bytes.size());
    observer.on_progress("bytes", bytes, bytes);
    observer.on_end();
  }
  return hold_results(sources) ? convert_results(sources, job) : convert_annotations(sources, job);
}

}  // namespace co2net
