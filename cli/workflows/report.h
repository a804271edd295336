#pragma once

#include <cstddef>
#include <filesystem>

#include "cli/workflows/observer.h"
#include "cli/workflows/report_files.h"
#include "cli/workflows/report_media.h"

namespace co2net {

struct ReportJob {
  ReportFiles files;
  std::filesystem::path output;  // the folder that is written
  MediaSettings media;
  int threads = 1;
};

// Throws Error(kInput) where the folder holds what is no report, and Error(kIo) where it cannot be
// written, so that a long computation does not end in vain.
void expect_report_place(const std::filesystem::path& folder);

// Writes a page, index.html, that shows what was found in each video, and what it loads: data/, and
// videos/ where there are copies. A folder that is there is replaced if it holds a report; the page
// of an evaluation is kept, and linked to. A video that is not there, or cannot be read, is told in
// the log and on its page. Returns how many videos are listed. Errors: as read_report_files();
// Error(kIo).
std::size_t write_report(const ReportJob& job, const Observer& observer);

}  // namespace co2net
