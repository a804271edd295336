#pragma once

#include <cstddef>
#include <filesystem>

#include "cli/workflows/observer.h"
#include "cli/workflows/report_files.h"
#include "cli/workflows/video_settings.h"

namespace co2net {

struct FiguresJob {
  ReportFiles files;
  std::filesystem::path output;  // the folder that figures go to, as <id>.svg and <id>.png
  bool svg = false;
  bool png = false;
  int width = 1600;  // of a PNG, pixels
  VideoSettings each;
  int threads = 1;
};

struct FiguresOutcome {
  std::size_t written = 0;  // videos with a figure
  int failed = 0;
};

// Draws a figure of each video. Other files of the folder stay. A video that is not there, or
// cannot be read, has one without pictures, which the log tells; one of which nothing says how long
// it is fails. Errors: as read_report_files(); Error(kIo), also where a PNG needs a font and the
// machine has none.
FiguresOutcome write_figures(const FiguresJob& job, const Observer& observer);

}  // namespace co2net
