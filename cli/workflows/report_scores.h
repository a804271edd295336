#pragma once

#include <filesystem>

#include "postprocess/report/report_data.h"

namespace co2net {

// The scores of a video from a file (.npz) of --save-scores, on its time: by the snippet rate that
// the results say, else sharing its duration evenly. Errors: Error(kInput) naming the file and the
// defect; Error(kIo).
ReportScores read_report_scores(const std::filesystem::path& file, const ReportVideo& video);

}  // namespace co2net
