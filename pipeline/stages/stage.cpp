#include "pipeline/stages/stage.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

std::string why_missing(const Stage& stage, const Json& history) {
  if (!history.is_object() || !history.contains(stage.name)) return "never computed";
  const auto differences = json_differences(history[stage.name], stage.key.document);
  if (differences.empty()) return "its result is no longer in the cache";
  std::string reason;
  for (const std::string& difference : differences) {
    reason += (reason.empty() ? "" : ", ") + difference;
  }
  return reason;
}

std::string padded(std::string name) {
  constexpr std::size_t kWidth = 14;
  name.resize(std::max(kWidth, name.size() + 1), ' ');
  return name;
}

class ChainRun {
 public:
  ChainRun(const Chain& chain, DiskCache* cache, const std::string& subject)
      : chain_(chain), cache_(cache), results_(chain.size()) {
    if (cache_ != nullptr) history_ = cache_->history(subject);
  }

  ChainResult run() {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      if (chain_[i].required) result_of(i);
    }
    Entry goal = result_of(chain_.size() - 1);
    return {std::move(goal), std::move(timings_)};
  }

 private:
  const Entry& result_of(std::size_t index) {
    if (!results_[index]) results_[index] = found_or_computed(index);
    return *results_[index];
  }

  Entry found_or_computed(std::size_t index) {
    const Stage& stage = chain_[index];
    if (cache_ == nullptr || !stage.cached) {
      if (!stage.file_suffix.empty()) {
        throw Error(ErrorKind::kUsage, "--keep needs a cache").in_stage(stage.name);
      }
      return computed(index);
    }
    if (auto entry = found(stage)) return *std::move(entry);
    const auto lock =
        in_stage(stage.name.c_str(), [&] { return cache_->lock(stage.key, stage.deadline); });
    if (auto entry = found(stage)) return *std::move(entry);  // another process made it meanwhile
    return computed(index);
  }

  std::optional<Entry> found(const Stage& stage) {
    auto entry = cache_->get(stage.key);
    if (entry) {
      stage.clean_up();
      timings_[stage.name].hit = true;
      spdlog::info("{}hit", padded(stage.name));
    }
    return entry;
  }

  Entry computed(std::size_t index) {
    const Stage& stage = chain_[index];
    std::vector<Entry> inputs;
    for (const std::size_t input : stage.inputs) inputs.push_back(result_of(input));

    const auto start = std::chrono::steady_clock::now();
    Entry entry = in_stage(stage.name.c_str(), [&] { return stored(stage, inputs); });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    StageTiming& timing = timings_[stage.name];
    timing.seconds = elapsed.count();
    spdlog::info("{}{}  {:.2f} s", padded(stage.name),
                 stage.cached ? "miss  " + why_missing(stage, history_) : "read  its own file",
                 timing.seconds);
    return entry;
  }

  Entry stored(const Stage& stage, const std::vector<Entry>& inputs) {
    if (!stage.file_suffix.empty()) {
      return cache_->put_file(stage.key, stage.file_suffix,
                              [&](const auto& path) { return stage.compute(inputs, path).info; });
    }
    Entry entry = stage.compute(inputs, {});
    const bool is_kept = cache_ != nullptr && stage.cached && cache_->put(stage.key, entry);
    if (is_kept) stage.clean_up();
    return entry;
  }

  const Chain& chain_;
  DiskCache* cache_;
  Json history_ = Json::object();
  std::vector<std::optional<Entry>> results_;
  std::map<std::string, StageTiming> timings_;
};

}  // namespace

void limit_waits(Chain& chain, const Deadline& deadline) {
  for (Stage& stage : chain) stage.deadline = deadline;
}

ChainResult run_chain(const Chain& chain, DiskCache* cache, const std::string& subject) {
  ChainResult result = ChainRun(chain, cache, subject).run();
  if (cache != nullptr) {
    Json documents = cache->history(subject);
    for (const Stage& stage : chain) documents[stage.name] = stage.key.document;
    cache->remember(subject, documents);
  }
  return result;
}

std::vector<StageForecast> explain_chain(const Chain& chain, const DiskCache& cache,
                                         const std::string& subject) {
  const Json history = cache.history(subject);
  std::vector<bool> wanted(chain.size());
  for (std::size_t i = 0; i < chain.size(); ++i) wanted[i] = chain[i].required;
  if (!chain.empty()) wanted.back() = true;
  std::vector<StageForecast> forecasts(chain.size());
  for (std::size_t i = chain.size(); i-- > 0;) {
    const Stage& stage = chain[i];
    const bool present = cache.contains(stage.key);
    const bool runs = wanted[i] && !present;
    if (runs) {
      for (const std::size_t input : stage.inputs) wanted[input] = true;
    }
    forecasts[i] = {stage.name, runs,
                    present         ? "its result is in the cache"
                    : !wanted[i]    ? "no later stage needs it"
                    : !stage.cached ? "it reads its own file"
                                    : why_missing(stage, history)};
  }
  return forecasts;
}

}  // namespace co2net
