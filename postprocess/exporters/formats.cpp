#include "postprocess/exporters/formats.h"

#include <algorithm>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"

namespace co2net {
namespace {

void check(const Timeline& video) {
  for (const Segment& segment : video.segments) {
    if (!is_utf8(segment.label)) {
      throw Error(ErrorKind::kInput,
                  "video " + video.id + ": the label " + to_text(segment.label) + " is not UTF-8");
    }
  }
}

std::vector<ExportFile> files_by_video(const ExportRow& row, const Timelines& videos,
                                       const ExportTarget& target) {
  if (!target.is_folder && videos.size() > 1) {
    throw Error(ErrorKind::kUsage, std::string(row.name) + " holds one video, and there are " +
                                       std::to_string(videos.size()) +
                                       ": name a folder with -o DIR/");
  }
  std::vector<ExportFile> files;
  for (const Timeline& video : videos) {
    if (target.is_folder) check_id(video.id);
    const std::string name = video.id + std::string(row.suffix);
    files.push_back({target.is_folder ? target.path / name : target.path, row.text({video})});
  }
  return files;
}

}  // namespace

const std::vector<ExportRow>& export_rows() {
  using enum ExportFormat;
  using enum ExportPlace;
  static const std::vector<ExportRow> kRows = {
      {kActivityNet, "activitynet", ".json", kFile, false, true, nullptr},
      {kJsonLines, "jsonl", ".jsonl", kFile, false, false, nullptr},
      {kCsv, "csv", ".csv", kFile, false, true, csv_text},
      {kWtalc, "wtalc", "", kFolder, true, true, nullptr},
      {kThumos, "thumos", "", kFolder, true, true, nullptr},
      {kWebVtt, "vtt", ".vtt", kFileAVideo, true, false, webvtt_text},
      {kSrt, "srt", ".srt", kFileAVideo, true, false, srt_text},
      {kChapters, "chapters", ".ffmetadata", kFileAVideo, true, false, chapters_text},
      {kElan, "elan", ".eaf", kFileAVideo, true, true, elan_text},
      {kLabelStudio, "labelstudio", ".json", kFolder, true, true, labelstudio_tasks},
      {kOtio, "otio", ".otio", kFileAVideo, true, false, otio_text},
  };
  return kRows;
}

const ExportRow& export_row(ExportFormat format) {
  return *std::ranges::find(export_rows(), format, &ExportRow::format);
}

const ExportRow& export_row(std::string_view name) {
  const auto found = std::ranges::find(export_rows(), name, &ExportRow::name);
  if (found != export_rows().end()) return *found;
  std::vector<std::string> names;
  for (const ExportRow& row : export_rows()) names.emplace_back(row.name);
  throw Error(ErrorKind::kUsage, "--format: " + not_one_of(name, names));
}

std::vector<ExportFile> export_files(const ExportRow& row, const Timelines& videos,
                                     const ExportTarget& target) {
  for (const Timeline& video : videos) check(video);
  if (row.place == ExportPlace::kFileAVideo) return files_by_video(row, videos, target);
  if (row.place == ExportPlace::kFile) return {{target.path, row.text(videos)}};
  return {{target.path / kLabelStudioTasks, row.text(videos)},
          {target.path / kLabelStudioConfig, labelstudio_config(videos)}};
}

}  // namespace co2net
