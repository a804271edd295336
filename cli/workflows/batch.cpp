#include "cli/workflows/batch.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <chrono>
#include <utility>

#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool is_pipe_or_device(const fs::path& path) {
  return fs::exists(path) && !fs::is_regular_file(path);
}

// Or is the folder.
bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code absent;
  const fs::path rest =
      fs::canonical(path, absent).lexically_relative(fs::canonical(folder, absent));
  return !rest.empty() && *rest.begin() != "..";
}

bool concerns_every_input(ErrorKind kind) {
  return kind == ErrorKind::kModel || kind == ErrorKind::kIo || kind == ErrorKind::kInterrupted;
}

}  // namespace

ResultSink::ResultSink(const ResultOptions& options, Json model, Json recipe,
                       std::ostream& standard_output)
    : options_(options),
      model_(std::move(model)),
      recipe_(std::move(recipe)),
      lines_to_(options.output.empty() ? &standard_output : nullptr) {
  if (is_pipe_or_device(options.output)) {
    direct_.open(options.output, std::ios::app);
    lines_to_ = &direct_;
  }
  if (lines_to_ == nullptr) expect_writable(options.output);
  if (options_.format == "csv") put(std::string(kCsvHeader));
}

void ResultSink::add(VideoResult result) {
  result.segments = filtered(std::move(result.segments), options_.filter);
  if (options_.format == "jsonl") {
    put(jsonl_line(result));
  } else if (options_.format == "csv") {
    put(csv_rows(result));
  } else {
    results_.push_back(std::move(result));
  }
}

void ResultSink::add(VideoError error) {
  if (options_.format == "jsonl") put(jsonl_line(error));
  if (options_.format == "activitynet") errors_.push_back(std::move(error));
}

void ResultSink::finish() {
  if (options_.format == "activitynet") {
    put(to_text(results_document(results_, errors_, model_, recipe_)) + "\n");
  }
  if (lines_to_ == nullptr) write_file(options_.output, pending_);
}

void ResultSink::put(const std::string& lines) {
  if (lines_to_ == nullptr) {
    pending_ += lines;
    return;
  }
  *lines_to_ << lines << std::flush;
  if (!*lines_to_) {
    throw Error(ErrorKind::kIo,
                "cannot write to " + (options_.output.empty() ? std::string("standard output")
                                                              : options_.output.string()));
  }
}

void Stats::add(const std::string& id, const std::map<std::string, StageTiming>& timings) {
  for (const auto& [stage, timing] : timings) {
    videos_[id]["stages"][stage] = {{"hit", timing.hit}, {"seconds", timing.seconds}};
  }
}

void Stats::add_extraction(const std::string& id, const Json& extraction) {
  videos_[id]["extraction"] = extraction;
}

void Stats::write(const fs::path& path) const {
  if (path.empty()) return;
  std::map<std::string, double> totals;
  for (const auto& [id, video] : videos_.items()) {
    if (!video.contains("stages")) continue;
    for (const auto& [stage, timing] : video["stages"].items()) {
      totals[stage] += timing["seconds"].get<double>();
    }
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const Json json = {{"schema", "co2net.stats/1"},
                     {"seconds", elapsed.count()},
                     {"peak_rss_bytes", std::int64_t{1024} * usage.ru_maxrss},
                     {"stages", totals},
                     {"videos", videos_}};
  write_file(path, to_text(json) + "\n");
}

int for_each_input(const std::vector<Input>& inputs, bool fail_fast, Progress& progress,
                   const std::function<void(const Input&)>& work,
                   const std::function<void(const VideoError&)>& on_error) {
  int code = 0;
  for (const Input& input : inputs) {
    throw_if_interrupted();
    progress.start_video(input.id);
    spdlog::info("{}", input.path.string());
    try {
      work(input);
      progress.finish_video();
    } catch (...) {
      progress.finish_video();
      const Error error = current_error();
      if (concerns_every_input(error.kind())) throw error;
      const std::string stage = error.stage().empty() ? "input" : error.stage();
      spdlog::error("{}: {}: {}", input.path.string(), stage, error.what());
      on_error({input.id, stage, error.what()});
      code = 1;
      if (fail_fast) break;
    }
  }
  return code;
}

std::string subject_of(const Input& input) {
  return fs::absolute(input.path).lexically_normal().string();
}

VideoResult video_result(const Input& input, const Entry& proposals) {
  Json video = proposals.info.at("video");
  video["path"] = input.path.string();
  return {input.id,
          segments_from_json(parse_json(proposals.bytes, "proposals", ErrorKind::kInternal)),
          video};
}

void expect_no_input_at(const fs::path& output, const std::vector<Input>& inputs,
                        const std::string& option) {
  std::error_code absent;
  if (!fs::exists(output, absent)) return;
  for (const Input& input : inputs) {
    if (fs::equivalent(output, input.path, absent) || lies_in(output, input.path)) {
      throw Error(ErrorKind::kUsage, option + " would overwrite the input " + input.path.string() +
                                         "; choose another place");
    }
  }
}

void check_strict(const VideoOptions& options, const Json& video) {
  if (!options.strict || !video.contains("decode")) return;
  const Json& decode = video.at("decode");
  if (decode.at("complete").get<bool>()) return;
  throw Error(ErrorKind::kInput,
              "decoded only in part: " + decode.at("first_error").get<std::string>() +
                  " (leave out --strict to take what could be decoded)")
      .in_stage("decode");
}

}  // namespace co2net
