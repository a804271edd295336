#pragma once

#include <cstddef>
#include <filesystem>

#include "cli/workflows/observer.h"
#include "cli/workflows/report_media.h"

namespace co2net {

struct ReportJob {
  std::filesystem::path results;       // as read_predictions() takes them
  std::filesystem::path compare;       // likewise; empty: nothing to compare with
  std::filesystem::path ground_truth;  // as read_annotations() takes it; empty: none
  std::filesystem::path scores;        // a folder of <id>.npz; empty: none
  std::filesystem::path output;        // the folder that is written
  MediaSettings media;
  int threads = 1;
};

// Throws Error(kInput) where the folder holds what is no report, and Error(kIo) where it cannot be
// written, so that a long computation does not end in vain.
void expect_report_place(const std::filesystem::path& folder);

// Writes a page, index.html, that shows what was found in each video, and what it loads: data/, and
// videos/ where there are copies. A folder that is there is replaced if it holds a report; the page
// of an evaluation is kept, and linked to. Videos are looked for at the paths that the results
// name, from the working folder or the results' own; one that is not there, or cannot be read, is
// told in the log and on its page. Returns how many videos are listed. Errors: Error(kInput) naming
// a file that cannot be read, and where two of them have no video in common; Error(kIo).
std::size_t write_report(const ReportJob& job, const Observer& observer);

}  // namespace co2net
