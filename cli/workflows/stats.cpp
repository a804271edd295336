#include "cli/workflows/stats.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr const char* kStatsSchema = "co2net.stats/1";

double number_at(const Json& json, const std::string& key) {
  return json_at<double>(json, key, ErrorKind::kInput);
}

// Adds seconds, and a rate as that of both together. Other figures tell of the video; they are
// those of the last that worked on it.
void add_part(Json& sum, const Json& part) {
  const double before_s = number_at(sum, "seconds"), more_s = number_at(part, "seconds");
  for (const auto& [key, value] : part.items()) {
    if (key == "seconds" || before_s + more_s <= 0) continue;
    sum[key] =
        (number_at(sum, key) * before_s + number_at(part, key) * more_s) / (before_s + more_s);
  }
  sum["seconds"] = before_s + more_s;
}

void add_extraction_of(Json& sum, const Json& extraction) {
  for (const auto& [key, value] : extraction.items()) {
    if (value.is_object() && sum.contains(key)) {
      add_part(sum[key], value);
    } else {
      sum[key] = value;
    }
  }
}

// A stage was there from before only if it always was.
void add_stages(Json& sum, const Json& stages) {
  for (const auto& [stage, timing] : stages.items()) {
    if (!sum.contains(stage)) {
      sum[stage] = timing;
      continue;
    }
    sum[stage]["seconds"] = number_at(sum[stage], "seconds") + number_at(timing, "seconds");
    sum[stage]["hit"] = json_at<bool>(sum[stage], "hit", ErrorKind::kInput) &&
                        json_at<bool>(timing, "hit", ErrorKind::kInput);
  }
}

void add_video(Json& sum, const Json& video) {
  if (video.contains("stages")) add_stages(sum["stages"], video.at("stages"));
  if (video.contains("extraction")) add_extraction_of(sum["extraction"], video.at("extraction"));
}

void add_stats(Json& sum, const Json& stats) {
  sum["seconds"] = number_at(sum, "seconds") + number_at(stats, "seconds");
  sum["peak_rss_bytes"] =
      std::max(json_at<std::int64_t>(sum, "peak_rss_bytes", ErrorKind::kInput),
               json_at<std::int64_t>(stats, "peak_rss_bytes", ErrorKind::kInput));
  const Json totals = json_at<Json>(stats, "stages", ErrorKind::kInput);
  for (const auto& [stage, seconds] : totals.items()) {
    const double before_s = sum["stages"].contains(stage) ? number_at(sum["stages"], stage) : 0;
    sum["stages"][stage] = before_s + number_at(totals, stage);
  }
  const Json videos = json_at<Json>(stats, "videos", ErrorKind::kInput);
  for (const auto& [id, video] : videos.items()) {
    add_video(sum["videos"][id], video);
  }
}

}  // namespace

bool is_stats(std::string_view text) {
  if (text.find(kStatsSchema) == std::string_view::npos) return false;
  const std::optional<Json> json = parse_json_if_valid(text);
  return json && json->is_object() && json->value("schema", Json()) == kStatsSchema;
}

void StatsSum::add(const Json& stats, const std::string& name) {
  within(name, [&] {
    if (sum_.is_null()) {
      sum_ = {{"schema", kStatsSchema},
              {"seconds", 0.},
              {"peak_rss_bytes", 0},
              {"stages", Json::object()},
              {"videos", Json::object()}};
    }
    add_stats(sum_, stats);
  });
}

bool is_reused(const ChainResult& result) {
  constexpr std::string_view kLong[] = {"frames", "flow", "features"};
  const auto is_hit = [](const auto& stage) { return stage.second.hit; };
  const auto took_long = [&](const auto& stage) {
    return !is_hit(stage) && std::ranges::count(kLong, stage.first) > 0;
  };
  return std::ranges::any_of(result.timings, is_hit) &&
         std::ranges::none_of(result.timings, took_long);
}

void Stats::add(const std::string& id, const std::map<std::string, StageTiming>& timings) {
  const std::lock_guard lock(mutex_);
  for (const auto& [stage, timing] : timings) {
    videos_[id]["stages"][stage] = {{"hit", timing.hit}, {"seconds", timing.seconds}};
  }
}

void Stats::add_extraction(const std::string& id, const Json& extraction) {
  const std::lock_guard lock(mutex_);
  videos_[id]["extraction"] = extraction;
}

void Stats::write(const fs::path& path) const {
  if (path.empty()) return;
  const std::lock_guard lock(mutex_);
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
  const Json json = {{"schema", kStatsSchema},
                     {"seconds", elapsed.count()},
                     {"peak_rss_bytes", std::int64_t{1024} * usage.ru_maxrss},
                     {"stages", totals},
                     {"videos", videos_}};
  write_file(path, to_text(json) + "\n");
}

void Stats::try_to_write(const fs::path& path) const {
  try {
    write(path);
  } catch (const Error& e) {
    spdlog::error("no statistics: {}", e.what());
  }
}

}  // namespace co2net
