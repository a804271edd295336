#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "postprocess/exporters/timeline.h"

namespace co2net {

// Each format that segments are written in.
enum class ExportFormat {
  kActivityNet,
  kJsonLines,
  kCsv,
  kWtalc,
  kThumos,
  kWebVtt,
  kSrt,
  kChapters,
  kElan,
  kLabelStudio,
  kOtio
};

enum class ExportPlace { kFile, kFileAVideo, kFolder };

struct ExportRow {
  ExportFormat format;
  std::string_view name;
  std::string_view suffix;  // of a file
  ExportPlace place;
  bool is_for_people;  // takes the final segments of results, not every candidate
  bool is_read;        // read_annotations() takes it
  // A file's text, of one video where each has a file of its own. Null where the format has a
  // writer elsewhere: it depends on whether results or annotations are written.
  std::string (*text)(const Timelines&);
};

const std::vector<ExportRow>& export_rows();
const ExportRow& export_row(ExportFormat format);
// Throws Error(kUsage) that lists the names.
const ExportRow& export_row(std::string_view name);

// Where a format's files go.
struct ExportTarget {
  std::filesystem::path path;  // empty: standard output
  bool is_folder = false;      // was named as one
};

// The files of a row that has `text`, and what is in them; a single one with an empty path is for
// standard output. Errors: Error(kUsage) where the target is none for so many videos; Error(kInput)
// for an id that no file of its own can have, or a label that is not UTF-8; as the format.
struct ExportFile {
  std::filesystem::path path;
  std::string text;
};
std::vector<ExportFile> export_files(const ExportRow& row, const Timelines& videos,
                                     const ExportTarget& target);

// What each format writes. Labels become one line each, escaped as the format needs it; times are
// rounded to its units, and segments are in the order of time, except in CSV, which keeps all.

// A header id,label,score,start_s,end_s of what has scores, else id,label,start_s,end_s,subset; a
// video without segments has a row of its own in the latter.
std::string csv_text(const Timelines& videos);
// Subtitles, and chapters as FFmpeg's metadata: of one video, times in milliseconds.
std::string webvtt_text(const Timelines& videos);
std::string srt_text(const Timelines& videos);
std::string chapters_text(const Timelines& videos);
// ELAN's EAF 2.8 of one video, times in milliseconds: a tier a class, and another where segments of
// a class overlap, which those of a tier cannot.
std::string elan_text(const Timelines& videos);
// OpenTimelineIO: the video as one clip, with a marker a segment.
std::string otio_text(const Timelines& videos);
// Label Studio's tasks and the labelling interface that they need. Ranges are frames at the video's
// own rate, from 1 on, last one included. Errors: Error(kUsage) where no frame rate is known.
std::string labelstudio_tasks(const Timelines& videos);
std::string labelstudio_config(const Timelines& videos);

}  // namespace co2net
