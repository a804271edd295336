#include "cli/result_sink.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "cli/terminal.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "postprocess/exporters/formats.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool is_pipe_or_device(const fs::path& path) {
  std::error_code unreachable;  // which is told when it is written
  const fs::file_status status = fs::status(path, unreachable);
  return fs::exists(status) && !fs::is_regular_file(status);
}

// But for the shard, which is no matter of how they were made.
Json document_of(const std::vector<VideoResult>& results, const std::vector<VideoError>& errors,
                 const ResultHeader& header) {
  Json document = results_document(results, errors, header.model, header.recipe);
  if (!header.options.empty()) document["options"] = header.options;
  return document;
}

std::string hash_of_making(const ResultHeader& header) {
  constexpr std::size_t kDigits = 16;
  return sha256(to_text(document_of({}, {}, header))).substr(0, kDigits);
}

}  // namespace

std::string printable_lines(const std::string& text) {
  std::string shown;
  for (const std::string& line : lines_of(text)) shown += printable(line) + "\n";
  return shown;
}

ResultSink::ResultSink(const ResultOptions& options, ResultHeader header, Io& io)
    : options_(options),
      header_(std::move(header)),
      made_by_(hash_of_making(header_)),
      lines_to_(options.output.empty() ? &io.out : nullptr),
      is_to_terminal_(options.output.empty() && io.out_is_terminal),
      may_meet_bars_(is_to_terminal_ && io.err_is_terminal && !is_dumb_terminal()),
      err_(io.err) {
  if (is_file_a_video(options.format)) {
    expect_writable(options.output / "any");
    return;
  }
  if (is_pipe_or_device(options.output)) {
    direct_.open(options.output, std::ios::app);
    lines_to_ = &direct_;
  }
  if (lines_to_ == nullptr) expect_writable(options.output);
}

void ResultSink::add(VideoResult result) {
  if (options_.only_final) result.segments = result.final_segments.value();
  result.segments = filtered(std::move(result.segments), options_.filter);
  has_candidates_alone_ = !result.final_segments;
  if (result.final_segments) {
    result.final_segments = filtered(*std::move(result.final_segments), options_.filter);
    count(*result.final_segments);
  }
  if (is_file_a_video(options_.format)) {
    write_file_of(result);
  } else if (options_.format == ResultFormat::kJsonLines) {
    put_in_turn(result.id, jsonl_line(result, made_by_));
  } else if (options_.format == ResultFormat::kCsv) {
    put_in_turn(result.id, csv_rows(result));
  } else {
    results_.push_back(std::move(result));
  }
}

void ResultSink::add(VideoError error) {
  if (options_.format == ResultFormat::kJsonLines) put_in_turn(error.id, jsonl_line(error));
  if (options_.format == ResultFormat::kCsv) put_in_turn(error.id, "");
  if (options_.format == ResultFormat::kActivityNet) errors_.push_back(std::move(error));
}

void ResultSink::finish() {
  if (!is_file_a_video(options_.format)) {
    put(options_.format == ResultFormat::kActivityNet ? document() : "");
    if (lines_to_ == nullptr) write_file(options_.output, pending_);
  }
  tell_what_was_found();
}

std::string ResultSink::document() const {
  Json document = document_of(results_, errors_, header_);
  if (!header_.shard.is_null()) document["shard"] = header_.shard;
  return to_text(document) + "\n";
}

void ResultSink::count(const std::vector<Segment>& final_segments) {
  ++videos_;
  if (!final_segments.empty()) ++videos_with_segments_;
  for (const Segment& segment : final_segments) ++segments_by_class_[segment.label];
}

void ResultSink::tell_what_was_found() const {
  if (has_candidates_alone_ || videos_ == 0) return;
  constexpr std::size_t kShown = 8;
  std::vector<std::pair<int, std::string>> classes;
  int segments = 0;
  for (const auto& [label, found] : segments_by_class_) {
    classes.emplace_back(found, label);
    segments += found;
  }
  std::ranges::stable_sort(classes, std::greater(), &std::pair<int, std::string>::first);
  std::vector<std::string> shown;
  for (const auto& [found, label] : classes) {
    shown.push_back(shown.size() < kShown ? label + " " + std::to_string(found) : "...");
    if (shown.size() > kShown) break;
  }
  spdlog::info("final segments in {} of {}, {} in all{}{}", videos_with_segments_,
               counted(videos_, "videos"), segments, shown.empty() ? "" : ": ", joined(shown));
}

ResultReceiver ResultSink::receiver() {
  return {[this](VideoResult result) { add(std::move(result)); },
          [this](VideoError error) { add(std::move(error)); }};
}

void ResultSink::write_file_of(const VideoResult& result) {
  const Timeline video = timeline_of(result.id, result.video, result.final_segments.value());
  for (const ExportFile& file :
       export_files(export_row(name_of(options_.format)), {video}, {options_.output, true})) {
    write_file(file.path, file.text);
  }
}

void ResultSink::put_in_turn(const std::string& id, std::string lines) {
  if (header_.order.empty()) return put(std::move(lines));
  before_their_turn_.emplace(id, std::move(lines));
  for (; next_in_order_ < header_.order.size(); ++next_in_order_) {
    const auto next = before_their_turn_.find(header_.order[next_in_order_]);
    if (next == before_their_turn_.end()) break;
    put(std::move(next->second));
    before_their_turn_.erase(next);
  }
}

void ResultSink::put(std::string lines) {
  if (options_.format == ResultFormat::kCsv && !begun_) lines.insert(0, kCsvHeader);
  begun_ = true;
  if (lines_to_ == nullptr) {
    pending_ += lines;
    return;
  }
  if (may_meet_bars_) write_at_once(err_, kEraseBelow);
  *lines_to_ << (is_to_terminal_ ? printable_lines(lines) : lines) << std::flush;
  if (!*lines_to_) {
    throw Error(ErrorKind::kIo,
                "cannot write to " + (options_.output.empty() ? std::string("standard output")
                                                              : options_.output.string()));
  }
}

}  // namespace co2net
