#include "pipeline/stages/disk_cache.h"

#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <tuple>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/temporary.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr std::string_view kMagic = "CO2NETCE";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::string_view kSuffix = ".entry";
constexpr std::string_view kTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This directory is a cache of co2net; see https://bford.info/cachedir/\n";

static_assert(std::endian::native == std::endian::little, "the entry format is little-endian");

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take(std::string_view& bytes) {
  T value;
  if (bytes.size() < sizeof value) throw Error(ErrorKind::kInput, "truncated");
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

std::string_view take(std::string_view& bytes, std::uint64_t size) {
  if (bytes.size() < size) throw Error(ErrorKind::kInput, "truncated");
  const std::string_view part = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return part;
}

std::string pack(const Json& header, std::string_view body) {
  const std::string text = to_text(header);
  std::string bytes(kMagic);
  append(bytes, kFormatVersion);
  append(bytes, static_cast<std::uint64_t>(text.size()));
  append(bytes, static_cast<std::uint64_t>(body.size()));
  bytes += text;
  bytes += body;
  append(bytes, static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return bytes;
}

struct Unpacked {
  Json header;
  std::string body;
};

Unpacked unpack(std::string_view bytes) {
  const std::string_view whole = bytes;
  if (take(bytes, kMagic.size()) != kMagic) throw Error(ErrorKind::kInput, "not a cache entry");
  if (take<std::uint32_t>(bytes) != kFormatVersion) {
    throw Error(ErrorKind::kInput, "unknown format version");
  }
  const auto header_size = take<std::uint64_t>(bytes);
  const auto body_size = take<std::uint64_t>(bytes);
  const std::string_view header = take(bytes, header_size);
  const std::string_view body = take(bytes, body_size);
  const std::size_t checked = whole.size() - bytes.size();
  if (take<std::uint64_t>(bytes) != XXH3_64bits(whole.data(), checked) || !bytes.empty()) {
    throw Error(ErrorKind::kInput, "wrong checksum");
  }
  return {parse_json(header, "entry", ErrorKind::kInput), std::string(body)};
}

std::uint64_t file_checksum(const fs::path& path) {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(1 << 20);
  while (file.good()) {
    throw_if_interrupted();
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    XXH3_64bits_update(state.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) throw Error(ErrorKind::kIo, "unreadable file " + path.filename().string());
  return XXH3_64bits_digest(state.get());
}

// Reads an entry and what lies beside it; throws Error if anything is not as it was written.
Entry read_entry(const fs::path& path) {
  Unpacked entry = unpack(read_file(path));
  if (sha256(to_text(entry.header.at("key"))) != path.stem()) {
    throw Error(ErrorKind::kInput, "the entry of another key");
  }
  Entry result{entry.header.at("info"), std::move(entry.body), {}, nullptr};
  if (entry.header.contains("file")) {
    const Json& file = entry.header["file"];
    const fs::path name = file.at("name").get<std::string>();
    if (name.has_parent_path() || name.stem() != path.stem()) {
      throw Error(ErrorKind::kInput, "the file of another entry");
    }
    result.file = path.parent_path() / name;
    std::error_code error;
    if (fs::file_size(result.file, error) !=
            json_at<std::uint64_t>(file, "size", ErrorKind::kInput) ||
        error ||
        file_checksum(result.file) != json_at<std::uint64_t>(file, "xxh3", ErrorKind::kInput)) {
      throw Error(ErrorKind::kInput, "damaged file " + result.file.filename().string());
    }
  }
  return result;
}

bool is_there(const fs::path& path) {
  std::error_code unreachable;
  return fs::exists(path, unreachable);
}

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  constexpr auto kReadable = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator file(directory, kReadable, error);
  for (; file != fs::recursive_directory_iterator(); file.increment(error)) {
    std::error_code vanished;
    const bool is_ours = !file->path().filename().string().starts_with('.');  // not NFS's
    if (is_ours && fs::is_regular_file(file->symlink_status(vanished))) {
      files.push_back(file->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void delete_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw Error(ErrorKind::kIo, "delete " + path.string() + ": " + error.message());
}

// An entry, and the file beside it if there is one: they share a stem.
struct StoredEntry {
  fs::path path;  // empty if there is only the file
  std::vector<fs::path> files;

  std::int64_t size() const {
    std::int64_t size = 0;
    for (const fs::path& file : files) {
      std::error_code vanished;
      const auto bytes = fs::file_size(file, vanished);
      if (!vanished) size += static_cast<std::int64_t>(bytes);
    }
    return size;
  }
  // The entry first: without it the file is nobody's.
  void remove() const {
    if (!path.empty()) delete_file(path);
    for (const fs::path& file : files) delete_file(file);
  }
};

// All in the folder and those below, in one pass.
std::vector<StoredEntry> stored_below(const fs::path& folder) {
  std::map<fs::path, StoredEntry> by_stem;
  for (const fs::path& file : files_below(folder)) {
    StoredEntry& entry = by_stem[fs::path(file).replace_extension()];
    entry.files.push_back(file);
    if (file.extension() == kSuffix) entry.path = file;
  }
  std::vector<StoredEntry> stored;
  for (auto& [stem, entry] : by_stem) stored.push_back(std::move(entry));
  return stored;
}

// What is there of the entry whose place `path` is.
std::optional<StoredEntry> stored_at(const fs::path& path) {
  for (StoredEntry& stored : stored_below(path.parent_path())) {
    if (stored.files.front().stem() == path.stem()) return std::move(stored);
  }
  return std::nullopt;
}

bool has_no_entry(const StoredEntry& stored) { return stored.path.empty(); }

std::vector<StoredEntry> entries_below(const fs::path& folder) {
  std::vector<StoredEntry> stored = stored_below(folder);
  std::erase_if(stored, has_no_entry);
  return stored;
}

// Those that were not used for longest come first.
std::vector<StoredEntry> by_last_use(std::vector<StoredEntry> entries) {
  std::vector<std::pair<fs::file_time_type, StoredEntry>> dated;
  for (StoredEntry& entry : entries) {
    std::error_code vanished;
    const auto used = fs::last_write_time(entry.path, vanished);
    if (!vanished) dated.emplace_back(used, std::move(entry));
  }
  std::ranges::sort(dated, {},
                    [](const auto& entry) { return std::tie(entry.first, entry.second.path); });
  entries.clear();
  for (auto& [used, entry] : dated) entries.push_back(std::move(entry));
  return entries;
}

void add(DiskCache::Usage& usage, std::int64_t bytes) {
  usage.entries += 1;
  usage.bytes += bytes;
}

// Calls `remove` with one entry after the other until at most `max_bytes` remain; it says whether
// it did.
DiskCache::Collected shrink(const fs::path& folder, std::int64_t max_bytes,
                            const std::function<bool(const StoredEntry&)>& remove) {
  const std::vector<StoredEntry> entries = by_last_use(entries_below(folder));
  std::vector<std::int64_t> sizes;
  for (const StoredEntry& entry : entries) sizes.push_back(entry.size());
  std::int64_t left = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  DiskCache::Collected collected;
  for (std::size_t i = 0; i < entries.size() && left > max_bytes; ++i) {
    throw_if_interrupted();
    const bool is_deleted = remove(entries[i]);
    add(is_deleted ? collected.deleted : collected.in_use, sizes[i]);
    if (is_deleted) left -= sizes[i];
  }
  return collected;
}

// Whether the file could be written to again without its times telling: clocks of file systems, of
// network ones above all, may be so coarse.
bool is_young(const FileState& state) {
  using namespace std::chrono;
  const nanoseconds last(std::max(state.modified_ns, state.changed_ns));
  return system_clock::now().time_since_epoch() - last < seconds(2);
}

// The key's document in an entry's header, without reading its body; null if it is damaged.
Json key_in(const fs::path& path) {
  constexpr std::size_t kPrefix = kMagic.size() + sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t);
  std::ifstream file(path, std::ios::binary);
  std::string prefix(kPrefix, '\0');
  file.read(prefix.data(), kPrefix);
  std::string_view sizes = std::string_view(prefix).substr(kMagic.size() + sizeof(std::uint32_t));
  const auto header_size = take<std::uint64_t>(sizes);
  std::error_code error;
  if (!file || header_size > fs::file_size(path, error)) return nullptr;
  std::string header(header_size, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header_size));
  const Json json = parse_json_if_valid(header).value_or(nullptr);
  return json.is_object() ? json.value("key", Json()) : Json();
}

std::string stage_in(const fs::path& path) {
  const Json key = key_in(path);
  const auto stage = key.is_object() ? key.find("stage") : key.end();
  return stage != key.end() && stage->is_string() ? stage->get<std::string>() : "damaged";
}

bool is_locked(const fs::path& lock) {
  return PathLock::take(lock, PathLock::Kind::kShared).outcome() == PathLock::Outcome::kBusy;
}

// Whether the entry is a checkpoint of what is being computed: its key names that one's.
bool is_for_running(const fs::path& entry, const fs::path& locks) {
  const Json key = key_in(entry);
  return key.is_object() && std::ranges::any_of(key, [&](const Json& value) {
           return value.is_string() && is_locked(locks / value.get<std::string>());
         });
}

// Null too where the lock is another user's and not ours to take.
std::optional<FileLock> lock_if_free(const fs::path& path) {
  try {
    return FileLock::try_take(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Whether what is there differs from what was written. What cannot be read may be whole.
bool is_damaged(const fs::path& entry) {
  try {
    read_entry(entry);
    return false;
  } catch (const std::exception&) {
    const Error error = current_error();
    if (error.kind() == ErrorKind::kInterrupted) throw Error(error);
    if (error.kind() != ErrorKind::kIo) return is_there(entry);
    if (is_there(entry)) spdlog::warn("cache: {}: {}", entry.string(), error.what());
    return false;
  }
}

// To be called with the key's lock held, so that nobody is about to write the entry.
void remove_file_without_entry(const fs::path& entry) {
  const std::optional<StoredEntry> stored = stored_at(entry);
  if (stored && has_no_entry(*stored)) stored->remove();
}

bool remove_unless_in_use(const fs::path& entry, const fs::path& locks,
                          bool (*is_wanted)(const fs::path&)) {
  const auto key_lock = lock_if_free(locks / entry.stem());
  if (!key_lock || is_for_running(entry, locks)) return false;
  const PathLock use = PathLock::take(entry, PathLock::Kind::kExclusive);
  if (use.outcome() == PathLock::Outcome::kBusy || !is_wanted(entry)) return false;
  if (const auto stored = stored_at(entry)) stored->remove();
  return true;
}

// What versions before the first release left where they were killed.
void remove_old_temporaries(const fs::path& entries) {
  std::error_code error;
  fs::recursive_directory_iterator file(entries, error);
  for (; file != fs::recursive_directory_iterator(); file.increment(error)) {
    std::error_code ignored;
    const bool is_temporary = file->path().filename().string().starts_with(".tmp.");
    if (is_temporary && is_a_day_old(file->path())) fs::remove(file->path(), ignored);
  }
}

}  // namespace

DiskCache::DiskCache(fs::path directory) : directory_(std::move(directory)) {
  try {
    sweep();
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

bool DiskCache::is_at(const fs::path& directory) { return is_there(directory / "v1"); }

fs::path DiskCache::written_in(const fs::path& directory) { return directory / "v1" / "tmp"; }

fs::path DiskCache::root() const { return directory_ / "v1"; }

fs::path DiskCache::path_of(const CacheKey& key) const {
  return entries() / key.digest.substr(0, 2) / (key.digest + std::string(kSuffix));
}

bool DiskCache::contains(const CacheKey& key) const { return is_there(path_of(key)); }

std::optional<Entry> DiskCache::get(const CacheKey& key) {
  const fs::path path = path_of(key);
  if (!is_there(path)) return std::nullopt;
  try {
    PathLock use = PathLock::take(path, PathLock::Kind::kShared);
    const bool is_being_deleted =
        use.outcome() == PathLock::Outcome::kBusy || use.outcome() == PathLock::Outcome::kAbsent;
    if (is_being_deleted) return std::nullopt;
    Entry entry = read_entry(path);
    touch(path);  // the time of last use, for garbage collection
    if (!entry.file.empty()) entry.in_use = std::make_shared<PathLock>(std::move(use));
    return entry;
  } catch (const std::exception&) {
    const Error error = current_error();
    if (error.kind() == ErrorKind::kInterrupted) throw Error(error);
    spdlog::warn("cache: {}: {}; it is computed anew", path.string(), error.what());
    if (error.kind() != ErrorKind::kIo) remove_damaged(path);
    return std::nullopt;
  }
}

bool DiskCache::put(const CacheKey& key, const Entry& entry) {
  const Json header = {{"key", key.document}, {"info", entry.info}};
  try {
    write(path_of(key), pack(header, entry.bytes));
    return true;
  } catch (const Error& e) {
    warn_unwritable(e.what());
    return false;
  }
}

Entry DiskCache::put_file(const CacheKey& key, const std::string& suffix,
                          const std::function<Json(const fs::path&)>& write_it) {
  Entry entry;
  entry.file = path_of(key).replace_extension(suffix);
  Json header = {{"key", key.document}};
  const auto write_whole = [&](const fs::path& temporary) {
    header["info"] = entry.info = write_it(temporary);
    header["file"] = {{"name", entry.file.filename().string()},
                      {"size", fs::file_size(temporary)},
                      {"xxh3", file_checksum(temporary)}};
  };
  try {
    write_file_with(entry.file, write_whole, temporaries());
    write(path_of(key), pack(header, {}));
  } catch (...) {
    remove_file_without_entry(path_of(key));
    throw;
  }
  entry.in_use = std::make_shared<PathLock>(PathLock::take(path_of(key), PathLock::Kind::kShared));
  return entry;
}

void DiskCache::write(const fs::path& path, std::string_view bytes) const {
  tag();
  write_file(path, bytes, temporaries());
}

void DiskCache::tag() const {
  const fs::path path = directory_ / "CACHEDIR.TAG";
  if (!is_there(path)) write_file(path, kTag, temporaries());
}

void DiskCache::remove(const CacheKey& key) {
  const std::optional<StoredEntry> stored = stored_at(path_of(key));
  try {
    if (stored) stored->remove();
  } catch (const Error& e) {
    spdlog::warn("cache: {}", e.what());
  }
}

void DiskCache::remove_damaged(const fs::path& entry) {
  try {
    remove_unless_in_use(entry, locks(), is_damaged);
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

std::optional<FileLock> DiskCache::lock(const CacheKey& key, const Deadline& deadline) {
  try {
    return FileLock(locks() / key.digest, deadline);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kIo) throw;
    warn_unwritable(e.what());
    return std::nullopt;
  }
}

std::optional<FileLock> DiskCache::try_lock(const CacheKey& key) {
  std::optional<FileLock> lock = FileLock::try_take(locks() / key.digest);
  if (!lock || lock->is_held()) return lock;
  throw Error(ErrorKind::kIo,
              "cache " + directory_.string() +
                  ": its file system has no locks; choose another directory with --cache");
}

std::string DiskCache::content_hash(const OpenedFile& file, const Deadline& deadline) {
  const FileState& state = file.state();
  if (!file.has_name() || is_young(state)) return sha256_file(file, deadline);
  // Not the device: a network file system's number is another on each machine.
  const Json identity = {{"path", fs::absolute(file.path()).string()},
                         {"inode", state.inode},
                         {"size", state.size},
                         {"modified_ns", state.modified_ns},
                         {"changed_ns", state.changed_ns}};
  const CacheKey key = KeyBuilder("content", 3).add("file", identity).build();
  if (contains(key)) {
    if (const auto entry = get(key)) return entry->bytes;
  }
  std::string hash = sha256_file(file, deadline);
  file.expect_unchanged();
  put(key, {Json::object(), hash, {}});
  return hash;
}

Json DiskCache::history(const std::string& subject) const {
  const fs::path path = root() / "history" / (sha256(subject) + ".json");
  try {
    return is_there(path) ? parse_json(read_file(path), path.string(), ErrorKind::kInput)
                          : Json::object();
  } catch (const Error& e) {
    spdlog::debug("cache: {}; what ran before is not known", e.what());
    return Json::object();
  }
}

void DiskCache::remember(const std::string& subject, const Json& documents) {
  if (history(subject) == documents) return;
  try {
    write(root() / "history" / (sha256(subject) + ".json"), to_text(documents));
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

std::map<std::string, DiskCache::Usage> DiskCache::usage_by_stage() const {
  std::map<std::string, Usage> usage;
  for (const StoredEntry& entry : entries_below(entries())) {
    add(usage[stage_in(entry.path)], entry.size());
  }
  return usage;
}

std::vector<fs::path> DiskCache::verify(
    const std::function<void(std::size_t, std::size_t)>& on_entry) {
  std::vector<fs::path> damaged;
  const auto all = entries_below(entries());
  std::size_t read = 0;
  for (const StoredEntry& entry : all) {
    throw_if_interrupted();
    on_entry(read++, all.size());
    if (is_damaged(entry.path) && remove_unless_in_use(entry.path, locks(), is_damaged)) {
      damaged.push_back(entry.path);
    }
  }
  return damaged;
}

void DiskCache::sweep() {
  sweep_temporaries(temporaries());
  for (const fs::path& path : files_below(locks())) {
    const auto lock = lock_if_free(path);
    if (!lock || !lock->is_held()) continue;
    remove_file_without_entry(path_of({.document = {}, .digest = path.filename().string()}));
  }
}

DiskCache::Collected DiskCache::collect_garbage(std::int64_t max_bytes) {
  remove_old_temporaries(entries());
  for (const StoredEntry& stored : stored_below(entries())) {
    const fs::path& file = stored.files.front();
    const auto lock = has_no_entry(stored) ? lock_if_free(locks() / file.stem()) : std::nullopt;
    if (lock) remove_file_without_entry(file);
  }
  return shrink(entries(), max_bytes, [this](const StoredEntry& entry) {
    return remove_unless_in_use(entry.path, locks(), is_there);
  });
}

DiskCache::Usage DiskCache::garbage_beyond(std::int64_t max_bytes) const {
  return shrink(entries(), max_bytes, [](const StoredEntry&) { return true; }).deleted;
}

DiskCache::Collected DiskCache::clear() {
  const Collected collected = collect_garbage(-1);
  for (const fs::path& file : files_below(root() / "history")) delete_file(file);
  return collected;
}

void DiskCache::warn_unwritable(const std::string& why) {
  if (!warned_.exchange(true)) {
    spdlog::warn("cache: {}; results are not kept (choose another directory with --cache)", why);
  }
}

fs::path default_cache_directory() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? fs::path(value) : fs::path();
  };
  const fs::path xdg = variable("XDG_CACHE_HOME");
  if (xdg.is_absolute()) return xdg / "co2net";
  const fs::path home = variable("HOME");
  if (home.empty()) {
    throw Error(ErrorKind::kUsage,
                "neither XDG_CACHE_HOME nor HOME says where the cache is; name a folder with "
                "--cache, or leave it out with --no-cache");
  }
  return home / ".cache" / "co2net";
}

}  // namespace co2net
