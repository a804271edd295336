#include "pipeline/stages/disk_cache.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"

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
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    XXH3_64bits_update(state.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) throw Error(ErrorKind::kInput, "unreadable file " + path.filename().string());
  return XXH3_64bits_digest(state.get());
}

// Reads an entry and what lies beside it; throws Error if anything is not as it was written.
Entry read_entry(const fs::path& path) {
  Unpacked entry = unpack(read_file(path));
  Entry result{entry.header.at("info"), std::move(entry.body), {}};
  if (entry.header.contains("file")) {
    const Json& file = entry.header["file"];
    result.file = path.parent_path() / file.at("name").get<std::string>();
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

// Time of last use, for garbage collection; a cache that cannot be written keeps its times.
void touch(const fs::path& path) { ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

bool is_there(const fs::path& path) {
  std::error_code unreachable;
  return fs::exists(path, unreachable);
}

bool is_temporary(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_entry(const fs::path& path) { return path.extension() == kSuffix && !is_temporary(path); }

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code absent;
  for (const auto& file : fs::recursive_directory_iterator(directory, absent)) {
    if (file.is_regular_file(absent)) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// An entry, and the file beside it if there is one: they share a stem.
struct StoredEntry {
  fs::path path;
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
  void remove() const {
    std::error_code ignored;
    for (const fs::path& file : files) fs::remove(file, ignored);
  }
};

// All of them, in one pass over the folders.
std::vector<StoredEntry> stored_entries(const fs::path& root) {
  std::map<fs::path, StoredEntry> by_stem;
  for (const fs::path& file : files_below(root / "entries")) {
    if (is_temporary(file)) continue;
    StoredEntry& entry = by_stem[fs::path(file).replace_extension()];
    entry.files.push_back(file);
    if (is_entry(file)) entry.path = file;
  }
  std::vector<StoredEntry> entries;
  for (auto& [stem, entry] : by_stem) {
    if (!entry.path.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

// Deletes what killed writers left: temporaries, and files whose entry was never written. Those of
// writers at work are younger than a day.
void remove_leftovers(const fs::path& root) {
  const auto day_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (const fs::path& file : files_below(root / "entries")) {
    const bool complete =
        !is_temporary(file) && is_there(fs::path(file).replace_extension(kSuffix));
    std::error_code vanished;
    if (!complete && fs::last_write_time(file, vanished) < day_ago) fs::remove(file, vanished);
  }
}

void remove_entry(const fs::path& path) {
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(path.parent_path(), ignored)) {
    if (file.path().stem() == path.stem()) fs::remove(file.path(), ignored);
  }
}

// The entries to delete so that at most `max_bytes` remain.
std::vector<StoredEntry> least_recently_used_beyond(std::int64_t max_bytes, const fs::path& root) {
  struct Candidate {
    fs::file_time_type used;
    StoredEntry entry;
    std::int64_t bytes;
  };
  std::vector<Candidate> candidates;
  std::int64_t total = 0;
  for (StoredEntry& entry : stored_entries(root)) {
    std::error_code vanished;
    const auto used = fs::last_write_time(entry.path, vanished);
    if (vanished) continue;
    const std::int64_t bytes = entry.size();
    candidates.push_back({used, std::move(entry), bytes});
    total += bytes;
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.used, a.entry.path) < std::tie(b.used, b.entry.path);
  });
  std::vector<StoredEntry> garbage;
  for (Candidate& oldest : candidates) {
    if (total <= max_bytes) break;
    total -= oldest.bytes;
    garbage.push_back(std::move(oldest.entry));
  }
  return garbage;
}

DiskCache::Usage usage_of(const std::vector<StoredEntry>& entries) {
  DiskCache::Usage usage;
  for (const StoredEntry& entry : entries) {
    usage.entries += 1;
    usage.bytes += entry.size();
  }
  return usage;
}

// Whether the file could be written to again without its times telling: clocks of file systems, of
// network ones above all, may be so coarse.
bool is_young(const OpenedFile::State& state) {
  using namespace std::chrono;
  const nanoseconds last(std::max(state.modified_ns, state.changed_ns));
  return system_clock::now().time_since_epoch() - last < seconds(2);
}

// The stage in an entry's header, without reading its body.
std::string stage_of_entry(const fs::path& path) {
  constexpr std::size_t kPrefix = kMagic.size() + sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t);
  std::ifstream file(path, std::ios::binary);
  std::string prefix(kPrefix, '\0');
  file.read(prefix.data(), kPrefix);
  std::string_view sizes = std::string_view(prefix).substr(kMagic.size() + sizeof(std::uint32_t));
  const auto header_size = take<std::uint64_t>(sizes);
  std::error_code error;
  if (!file || header_size > fs::file_size(path, error)) return "damaged";
  std::string header(header_size, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header_size));
  const Json json = parse_json_if_valid(header).value_or(nullptr);
  return json.is_object() ? json.value(Json::json_pointer("/key/stage"), "damaged") : "damaged";
}

}  // namespace

DiskCache::DiskCache(fs::path directory) : directory_(std::move(directory)) {
  if (is_there(directory_ / "CACHEDIR.TAG")) return;
  try {
    write_file(directory_ / "CACHEDIR.TAG", kTag);
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

fs::path DiskCache::root() const { return directory_ / "v1"; }

fs::path DiskCache::path_of(const CacheKey& key) const {
  return root() / "entries" / key.digest.substr(0, 2) / (key.digest + std::string(kSuffix));
}

bool DiskCache::contains(const CacheKey& key) const { return is_there(path_of(key)); }

std::optional<Entry> DiskCache::get(const CacheKey& key) {
  const fs::path path = path_of(key);
  if (!is_there(path)) return std::nullopt;
  try {
    Entry entry = read_entry(path);
    touch(path);
    return entry;
  } catch (const std::exception& e) {
    spdlog::warn("cache: {}: {}; it is computed anew", path.string(), e.what());
    remove(key);
    return std::nullopt;
  }
}

void DiskCache::put(const CacheKey& key, const Entry& entry) {
  const Json header = {{"key", key.document}, {"info", entry.info}};
  try {
    write_file(path_of(key), pack(header, entry.bytes));
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

Entry DiskCache::put_file(const CacheKey& key, const std::string& suffix,
                          const std::function<Json(const fs::path&)>& write) {
  Entry entry;
  entry.file = path_of(key).replace_extension(suffix);
  write_file_with(entry.file, [&](const fs::path& temporary) { entry.info = write(temporary); });
  const Json header = {{"key", key.document},
                       {"info", entry.info},
                       {"file",
                        {{"name", entry.file.filename().string()},
                         {"size", fs::file_size(entry.file)},
                         {"xxh3", file_checksum(entry.file)}}}};
  write_file(path_of(key), pack(header, {}));
  return entry;
}

void DiskCache::remove(const CacheKey& key) { remove_entry(path_of(key)); }

std::optional<FileLock> DiskCache::lock(const CacheKey& key) {
  try {
    return FileLock(root() / "locks" / key.digest);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kIo) throw;
    warn_unwritable(e.what());
    return std::nullopt;
  }
}

std::string DiskCache::content_hash(const OpenedFile& file, const Deadline& deadline) {
  const OpenedFile::State& state = file.state();
  if (!file.has_name() || is_young(state)) return sha256_file(file, deadline);
  const Json identity = {{"path", fs::absolute(file.path()).string()},
                         {"device", state.device},
                         {"inode", state.inode},
                         {"size", state.size},
                         {"modified_ns", state.modified_ns},
                         {"changed_ns", state.changed_ns}};
  const CacheKey key = KeyBuilder("content", 2).add("file", identity).build();
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
    write_file(root() / "history" / (sha256(subject) + ".json"), to_text(documents));
  } catch (const Error& e) {
    warn_unwritable(e.what());
  }
}

std::map<std::string, DiskCache::Usage> DiskCache::usage_by_stage() const {
  std::map<std::string, Usage> usage;
  for (const StoredEntry& entry : stored_entries(root())) {
    Usage& stage = usage[stage_of_entry(entry.path)];
    stage.entries += 1;
    stage.bytes += entry.size();
  }
  return usage;
}

std::vector<fs::path> DiskCache::verify() {
  std::vector<fs::path> damaged;
  for (const StoredEntry& entry : stored_entries(root())) {
    try {
      read_entry(entry.path);
    } catch (const std::exception&) {
      entry.remove();
      damaged.push_back(entry.path);
    }
  }
  return damaged;
}

DiskCache::Usage DiskCache::collect_garbage(std::int64_t max_bytes) {
  remove_leftovers(root());
  const std::vector<StoredEntry> garbage = least_recently_used_beyond(max_bytes, root());
  const Usage usage = usage_of(garbage);
  for (const StoredEntry& entry : garbage) entry.remove();
  return usage;
}

DiskCache::Usage DiskCache::garbage_beyond(std::int64_t max_bytes) const {
  return usage_of(least_recently_used_beyond(max_bytes, root()));
}

void DiskCache::clear() {
  std::error_code error;
  fs::remove_all(root(), error);
  if (error) throw Error(ErrorKind::kIo, "clear " + root().string() + ": " + error.message());
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
  return home.empty() ? fs::temp_directory_path() / "co2net-cache" : home / ".cache" / "co2net";
}

}  // namespace co2net
