#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/base/error.h"

namespace co2net {

// What comes in the place of the file that was wanted, whatever that is: a pointer of Git LFS, a
// web page or a server's error, a copy that is compressed, empty or broken off, text in UTF-16, or
// a file of another program. `bytes` are the file or its first kilobytes. Returns what it is and
// what to do, as "a Git LFS pointer, not the file itself; run 'git lfs pull' in its repository";
// nothing for every kind of file that the program reads, so that readers may ask before they read.
std::optional<std::string> foreign_kind(std::string_view bytes);

// The same for the reader of text, to which what the program reads elsewhere is foreign, too.
std::optional<std::string> foreign_to_text(std::string_view bytes);

// The same for the reader of a binary format that refused the file `name`: an empty one and all
// text are foreign to it.
std::optional<std::string> foreign_to_binary(std::string_view bytes, const std::string& name);

// The same by a file's beginning; nothing where that cannot be read or is no regular file's.
std::optional<std::string> foreign_to_binary(const std::filesystem::path& file);

// Runs `read`, which reads `bytes` as a binary format; where it refuses them and
// foreign_to_binary() knows what they are, the Error says that instead.
template <class Read>
auto naming_foreign(std::string_view bytes, const std::string& name, Read&& read) {
  try {
    return read();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    if (const auto kind = foreign_to_binary(bytes, name))
      throw Error(e.kind(), name + ": " + *kind);
    throw;
  }
}

}  // namespace co2net
