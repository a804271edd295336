#pragma once

#include <fstream>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/workflows/segments.h"
#include "pipeline/base/json.h"
#include "postprocess/exporters.h"

namespace co2net {

// Each line as printable() shows it, for a terminal.
std::string printable_lines(const std::string& text);

// What is said of all results together.
struct ResultHeader {
  Json model, recipe;
  Json options = Json::object();  // changes_to_results()
  Json shard = nullptr;           // of which share of the inputs they are; null: all
  // Of ids, in which lines and rows are written, in whichever results come; empty: as they come.
  std::vector<std::string> order = {};
};

// Where results go: collected into one document, or a line (rows) a video as each comes, or a file
// a video into a folder. A single file appears when finish() is called, complete; pipes and
// standard output get lines at once. A terminal gets CSV as printable() shows it, which JSON is
// anyway.
class ResultSink {
 public:
  ResultSink(const ResultOptions& options, ResultHeader header, Io& io);
  void add(VideoResult result);
  void add(VideoError error);
  // The log then says how many final segments there are, and of which classes.
  void finish();

  // Takes what a workflow finds; the object must outlive it.
  ResultReceiver receiver();

 private:
  void put(std::string lines);
  void put_in_turn(const std::string& id, std::string lines);
  std::string document() const;
  void count(const std::vector<Segment>& final_segments);
  void tell_what_was_found() const;
  void write_file_of(const VideoResult& result);

  const ResultOptions options_;
  const ResultHeader header_;
  const std::string made_by_;  // of lines: a hash of what a document says beside its videos
  std::ofstream direct_;       // a pipe or device that results go to
  std::ostream* lines_to_;     // where lines go as they come; null if they are collected
  const bool is_to_terminal_;
  const bool may_meet_bars_;  // which are drawn on the same terminal
  std::ostream& err_;
  std::string pending_;
  std::size_t next_in_order_ = 0;
  std::map<std::string, std::string> before_their_turn_;  // lines by id
  bool begun_ = false;
  std::vector<VideoResult> results_;
  std::vector<VideoError> errors_;
  int videos_ = 0, videos_with_segments_ = 0;
  std::map<std::string, int> segments_by_class_;  // final ones
  bool has_candidates_alone_ = false;             // the model makes no final segments
};

}  // namespace co2net
