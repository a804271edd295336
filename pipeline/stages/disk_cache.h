#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/file_lock.h"
#include "pipeline/base/json.h"
#include "pipeline/base/opened_file.h"
#include "pipeline/stages/cache_key.h"

namespace co2net {

// A stage's result: facts about it, and its bytes (a .npy, a .npz, JSON) or a file (a video).
struct Entry {
  Json info;
  std::string bytes;
  std::filesystem::path file;                   // empty unless the result is a file
  std::shared_ptr<const PathLock> in_use = {};  // while it lives, nobody deletes the file
};

// Results on disk, by key. An entry file is a magic, a format version, the sizes, the key's
// document with the entry's info as JSON, the bytes, and an XXH3 checksum of it all; a result that
// is a file lies beside its entry, which holds its size and checksum. Writing is atomic and
// durable. A damaged entry, one of another version and one under another's name are a warning, a
// deletion and a miss. A cache that cannot be written still reads, with one warning. Safe for many
// processes and threads at once.
//
// What is in use is told by locks, which die with their process. A key's lock is held while it is
// computed, and a shared one on an entry whose file is being read. Whoever deletes takes both
// first, without waiting, and leaves what it cannot have, as well as the checkpoints of a key whose
// lock is held. What killed processes left is told by their locks, too: a key's lock that can be
// taken is removed when the cache is opened, with the file beside that key's entry if the entry was
// never written, and so are temporaries (pipeline/base/temporary.h).
class DiskCache {
 public:
  explicit DiskCache(std::filesystem::path directory);
  // Whether a folder is one, rather than a folder of something else.
  static bool is_at(const std::filesystem::path& directory);
  // Where what is new in it is written first.
  static std::filesystem::path written_in(const std::filesystem::path& directory);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path path_of(const CacheKey& key) const;

  bool contains(const CacheKey& key) const;
  std::optional<Entry> get(const CacheKey& key);
  // Whether it is kept; if not, a warning has told why.
  bool put(const CacheKey& key, const Entry& entry);
  // For results that are files: `write` makes the file at the path that it is given (which ends in
  // `suffix`) and returns the info. Throws what `write` throws, and Error(kIo).
  Entry put_file(const CacheKey& key, const std::string& suffix,
                 const std::function<Json(const std::filesystem::path&)>& write);
  void remove(const CacheKey& key);

  // Held while a key is computed, so that only one process computes it. Null in a cache that
  // cannot be written. Throws as `deadline` does.
  std::optional<FileLock> lock(const CacheKey& key, const Deadline& deadline = {});
  // The same without waiting: null where another holds it. Throws Error(kIo) in a cache that cannot
  // be written, or whose file system has no locks.
  std::optional<FileLock> try_lock(const CacheKey& key);

  // SHA-256 of a file's content, remembered by its path, inode, size and times, on every machine
  // that has the file and the cache; not where it was changed in the last two seconds, or has no
  // name. Throws Error(kInput), and as `deadline` does.
  std::string content_hash(const OpenedFile& file, const Deadline& deadline = {});

  // What was last computed for `subject`, a document by stage; explain compares with it.
  Json history(const std::string& subject) const;
  void remember(const std::string& subject, const Json& documents);

  struct Usage {
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
  };
  std::map<std::string, Usage> usage_by_stage() const;
  // Reads every entry; damaged ones that are not in use are deleted and named.
  // `on_entry` hears how many were read, of how many.
  std::vector<std::filesystem::path> verify(
      const std::function<void(std::size_t read, std::size_t count)>& on_entry =
          [](std::size_t, std::size_t) {});
  struct Collected {
    Usage deleted;
    Usage in_use;  // left for that
  };
  // Deletes the entries that were not used for longest until at most `max_bytes` remain, and what
  // killed runs left. Throws Error(kIo) for what cannot be deleted.
  Collected collect_garbage(std::int64_t max_bytes);
  // The entries that it would delete if none were in use.
  Usage garbage_beyond(std::int64_t max_bytes) const;
  // Deletes all that the cache put there and that is not in use, and nothing else. Folders stay.
  Collected clear();

 private:
  std::filesystem::path root() const;
  std::filesystem::path entries() const { return root() / "entries"; }
  std::filesystem::path locks() const { return root() / "locks"; }
  std::filesystem::path temporaries() const { return written_in(directory_); }
  void write(const std::filesystem::path& path, std::string_view bytes) const;
  void tag() const;  // as a cache, for programs that back up
  void remove_damaged(const std::filesystem::path& entry);
  void sweep();
  void warn_unwritable(const std::string& why);

  std::filesystem::path directory_;
  std::atomic<bool> warned_ = false;
};

// $XDG_CACHE_HOME/co2net, or ~/.cache/co2net. Throws Error(kUsage) where neither variable is set.
std::filesystem::path default_cache_directory();

}  // namespace co2net
