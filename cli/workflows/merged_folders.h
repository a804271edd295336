#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"

namespace co2net {

// Folders of features (<id>.npy) and scores (<id>.npz) with their sidecars that several processes
// wrote, as the one folder that one process would have. Nothing of the arrays stays in memory.
class MergedFolders {
 public:
  // Takes in a folder and those below it. An id that several have must be the same bytes in all.
  // What was not finished, or is no array, is left out; the log says so. Errors: Error(kInput)
  // naming the files and what differs: recipe, networks, streams, classes, or an id's bytes.
  void add(const std::filesystem::path& folder);

  // Of features and of scores, each where there are any.
  bool has(const std::string& id) const;
  std::vector<std::string> ids() const;  // sorted
  // The file of an id with that suffix; empty where there is none.
  std::filesystem::path file_of(const std::string& id, const std::string& suffix) const;
  // Where each array is, by its path in the merged folder.
  const std::map<std::filesystem::path, std::filesystem::path>& arrays() const { return arrays_; }

  // Copies everything into a folder, which replaces one that holds such files and nothing else.
  // Errors: Error(kInput) for one that holds others; Error(kIo).
  void write(const std::filesystem::path& folder, const Observer& observer) const;

 private:
  struct Maker {
    Json made_by;  // a sidecar without its video
    std::filesystem::path file;
  };

  void add_array(const std::filesystem::path& file, const std::filesystem::path& relative);
  void expect_same_making(const std::filesystem::path& file);

  std::map<std::filesystem::path, std::filesystem::path> arrays_;  // by the path in the folder
  std::set<std::string> suffixes_;                                 // of the arrays
  std::map<std::string, Maker> makers_;                            // by suffix
};

// The scores of videos, <id>.npz, in a folder or in several that are parts.
class ScoreFiles {
 public:
  // Errors: of several as MergedFolders::add().
  explicit ScoreFiles(std::vector<std::filesystem::path> folders);

  std::filesystem::path of(const std::string& id) const;  // empty where there is none
  std::vector<std::string> ids() const;                   // sorted

 private:
  std::filesystem::path folder_;  // the only one
  MergedFolders merged_;
};

// The score files of several folders as inputs, with the ids that they would have in one. Errors:
// as MergedFolders::add().
std::vector<Input> merged_scores(const std::vector<std::filesystem::path>& folders);

}  // namespace co2net
