#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "pipeline/base/json.h"
#include "pipeline/stages/stage.h"

namespace co2net {

// Seconds and rates of every stage of every video.
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

// What a workflow leaves beside its files and results.
struct Outcome {
  int failed = 0;  // inputs
  Stats stats = {};
};

}  // namespace co2net
