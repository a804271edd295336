#include "pipeline/base/inputs.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/foreign_file.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool has_suffix(const fs::path& path, const std::vector<std::string>& suffixes) {
  return std::ranges::count(suffixes, lower_case(path.extension().string())) > 0;
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

std::vector<fs::path> files_below(const fs::path& folder,
                                  const std::vector<std::string>& suffixes) {
  std::vector<fs::path> files;
  std::error_code error, ignored;
  const auto options = fs::directory_options::skip_permission_denied |
                       fs::directory_options::follow_directory_symlink;
  auto entry = fs::recursive_directory_iterator(folder, options, error);
  std::set<fs::path> entered = {fs::canonical(folder, ignored)};  // links may go in circles
  for (; entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const bool is_folder = entry->is_directory(ignored);
    if (is_hidden(path) || (is_folder && !entered.insert(fs::canonical(path, ignored)).second)) {
      entry.disable_recursion_pending();
      continue;
    }
    if (is_folder && ::access(path.c_str(), R_OK | X_OK) != 0) {
      spdlog::warn("folder {}: {}; what is in it is not among the inputs", path.string(),
                   std::strerror(errno));
    }
    const bool wanted = has_suffix(path, suffixes);
    // A link that leads nowhere is named, so that the video's absence is an error and not silence.
    const bool is_file = entry->is_regular_file(ignored) || !entry->exists(ignored);
    if (wanted && is_file) files.push_back(path);
  }
  if (error) {
    throw Error(ErrorKind::kUsage, "folder " + folder.string() + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

fs::path normal_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return (error ? path : absolute).lexically_normal();
}

// The longest directory that all paths are below; they are absolute.
fs::path common_parent(const std::vector<fs::path>& paths) {
  fs::path common = paths.front().parent_path();
  for (const fs::path& path : paths) {
    const auto ends = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    fs::path shared;
    for (auto part = common.begin(); part != ends.first; ++part) shared /= *part;
    common = shared;
  }
  return common;
}

std::string utf8(const std::string& name) {
  if (is_utf8(name)) return name;
  std::string encoded;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const char hex[] = {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    encoded += byte < 0x80 ? std::string(1, c) : std::string(hex, sizeof hex);
  }
  return encoded;
}

// A part of an id as the name of a file or folder that is neither hidden nor another folder. Names
// that differ stay so: another underscore leads those that this makes, too.
std::string visible(const std::string& name) {
  const std::size_t letter = name.find_first_not_of('_');
  const bool is_hidden_or_made = letter == std::string::npos ? name.empty() : name[letter] == '.';
  return is_hidden_or_made ? "_" + name : name;
}

std::string visible_path(const fs::path& relative) {
  fs::path path;
  for (const fs::path& part : relative) path /= visible(utf8(part.string()));
  return path.string();
}

// Blanks at the line's end are the name's own only if a file is called so.
std::string name_on(const std::string& line) {
  const std::string_view name = without_trailing_blanks(line);
  std::error_code unreachable;
  const bool is_own = name.size() < line.size() && fs::exists(line, unreachable);
  return is_own ? line : std::string(name);
}

}  // namespace

const std::vector<std::string> kVideoSuffixes = {
    ".3gp", ".asf",  ".avi", ".divx", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov",  ".mp4",
    ".mpe", ".mpeg", ".mpg", ".mts",  ".mxf", ".ogv", ".rm",   ".ts",  ".vob", ".webm", ".wmv"};

bool is_video_name(const fs::path& path) { return has_suffix(path, kVideoSuffixes); }

std::string place_of(const Input& input) {
  return input.path.string() + (input.is_part ? ": " + input.id : "");
}

PathList::PathList(std::istream& stream, bool nul_separated, std::string name)
    : stream_(stream), nul_separated_(nul_separated), name_(std::move(name)) {}

std::optional<fs::path> PathList::next() {
  const EndOnSignal waiting;
  while (pending_.empty()) {
    std::string part;
    if (!std::getline(stream_, part, nul_separated_ ? '\0' : '\n')) {
      if (stream_.bad()) throw Error(ErrorKind::kUsage, name_ + ": cannot be read");
      return std::nullopt;
    }
    take(part);
  }
  fs::path path = std::move(pending_.front());
  pending_.pop_front();
  return path;
}

void PathList::take(const std::string& part) {
  if (nul_separated_) {
    if (!part.empty()) pending_.emplace_back(part);
    return;
  }
  const auto foreign = std::exchange(is_begun_, true) ? std::nullopt : foreign_kind(part);
  if (foreign) throw Error(ErrorKind::kUsage, name_ + ": " + *foreign);
  if (part.find('\0') != std::string::npos) {
    throw Error(ErrorKind::kUsage,
                name_ +
                    ": has a NUL; give -0 if that ends its names, /dev/stdin if it is a "
                    "video itself, else save it as UTF-8");
  }
  for (const std::string& line : lines_of(with_line_feeds(part))) {
    const std::string name = name_on(line);
    if (!name.empty()) pending_.emplace_back(name);
  }
}

std::vector<fs::path> files_at(const std::vector<fs::path>& paths,
                               const std::vector<std::string>& suffixes) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& file) {
    if (seen.insert(normal_path(file)).second) files.push_back(file);
  };
  for (const fs::path& path : paths) {
    std::error_code unreachable;
    if (!fs::is_directory(path, unreachable)) {
      add(path);
      continue;
    }
    for (const fs::path& file : files_below(path, suffixes)) add(file);
  }
  return files;
}

std::vector<fs::path> expand_inputs(const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& suffixes,
                                    std::istream& standard_input, bool nul_separated) {
  std::vector<fs::path> paths;
  const auto add_list = [&](std::istream& stream, const std::string& name) {
    PathList list(stream, nul_separated, name);
    while (const auto path = list.next()) paths.push_back(*path);
  };
  const auto add_list_at = [&](const std::string& argument) {
    const std::string name = "the list " + argument.substr(1);
    const std::string remedy = "; a file whose own name begins with @ is given as ./" + argument;
    if (is_video_name(argument) || has_suffix(argument, suffixes)) {
      throw Error(ErrorKind::kUsage, argument + " stands for what " + name + " names" + remedy);
    }
    const EndOnSignal waiting;  // a pipe's other end may be open to nobody yet
    std::ifstream list(argument.substr(1), std::ios::binary);
    if (!list) throw Error(ErrorKind::kUsage, "cannot read " + name + remedy);
    add_list(list, name);
  };
  for (const std::string& argument : arguments) {
    if (argument == "-") {
      add_list(standard_input, "the list on standard input");
    } else if (argument.starts_with('@')) {
      add_list_at(argument);
    } else {
      paths.emplace_back(argument);
    }
  }
  return files_at(paths, suffixes);
}

std::string id_of(const fs::path& path) { return visible(utf8(path.stem().string())); }

std::vector<std::string> ids_of(const std::vector<Input>& inputs) {
  std::vector<std::string> ids;
  for (const Input& input : inputs) ids.push_back(input.id);
  return ids;
}

std::vector<Input> with_ids(const std::vector<fs::path>& paths) {
  if (paths.empty()) return {};
  std::vector<fs::path> normal;
  for (const fs::path& path : paths) normal.push_back(normal_path(path));
  const fs::path parent = common_parent(normal);
  std::vector<Input> inputs;
  for (const fs::path& path : paths) inputs.push_back({path, id_of(path)});
  // A relative path may be another file's stem ("a.mp4" and "a.mp4.mkv"), so look again.
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::string, int> uses;
    for (const Input& input : inputs) {
      for (fs::path id = input.id; !id.empty(); id = id.parent_path()) ++uses[id.string()];
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const std::string relative = visible_path(normal[i].lexically_relative(parent));
      if (uses[inputs[i].id] == 1 || inputs[i].id == relative) continue;
      inputs[i].id = relative;
      changed = true;
    }
  }
  return inputs;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code absent;
  const fs::path rest =
      fs::weakly_canonical(path, absent).lexically_relative(fs::weakly_canonical(folder, absent));
  return !rest.empty() && *rest.begin() != "..";
}

void expect_no_input_at(const fs::path& output, const std::vector<Input>& inputs,
                        const std::string& option) {
  std::error_code absent;
  const fs::path place = fs::weakly_canonical(output, absent);
  if (!fs::exists(place, absent)) return;
  for (const Input& input : inputs) {
    if (fs::equivalent(place, input.path, absent) || lies_in(place, input.path)) {
      throw Error(ErrorKind::kUsage, option + " would overwrite the input " + input.path.string() +
                                         "; choose another place");
    }
  }
}

}  // namespace co2net
