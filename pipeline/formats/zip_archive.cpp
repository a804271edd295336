#include "pipeline/formats/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/foreign_file.h"

namespace co2net {
namespace {

constexpr std::uint64_t kFreeBytes = 64 << 20;
constexpr std::uint64_t kMaxRatio = 100;
// Deflate's blocks give at most 258 bytes for 2 bits.
constexpr std::uint64_t kMaxDeflateRatio = 1032;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kLocalSize = 30;
constexpr std::uint64_t kInZip64 = 0xffffffff;

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

// Little-endian fields of a record; a record that is not there is an error.
class Record {
 public:
  Record(std::string_view archive, std::uint64_t at, std::size_t size, const std::string& name)
      : name_(name) {
    if (at > archive.size() || archive.size() - at < size) damaged();
    bytes_ = archive.substr(at);
  }
  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    for (const char byte : text(at, size)) {
      value = value >> 8 | std::uint64_t{static_cast<unsigned char>(byte)} << 56;
    }
    return value >> (64 - 8 * size);
  }
  std::string_view text(std::size_t at, std::uint64_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) damaged();
    return bytes_.substr(at, size);
  }
  void expect(std::string_view signature) const {
    if (!bytes_.starts_with(signature)) damaged();
  }
  [[noreturn]] void damaged() const { bad(name_, "damaged zip archive"); }

 private:
  std::string_view bytes_;
  const std::string& name_;
};

struct Directory {
  std::uint64_t at = 0;
  std::uint64_t entries = 0;
};

// The archive ends with its end record, which a comment of up to 64 KiB may follow.
std::uint64_t find_end(std::string_view archive, const std::string& name) {
  constexpr std::size_t kLongestComment = 0xffff;
  for (std::size_t comment = 0; comment <= kLongestComment; ++comment) {
    if (archive.size() < kEndSize + comment) break;
    const std::uint64_t at = archive.size() - kEndSize - comment;
    const Record end(archive, at, kEndSize, name);
    if (end.text(0, 4) == "PK\5\6" && end.number(20, 2) == comment) return at;
  }
  if (archive.starts_with("PK"))
    bad(name, "a zip archive without its end; download or copy it again");
  bad(name, foreign_to_binary(archive, name).value_or("not a zip archive"));
}

Directory find_directory(std::string_view archive, const std::string& name) {
  const std::uint64_t end_at = find_end(archive, name);
  const Record end(archive, end_at, kEndSize, name);
  const Directory directory{end.number(16, 4), end.number(10, 2)};
  constexpr std::size_t kLocatorSize = 20;
  if (end_at < kLocatorSize) return directory;
  const Record locator(archive, end_at - kLocatorSize, kLocatorSize, name);
  if (locator.text(0, 4) != "PK\6\7") return directory;
  const Record end64(archive, locator.number(8, 8), 56, name);
  end64.expect("PK\6\6");
  return {end64.number(48, 8), end64.number(32, 8)};
}

struct Location {
  std::uint64_t size, compressed_size, local_at;
};

// ZIP64 keeps what does not fit in 32 bits in an extra field, in this order.
void widen(Location& location, const Record& record, std::size_t at, std::size_t size) {
  const std::size_t end = at + size;
  while (at + 4 <= end) {
    const std::uint64_t id = record.number(at, 2);
    const std::size_t field_end = at + 4 + record.number(at + 2, 2);
    at += 4;
    for (std::uint64_t* value : {&location.size, &location.compressed_size, &location.local_at}) {
      if (id != 1 || *value != kInZip64 || at + 8 > std::min(field_end, end)) continue;
      *value = record.number(at, 8);
      at += 8;
    }
    at = field_end;
  }
}

ZipArchive::Entry read_entry(std::string_view archive, const Record& record,
                             const std::string& archive_name) {
  record.expect("PK\1\2");
  const std::size_t name_size = record.number(28, 2);
  const std::size_t extra_size = record.number(30, 2);
  ZipArchive::Entry entry;
  entry.name = record.text(kEntrySize, name_size);
  const std::string name = archive_name + ":" + entry.name;
  Location location{record.number(24, 4), record.number(20, 4), record.number(42, 4)};
  record.text(kEntrySize + name_size, extra_size);
  widen(location, record, kEntrySize + name_size, extra_size);

  if ((record.number(8, 2) & 1) != 0) bad(name, "encrypted zip entries are not supported");
  const std::uint64_t method = record.number(10, 2);
  if (method != 0 && method != 8) {
    bad(name, "zip compression " + std::to_string(method) +
                  " is not supported; repack it, stored or deflated");
  }
  const Record local(archive, location.local_at, kLocalSize, archive_name);
  local.expect("PK\3\4");
  if (local.text(kLocalSize, local.number(26, 2)) != entry.name) local.damaged();
  entry.data =
      local.text(kLocalSize + local.number(26, 2) + local.number(28, 2), location.compressed_size);
  entry.deflated = method == 8;
  entry.size = location.size;
  entry.crc32 = static_cast<std::uint32_t>(record.number(16, 4));
  if (!entry.deflated && entry.size != entry.data.size()) local.damaged();
  return entry;
}

std::size_t total_size(const Record& entry) {
  return kEntrySize + entry.number(28, 2) + entry.number(30, 2) + entry.number(32, 2);
}

const Bytef* as_input(const char* data) { return reinterpret_cast<const Bytef*>(data); }

void expect_crc(std::string_view content, std::uint32_t want, const std::string& name) {
  if (::crc32_z(0, as_input(content.data()), content.size()) != want) {
    bad(name, "damaged: its checksum is wrong");
  }
}

class Inflater {
 public:
  Inflater() {
    if (::inflateInit2(&stream_, -MAX_WBITS) != Z_OK) {
      throw Error(ErrorKind::kInternal, "cannot start zlib");
    }
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { ::inflateEnd(&stream_); }

  // Whether `from` inflates to exactly `to`'s size. zlib counts what is at hand in 32 bits.
  bool inflate(std::string_view from, std::string& to) {
    constexpr std::size_t kMost = 1 << 30;
    std::size_t written = 0;
    char beyond = 0;
    stream_.next_in = const_cast<Bytef*>(as_input(from.data()));
    for (;;) {
      const std::size_t room = std::min(to.size() - written, kMost);
      const std::size_t given = std::min(from.size(), kMost);
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(room > 0 ? to.data() + written : &beyond);
      stream_.avail_out = static_cast<uInt>(room > 0 ? room : 1);
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      from.remove_prefix(given - stream_.avail_in);
      if (room > 0) written += room - stream_.avail_out;
      if (room == 0 && stream_.avail_out == 0) return false;  // longer than declared
      if (code == Z_STREAM_END) return written == to.size();
      if (code != Z_OK) return false;
    }
  }

 private:
  z_stream stream_{};
};

}  // namespace

ZipArchive::ZipArchive(std::string_view bytes, std::string name)
    : name_(std::move(name)), budget_(kFreeBytes + kMaxRatio * bytes.size()) {
  const Directory directory = find_directory(bytes, name_);
  std::uint64_t at = directory.at;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    const Record record(bytes, at, kEntrySize, name_);
    entries_.push_back(read_entry(bytes, record, name_));
    at += total_size(record);
    total += entries_.back().data.size();
    if (total > bytes.size()) bad(name_, "damaged zip archive: its entries overlap");
    if (!index_.emplace(entries_.back().name, i).second) {
      bad(name_, "two zip entries are named " + entries_.back().name);
    }
  }
}

const ZipArchive::Entry* ZipArchive::find(std::string_view name) const {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &entries_[at->second];
}

std::string ZipArchive::inflate(const Entry& entry) {
  const std::string name = name_ + ":" + entry.name;
  if (entry.size > budget_) {
    bad(name, "inflates to " + std::to_string(entry.size) +
                  " bytes, too many for the archive's size; repack it without compression");
  }
  if (entry.size > kMaxDeflateRatio * entry.data.size()) {
    bad(name, "damaged: " + std::to_string(entry.data.size()) + " bytes never inflate to " +
                  std::to_string(entry.size));
  }
  std::string content(entry.size, '\0');
  if (!Inflater().inflate(entry.data, content)) bad(name, "damaged zip entry");
  expect_crc(content, entry.crc32, name);
  budget_ -= entry.size;
  return content;
}

void ZipArchive::check(const Entry& entry) const {
  expect_crc(entry.data, entry.crc32, name_ + ":" + entry.name);
}

}  // namespace co2net
