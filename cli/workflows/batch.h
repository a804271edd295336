#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"
#include "pipeline/stages/stage.h"
#include "postprocess/exporters.h"

namespace co2net {

// Where results go: collected into one document, or a line (rows) a video as each comes. Files
// appear when finish() is called, complete; pipes and standard output get lines at once.
class ResultSink {
 public:
  ResultSink(const ResultOptions& options, Json model, Json recipe, std::ostream& standard_output);
  void add(VideoResult result);
  void add(VideoError error);
  void finish();

 private:
  void put(const std::string& lines);

  const ResultOptions options_;
  const Json model_, recipe_;
  std::ofstream direct_;    // a pipe or device that results go to
  std::ostream* lines_to_;  // where lines go as they come; null if they are collected
  std::string pending_;
  std::vector<VideoResult> results_;
  std::vector<VideoError> errors_;
};

// Seconds and rates of every stage of every video, for --stats.
class Stats {
 public:
  void add(const std::string& id, const std::map<std::string, StageTiming>& timings);
  void add_extraction(const std::string& id, const Json& extraction);
  // Also the totals, the time since the object was made, and the process's peak memory. Does
  // nothing without a path.
  void write(const std::filesystem::path& path) const;

 private:
  Json videos_ = Json::object();
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Runs `work` on each input in turn. What it throws about one input is logged, handed to `on_error`
// and does not touch the others; an error that would meet every input (model, disk, interruption)
// goes on to the caller. Returns the exit code: 0, or 1 if any input failed.
int for_each_input(const std::vector<Input>& inputs, bool fail_fast, Progress& progress,
                   const std::function<void(const Input&)>& work,
                   const std::function<void(const VideoError&)>& on_error);

// Under which explain remembers what was computed for an input.
std::string subject_of(const Input& input);

// What the last stage of a chain, proposals, found for an input.
VideoResult video_result(const Input& input, const Entry& proposals);

// Throws Error(kUsage), naming the option that asks for it, if a result would take the place of an
// input, or of something in a folder that is one.
void expect_no_input_at(const std::filesystem::path& output, const std::vector<Input>& inputs,
                        const std::string& option = "-o");

// With --strict, throws Error(kInput) for a video that decoded only in part.
void check_strict(const VideoOptions& options, const Json& video);

}  // namespace co2net
