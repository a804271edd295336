#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "cli/workflows/video_settings.h"
#include "extractors/video/video_reader.h"
#include "postprocess/report/report_data.h"

namespace co2net {

// What a report has of the videos themselves.

// Where the file is that results, which lie at `results`, name for a video: from the working folder
// or their own; empty if nowhere.
std::filesystem::path named_video(const VideoPredictions& video,
                                  const std::filesystem::path& results);

// What results of 'localize' and 'propose' name in the place of a video.
bool is_of_arrays(const std::filesystem::path& path);

// Why browsers may not play it, though some of them might; empty if they do.
std::string why_unplayable(const SourceInfo& source);

struct ReportPlace {
  std::filesystem::path folder;  // that is being written
  std::filesystem::path output;  // and the name that it will take
};

struct MediaSettings {
  bool copy_videos = false;  // into the folder, instead of links to where they are
  bool transcode = false;    // what browsers lack goes into the folder as H.264
  VideoSettings each;
};

// Writes what the page has of the video at `path`, under names made of `index`: a film strip, and
// perhaps a copy. A video that cannot be read is told in the log and in what is returned. Errors:
// Error(kIo), and as interruptions are.
ReportMedia write_media(const std::filesystem::path& path, std::size_t index,
                        const ReportPlace& place, const MediaSettings& settings);

}  // namespace co2net
