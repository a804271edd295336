#include "pipeline/base/shard.h"

#include <charconv>
#include <cstdlib>
#include <vector>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

// The variables by which a task of a job array knows which it is, as each scheduler documents them;
// null where there is none.
struct Scheduler {
  const char* name;
  const char* id;
  const char* first = nullptr;
  const char* last = nullptr;
  const char* step = nullptr;
  const char* count = nullptr;
  std::uint64_t least = 0;        // that an id can be
  const char* outside = nullptr;  // the id's value where there is no array
};
constexpr Scheduler kSchedulers[] = {{.name = "Slurm",
                                      .id = "SLURM_ARRAY_TASK_ID",
                                      .first = "SLURM_ARRAY_TASK_MIN",
                                      .last = "SLURM_ARRAY_TASK_MAX",
                                      .step = "SLURM_ARRAY_TASK_STEP",
                                      .count = "SLURM_ARRAY_TASK_COUNT"},
                                     {.name = "PBS Pro", .id = "PBS_ARRAY_INDEX"},
                                     {.name = "Torque", .id = "PBS_ARRAYID"},
                                     {.name = "LSF",
                                      .id = "LSB_JOBINDEX",
                                      .last = "LSB_JOBINDEX_END",
                                      .step = "LSB_JOBINDEX_STEP",
                                      .least = 1,
                                      .outside = "0"},
                                     {.name = "Grid Engine",
                                      .id = "SGE_TASK_ID",
                                      .first = "SGE_TASK_FIRST",
                                      .last = "SGE_TASK_LAST",
                                      .step = "SGE_TASK_STEPSIZE",
                                      .least = 1,
                                      .outside = "undefined"},
                                     {.name = "Kubernetes", .id = "JOB_COMPLETION_INDEX"}};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kUsage, "--shard: " + why);
}

std::uint64_t to_number(std::string_view text, const std::string& what = "") {
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    refuse(what + "'" + std::string(text) + "' is not a whole number");
  }
  return number;
}

std::uint64_t value_of(const char* variable) {
  return to_number(std::getenv(variable), std::string(variable) + ": ");
}

bool is_set(const char* variable) {
  return variable != nullptr && std::getenv(variable) != nullptr;
}

bool runs_here(const Scheduler& scheduler) {
  if (!is_set(scheduler.id)) return false;
  return scheduler.outside == nullptr ||
         std::string_view(std::getenv(scheduler.id)) != scheduler.outside;
}

std::vector<std::string> variables_of(const std::vector<const Scheduler*>& schedulers) {
  std::vector<std::string> variables;
  for (const Scheduler* scheduler : schedulers) variables.emplace_back(scheduler->id);
  return variables;
}

// Whose job array this is.
const Scheduler& scheduler_here() {
  std::vector<const Scheduler*> all, here;
  for (const Scheduler& scheduler : kSchedulers) {
    all.push_back(&scheduler);
    if (runs_here(scheduler)) here.push_back(&scheduler);
  }
  if (here.empty()) {
    refuse("this is no task of a job array: none of " + joined(variables_of(all)) +
           " is set; give --shard i/n");
  }
  if (here.size() > 1) {
    refuse("several schedulers' variables are set: " + joined(variables_of(here)) +
           "; unset those that do not count, or give --shard i/n");
  }
  return *here.front();
}

std::string with_count(const Scheduler& scheduler) {
  return scheduler.least == 0 ? "--shard env/N, with N tasks in all whose ids start at 0 (env/N@1: "
                                "at 1)"
                              : "--shard env/N@1, with N tasks in all whose ids start at 1";
}

[[noreturn]] void refuse_without_count(const Scheduler& scheduler, const std::string& why) {
  refuse("env: " + why + ", so that how many tasks there are in all is not known; give " +
         with_count(scheduler));
}

// A single task, or others than the first ones, may be a part of an array that is submitted again:
// its variables tell of the part.
Shard shard_of_array(const Scheduler& scheduler) {
  for (const char* variable : {scheduler.first, scheduler.last, scheduler.step}) {
    if (is_set(variable)) continue;
    refuse_without_count(
        scheduler,
        std::string(scheduler.name) + " does not tell the first, last and step of an array's ids");
  }
  const std::uint64_t id = value_of(scheduler.id), first = value_of(scheduler.first),
                      last = value_of(scheduler.last), step = value_of(scheduler.step);
  const std::string array = "the array's ids go from " + std::to_string(first) + " to " +
                            std::to_string(last) + " in steps of " + std::to_string(step);
  const bool is_one_of_them = step > 0 && first <= id && id <= last && (id - first) % step == 0;
  if (!is_one_of_them) {
    refuse_without_count(scheduler, array + " without " + std::to_string(id));
  }
  const Shard shard = {(id - first) / step, (last - first) / step + 1};
  if (is_set(scheduler.count) && value_of(scheduler.count) != shard.count) {
    refuse_without_count(scheduler, array + ", but not evenly");
  }
  if (first > 1 || shard.count < 2) {
    refuse_without_count(scheduler, array + ", which may be a part that is submitted again");
  }
  return shard;
}

// Of "n" or "n@first".
Shard shard_of_task(const Scheduler& scheduler, std::string_view text) {
  const std::size_t at = text.find('@');
  const std::uint64_t count = to_number(text.substr(0, at));
  const std::uint64_t first = at == std::string_view::npos ? 0 : to_number(text.substr(at + 1));
  if (first < scheduler.least) {
    refuse(std::string(scheduler.name) + " counts tasks from " + std::to_string(scheduler.least) +
           "; give --shard env/" + std::to_string(count) + "@" + std::to_string(scheduler.least));
  }
  const std::uint64_t id = value_of(scheduler.id);
  if (id < first || id - first >= count) {
    refuse(std::string(scheduler.id) + " is " + std::to_string(id) + ", want an id from " +
           std::to_string(first) + " on and of " + std::to_string(count) +
           " tasks; give --shard env/N@FIRST where ids start at FIRST");
  }
  return {id - first, count};
}

Shard shard_of_numbers(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    refuse("want i/n, env/n or env, not '" + std::string(text) + "'");
  }
  const Shard shard = {to_number(text.substr(0, slash)), to_number(text.substr(slash + 1))};
  if (shard.index >= shard.count) {
    refuse(to_string(shard) + ": shards of n are numbered 0 to n - 1");
  }
  return shard;
}

Shard shard_of_text(std::string_view text) {
  constexpr std::string_view kEnv = "env", kEnvOf = "env/";
  if (text == kEnv) return shard_of_array(scheduler_here());
  if (text.starts_with(kEnvOf)) {
    return shard_of_task(scheduler_here(), text.substr(kEnvOf.size()));
  }
  return shard_of_numbers(text);
}

}  // namespace

bool Shard::has(const std::string& id) const {
  std::uint64_t hash = 0;
  const std::string digest = sha256(id);
  std::from_chars(digest.data(), digest.data() + 16, hash, 16);
  return hash % count == index;
}

std::string to_string(const Shard& shard) {
  return std::to_string(shard.index) + "/" + std::to_string(shard.count);
}

Shard parse_shard(std::string_view text) {
  const Shard shard = shard_of_text(text);
  if (shard.count > kMostShards) {
    refuse(to_string(shard) + ": there are at most " + std::to_string(kMostShards) + " shards");
  }
  return shard;
}

}  // namespace co2net
