#include <spdlog/spdlog.h>

#include <boost/program_options.hpp>
#include <filesystem>
#include <optional>

#include "cli/options.h"
#include "cli/progress.h"
#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

Json to_json(const DiskCache::Usage& usage) {
  return {{"entries", usage.entries}, {"bytes", usage.bytes}};
}

int cache_stat(DiskCache& cache, std::optional<std::int64_t> max_size, Io& io) {
  Json stages = Json::object();
  DiskCache::Usage total;
  for (const auto& [stage, usage] : cache.usage_by_stage()) {
    stages[stage] = to_json(usage);
    total.entries += usage.entries;
    total.bytes += usage.bytes;
  }
  Json stat = to_json(total);
  stat["directory"] = cache.directory().string();
  stat["stages"] = stages;
  if (max_size) stat["garbage"] = to_json(cache.garbage_beyond(*max_size));
  io.out << to_text(stat) << "\n";
  return 0;
}

int cache_verify(DiskCache& cache, const ProgressView& view, Io& io) {
  std::vector<std::filesystem::path> damaged;
  {
    Progress progress(io.err, view);
    const Observer observer = progress.observer();
    observer.on_start("verify");
    damaged = cache.verify([&](std::size_t read, std::size_t count) {
      observer.on_progress("entries", static_cast<std::int64_t>(read),
                           static_cast<std::int64_t>(count));
    });
  }
  for (const auto& path : damaged) io.out << printable(path.string()) << "\n";
  if (damaged.empty()) return 0;
  spdlog::error("{} damaged entries were deleted; they will be computed anew", damaged.size());
  return 1;
}

int report(const DiskCache::Collected& collected) {
  const auto& [deleted, in_use] = collected;
  spdlog::info("deleted {}, {} bytes", counted(deleted.entries, "entries"), deleted.bytes);
  if (in_use.entries > 0) {
    spdlog::info("left {}, {} bytes, that running processes use",
                 counted(in_use.entries, "entries"), in_use.bytes);
  }
  return 0;
}

int cache_gc(DiskCache& cache, std::optional<std::int64_t> max_size) {
  if (!max_size) throw Error(ErrorKind::kUsage, "gc needs --max-size, say 50G");
  return report(cache.collect_garbage(*max_size));
}

void add_cache_command_options(po::options_description& options) {
  options.add_options()("cache", po::value<std::string>()->value_name("DIR"),
                        "the cache (default: $XDG_CACHE_HOME/co2net)")  //
      ("max-size", po::value<std::string>()->value_name("SIZE"),
       "gc: delete what was not used for longest until no more than this is left, such as 50G; "
       "stat: "
       "tell what gc would delete");
  add_progress_option(options);
}

// One that is not there yet is an empty cache.
std::filesystem::path parse_existing_cache(const po::variables_map& args) {
  std::filesystem::path directory = parse_cache_directory(args);
  std::error_code absent;
  const bool has_something =
      std::filesystem::exists(directory, absent) && !std::filesystem::is_empty(directory, absent);
  if (has_something && !DiskCache::is_at(directory)) {
    throw Error(ErrorKind::kUsage, directory.string() + " is no cache of co2net; name one");
  }
  return directory;
}

int run_cache(const po::variables_map& args, Io& io) {
  const std::vector<std::string> words = parse_arguments(args, "ACTION (stat, verify, gc, clear)");
  DiskCache cache(parse_existing_cache(args));
  const std::string& action = words.front();
  if (words.size() > 1) throw Error(ErrorKind::kUsage, "one action at a time");
  const auto max_size = parse_size(args, "max-size");
  if (action == "gc") return cache_gc(cache, max_size);
  if (action == "stat") return cache_stat(cache, max_size, io);
  if (action != "verify" && action != "clear") {
    throw Error(ErrorKind::kUsage,
                "action " + not_one_of(action, {"stat", "verify", "gc", "clear"}));
  }
  expect_none_of(args, {"max-size"}, "is of 'cache gc' and 'cache stat' alone");
  if (action == "verify") return cache_verify(cache, parse_progress(args, io), io);
  return report(cache.clear());
}

}  // namespace

const Command kCacheCommand = {"cache", add_cache_command_options, run_cache};

}  // namespace co2net
