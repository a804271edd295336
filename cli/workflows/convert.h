#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "postprocess/exporters/formats.h"

namespace co2net {

struct ConvertJob {
  // As read_annotations() or read_predictions() take them, whose content tells which; one at least.
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path ambiguous;  // a list of ambiguous intervals to add; empty: none
  ExportTarget target;
  ExportFormat format = ExportFormat::kActivityNet;
  // Of results, what a person can act on, or every candidate; without it, as the format's row says.
  std::optional<bool> only_final = {};
  std::optional<double> frame_rate = {};  // of videos whose own is not known
};

struct Converted {
  std::size_t videos = 0, classes = 0;
  std::string text;  // for standard output; empty where files were written
};

// Writes what all inputs hold together; the log says what the format cannot hold, and where final
// segments had to be chosen without a model: where a file has none, these are the best of which no
// two of a class overlap. Annotations that are made of results are in the subset kSubsetOfTags.
// Errors: Error(kUsage) for an output in the place of an input, results beside annotations, and
// what says nothing to one of the two; Error(kInput) for a video that two files have results of; as
// the readers, merge(), write_annotations() and export_files().
Converted convert_files(const ConvertJob& job, const Observer& observer = {});

}  // namespace co2net
