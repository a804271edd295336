#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pipeline/base/descriptor.h"

namespace co2net {

// A file's content, mapped for reading where it is a regular file: it takes no memory that the
// system cannot have back. Where somebody shortens the file meanwhile, zeros are read in place of
// what is gone; expect_unchanged() tells whether what was read before it can be relied on.
class MappedFile {
 public:
  // Throws Error(kIo).
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  std::string_view bytes() const { return bytes_; }
  // Gives a part's memory back to the system; it is read anew where it is used again.
  void release(std::string_view part) const;
  // Throws Error(kInput) if somebody wrote into the file after it was opened.
  void expect_unchanged() const;

 private:
  std::filesystem::path path_;
  std::string read_;  // where the file cannot be mapped
  std::string_view bytes_;
  Descriptor mapped_;  // none where the file is not
  FileState state_;    // when it was opened
};

}  // namespace co2net
