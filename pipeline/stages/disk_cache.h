#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/base/opened_file.h"
#include "pipeline/stages/cache_key.h"

namespace co2net {

// A stage's result: facts about it, and its bytes (a .npy, a .npz, JSON) or a file (a video).
struct Entry {
  Json info;
  std::string bytes;
  std::filesystem::path file;  // empty unless the result is a file
};

// Results on disk, by key. An entry file is a magic, a format version, the sizes, the key's
// document with the entry's info as JSON, the bytes, and an XXH3 checksum of it all; a result that
// is a file lies beside its entry, which holds its size and checksum. Writing is atomic. A damaged
// entry is a warning, a deletion and a miss. A cache that cannot be written still reads, with one
// warning. Safe for many processes and threads at once.
class DiskCache {
 public:
  explicit DiskCache(std::filesystem::path directory);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path path_of(const CacheKey& key) const;

  bool contains(const CacheKey& key) const;
  std::optional<Entry> get(const CacheKey& key);
  void put(const CacheKey& key, const Entry& entry);
  // For results that are files: `write` makes the file at the path that it is given (which ends in
  // `suffix`) and returns the info. Throws what `write` throws, and Error(kIo).
  Entry put_file(const CacheKey& key, const std::string& suffix,
                 const std::function<Json(const std::filesystem::path&)>& write);
  void remove(const CacheKey& key);

  // Held while a key is computed, so that only one process computes it. Null in a cache that
  // cannot be written.
  std::optional<FileLock> lock(const CacheKey& key);

  // SHA-256 of a file's content, remembered by its path, device, inode, size and times; not where
  // it was changed in the last two seconds, or has no name. Throws Error(kInput), and as `deadline`
  // does.
  std::string content_hash(const OpenedFile& file, const Deadline& deadline = {});

  // What was last computed for `subject`, a document by stage; explain compares with it.
  Json history(const std::string& subject) const;
  void remember(const std::string& subject, const Json& documents);

  struct Usage {
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
  };
  std::map<std::string, Usage> usage_by_stage() const;
  // Reads every entry; damaged ones are deleted and named.
  std::vector<std::filesystem::path> verify();
  // Deletes the entries that were not used for longest until at most `max_bytes` remain, and what
  // killed runs left more than a day ago.
  Usage collect_garbage(std::int64_t max_bytes);
  // The entries that it would delete.
  Usage garbage_beyond(std::int64_t max_bytes) const;
  // Deletes everything that the cache put there, and nothing else.
  void clear();

 private:
  std::filesystem::path root() const;
  void warn_unwritable(const std::string& why);

  std::filesystem::path directory_;
  std::atomic<bool> warned_ = false;
};

// $XDG_CACHE_HOME/co2net, or ~/.cache/co2net.
std::filesystem::path default_cache_directory();

}  // namespace co2net
