#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <fstream>

#include "pipeline/base/files.h"
#include "pipeline/stages/disk_cache.h"
#include "tests/fuzz/fuzzer.h"

namespace co2net {
namespace {

// A cache with room for one entry, and the file that it may say is beside it.
struct Place {
  Place() {
    spdlog::set_level(spdlog::level::off);
    std::filesystem::create_directories(entry.parent_path());
    std::ofstream(std::filesystem::path(entry).replace_extension(".mkv"));
  }

  TempDir folder;
  DiskCache cache{folder.path()};
  CacheKey key = KeyBuilder("fuzz", 1).build();
  std::filesystem::path entry = cache.path_of(key);
};

// An entry ends with its checksum, which the fuzzer need not find.
std::string with_checksum(std::string_view bytes) {
  const XXH64_hash_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  return std::string(bytes).append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
}

}  // namespace
}  // namespace co2net

void co2net::read(std::string_view bytes) {
  static Place place;
  std::ofstream(place.entry, std::ios::binary) << with_checksum(bytes);
  const std::optional<Entry> entry = place.cache.get(place.key);
  if (!entry) return;
  place.cache.usage_by_stage();
  fault_if(entry->info != Json{{"fps", 25}});
}
