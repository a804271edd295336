#pragma once

#include <deque>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {

// A file to work on and the name under which its results appear.
struct Input {
  std::filesystem::path path;  // as given
  std::string id;
  bool is_part = false;  // of a file that holds several, by their ids
};

// For messages: the path, and the id where it names a part.
std::string place_of(const Input& input);

// Files by suffix, lower case, that are looked for in folders.
extern const std::vector<std::string> kVideoSuffixes;
bool is_video_name(const std::filesystem::path& path);

// The files that paths name, in order: files as they are (never judged by their suffix), folders
// searched recursively for `suffixes` (sorted; hidden files and folders skipped). A file named
// twice counts once. Throws Error(kUsage) for a folder that cannot be read.
std::vector<std::filesystem::path> files_at(const std::vector<std::filesystem::path>& paths,
                                            const std::vector<std::string>& suffixes);

// The same for a command's arguments, where "@list.txt" stands for what a list of paths names, "-"
// for one on `standard_input`. With `nul_separated`, paths in lists end with NUL instead of a line
// feed. Errors: as files_at() and PathList.
std::vector<std::filesystem::path> expand_inputs(const std::vector<std::string>& arguments,
                                                 const std::vector<std::string>& suffixes,
                                                 std::istream& standard_input, bool nul_separated);

// A file's name without suffix; an underscore leads it where it is empty or begins with a dot
// (after underscores, if any), so that it names a file that is seen and lies where it should.
std::string id_of(const std::filesystem::path& path);

// Gives every file its id: the name without suffix; names that collide become the path relative to
// the files' common parent, with its suffix, so that no result overwrites another, nor lies in
// another's folder; id_of()'s underscore leads each part of such a path. Ids are UTF-8: where a
// name is not, its bytes beyond ASCII become %XX.
std::vector<Input> with_ids(const std::vector<std::filesystem::path>& paths);
std::vector<std::string> ids_of(const std::vector<Input>& inputs);

// Whether a path is the folder or, links and ".." followed, below it; of what is there or not.
bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder);

// Throws Error(kUsage), naming the option that asks for it, if a result would take the place of an
// input, or of something in a folder that is one.
void expect_no_input_at(const std::filesystem::path& output, const std::vector<Input>& inputs,
                        const std::string& option = "-o");

// Paths that a list names, each as soon as it arrives: a line each, as as_text() takes lines, or up
// to the next NUL. Empty ones are passed over. Blanks at a line's end do not count, unless a file
// has a name with them. The stream must outlive the object.
class PathList {
 public:
  // `name` leads messages.
  PathList(std::istream& stream, bool nul_separated, std::string name);
  // Nothing at the end. While it waits, a signal ends the program at once. Throws Error(kUsage) for
  // a list that cannot be read or is no text, by its first line or by a NUL.
  std::optional<std::filesystem::path> next();

 private:
  void take(const std::string& part);

  std::istream& stream_;
  bool is_begun_ = false;
  bool nul_separated_;
  std::string name_;
  std::deque<std::filesystem::path> pending_;
};

// What is wrong with an input, even that it cannot be read, says nothing about the program or the
// other inputs: an Error of `read` leaves as kInput.
template <class Read>
auto read_input(Read read, const std::filesystem::path& path) {
  try {
    return read(path);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kInput, e.what());
  }
}

}  // namespace co2net
