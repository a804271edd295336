#include "pipeline/datasets/classes_file.h"

#include <set>
#include <sstream>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"

namespace co2net {

std::vector<std::string> read_classes(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, path.string() + ": " + why);
  };
  constexpr std::string_view kSpaces = " \t\r";
  std::vector<std::string> classes;
  std::set<std::string> known;
  std::istringstream lines{std::string(without_byte_order_mark(read_file(path)))};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string::npos) continue;
    const std::string label = line.substr(begin, line.find_last_not_of(kSpaces) + 1 - begin);
    if (!is_utf8(label)) refuse("label " + std::to_string(classes.size() + 1) + " is not UTF-8");
    if (!known.insert(label).second) refuse("the label '" + label + "' is there twice");
    classes.push_back(label);
  }
  return classes;
}

}  // namespace co2net
