#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "pipeline/base/inputs.h"

namespace co2net {

struct MergeJob {
  // What processes that shared the inputs out wrote: files of results (JSON, JSON lines, CSV) or of
  // statistics, all of one format, or folders of features or scores.
  std::vector<std::filesystem::path> parts;
  std::filesystem::path output;  // a folder if the parts are; empty: the text is returned
  // What all processes together worked on: its order is that of lines and rows, and what of it has
  // no result is missing. Empty: not known.
  std::vector<Input> inputs;
};

struct Merged {
  std::size_t videos = 0;               // with results
  std::vector<Input> missing;           // inputs without a result, in their order; failed ones too
  std::vector<std::string> failed;      // ids, as the parts say
  std::vector<std::string> not_inputs;  // ids of the parts that no input has
  std::vector<std::string> shards;      // "3/16": those that no part is of, without inputs
  std::string text;                     // for standard output; empty where something was written

  bool is_complete() const { return missing.empty() && failed.empty() && shards.empty(); }
};

// Writes the parts as the bytes that one process would have written; statistics are added up. The
// log says what is missing. Errors: Error(kUsage) for parts of different kinds, an output in the
// place of a part or an input; Error(kInput) as MergedResults and MergedFolders, and where no input
// is among the parts.
Merged merge_parts(const MergeJob& job, const Observer& observer = {});

// A list of the missing inputs' paths, for "@list": a line each, or with `nul_separated` up to the
// next NUL. The log says of which the id would be another, where the list is all that a process
// gets. Throws Error(kUsage) for a path that a line cannot hold.
std::string list_of(const std::vector<Input>& missing, bool nul_separated);

// The text of one file of results, or of several that are parts, merged. Errors: as MergedResults;
// Error(kIo). The log says if shards are missing.
std::string read_results(const std::vector<std::filesystem::path>& files);
// "a.json", or "a.json and 3 others"
std::string name_of(const std::vector<std::filesystem::path>& files);

}  // namespace co2net
