#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "pipeline/base/json.h"
#include "pipeline/stages/stage.h"

namespace co2net {

// Whether what takes nearly all of the time was there from before: a video's features, or what is
// made of them.
bool is_reused(const ChainResult& result);

// Seconds and rates of every stage of every video. Safe for several threads at once.
class Stats {
 public:
  void add(const std::string& id, const std::map<std::string, StageTiming>& timings);
  void add_extraction(const std::string& id, const Json& extraction);
  // Also the totals, the time since the object was made, and the process's peak memory. Does
  // nothing without a path.
  void write(const std::filesystem::path& path) const;
  // The same where another error is on its way: a failure is only logged.
  void try_to_write(const std::filesystem::path& path) const;

 private:
  mutable std::mutex mutex_;
  Json videos_ = Json::object();
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Statistics that several processes wrote, added up: seconds of a stage, of a video that several
// had too; of peaks the largest. Errors: Error(kInput) led by the name of the file that holds none.
class StatsSum {
 public:
  void add(const Json& stats, const std::string& name);
  const Json& sum() const { return sum_; }

 private:
  Json sum_ = nullptr;
};
// Whether that is what a file's text holds.
bool is_stats(std::string_view text);

// What `work` returns. The statistics that it gathers are written to `path` when it ends, also by
// an error or an interruption, which goes on to the caller.
template <class Work>
auto with_stats_written(const Stats& stats, const std::filesystem::path& path, Work&& work) {
  const auto result = [&] {
    try {
      return work();
    } catch (...) {
      stats.try_to_write(path);
      throw;
    }
  }();
  stats.write(path);
  return result;
}

}  // namespace co2net
