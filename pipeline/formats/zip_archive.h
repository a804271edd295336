#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// A zip archive in memory whose entries are read in place: libzip, which writes ours, cannot tell
// where an entry's bytes are. Entries are stored or deflated, ZIP64 or not; sizes are checked
// against the archive before memory is taken. Errors: Error(kInput), led by the archive's name.
class ZipArchive {
 public:
  struct Entry {
    std::string name;
    std::string_view data;  // as the archive holds it
    bool deflated = false;
    std::uint64_t size = 0;  // declared, after inflating; where it is stored, data's
    std::uint32_t crc32 = 0;
  };

  // `bytes` must outlive the archive and the entries' data.
  ZipArchive(std::string_view bytes, std::string name);

  const std::vector<Entry>& entries() const { return entries_; }  // in the directory's order
  const Entry* find(std::string_view name) const;                 // null if absent

  // A deflated entry's content, whose size and checksum are right. All calls together may give at
  // most 64 MiB plus 100 times the archive's size.
  std::string inflate(const Entry& entry);
  // Throws unless a stored entry has the checksum that the archive declares.
  void check(const Entry& entry) const;

 private:
  std::string name_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::uint64_t budget_;
};

}  // namespace co2net
