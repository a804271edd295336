#include "cli/workflows/stats.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {

bool is_reused(const ChainResult& result) {
  return std::ranges::all_of(result.timings, [](const auto& stage) { return stage.second.hit; });
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
  const Json json = {{"schema", "co2net.stats/1"},
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
