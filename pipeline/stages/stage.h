#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "pipeline/stages/cache_key.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// One step of a video's chain: what its result depends on, and how to make it.
struct Stage {
  std::string name;
  CacheKey key;
  // Earlier stages whose results `compute` takes, as indices into the chain.
  std::vector<std::size_t> inputs;
  // The result, from those of `inputs`. A stage whose result is a file (file_suffix is not empty)
  // writes it to the path and returns only info; the others are given an empty path.
  std::function<Entry(const std::vector<Entry>& inputs, const std::filesystem::path& file)> compute;
  std::string file_suffix = {};
  // Called once the cache holds the result: deletes what `compute` kept there on its way.
  std::function<void()> clean_up = [] {};
  Deadline deadline = {};  // of the wait for another process that computes it
  bool required = false;   // made even if no later stage needs it
  bool cached = true;      // false for a stage that only reads what is on disk anyway
};

// Stages of one video in order; each one's inputs come before it. The last one is the goal.
using Chain = std::vector<Stage>;

void limit_waits(Chain& chain, const Deadline& deadline);  // of every stage

struct StageTiming {
  bool hit = false;
  double seconds = 0;  // of this stage alone
};

struct ChainResult {
  Entry entry;  // of the last stage
  std::map<std::string, StageTiming> timings;
};

// Runs what the cache does not hold, and nothing else: a stage runs only if its result is missing
// and wanted. `subject` names the video, for explain. Without a cache everything runs; stages that
// need files are then an error. The log has a line about each stage that runs or is found, with the
// reason.
ChainResult run_chain(const Chain& chain, DiskCache* cache, const std::string& subject);

struct StageForecast {
  std::string stage;
  bool runs = false;
  std::string reason;
};

// What run_chain would do with each stage, and why.
std::vector<StageForecast> explain_chain(const Chain& chain, const DiskCache& cache,
                                         const std::string& subject);

}  // namespace co2net
